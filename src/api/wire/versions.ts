/**
 * What an answer looked like in older versions of the API. The wire modules write the newest shape; a client that asks
 * by an older version gets the fields that it knows. Source: the Engine API's version history, 1.24 to 1.51.
 */
export type Shape = 'container' | 'container-row' | 'image' | 'image-row' | 'network' | 'info';

/** A field that came with a version, or was there before one; in its path `*` stands for every key. */
type Change =
  | { readonly path: string; readonly since: string }
  | { readonly path: string; readonly before: string; readonly was: (parent: Fields) => unknown;
    /** Instead of what the newest shape says there. */
    readonly replaces?: boolean };

type Fields = Record<string, unknown>;

const endpointChanges: readonly Change[] = [
  // All names but the container's own were its aliases.
  { path: 'NetworkSettings.Networks.*.Aliases', before: '1.45', replaces: true,
    was: ({ DNSNames, Aliases }) => (Array.isArray(DNSNames) ? DNSNames.slice(1) : Aliases) },
  { path: 'NetworkSettings.Networks.*.DNSNames', since: '1.44' },
  { path: 'NetworkSettings.Networks.*.GwPriority', since: '1.48' },
];

/** What a container's configuration has and an image's hasn't: it was in the same structure. */
const emptyConfig: Readonly<Fields> = {
  Hostname: '', Domainname: '', AttachStdin: false, AttachStdout: false, AttachStderr: false, Tty: false,
  OpenStdin: false, StdinOnce: false, Image: '',
};
const noConfig: Readonly<Fields> = {
  ...emptyConfig, User: '', Env: null, Cmd: null, Volumes: null, WorkingDir: '', Entrypoint: null, OnBuild: null, Labels: null,
};

const hasNames = (names: unknown): boolean => Array.isArray(names) && names.length > 0;

const changes: Readonly<Record<Shape, readonly Change[]>> = {
  container: [
    ...endpointChanges,
    { path: 'HostConfig.KernelMemory', before: '1.42', was: () => 0 },
    { path: 'HostConfig.KernelMemoryTCP', before: '1.42', was: () => 0 },
    { path: 'HostConfig.Annotations', since: '1.43' },
  ],
  'container-row': [...endpointChanges, { path: 'HostConfig.Annotations', since: '1.46' }],
  image: [
    { path: 'VirtualSize', before: '1.44', was: ({ Size }) => Size },
    { path: 'Container', before: '1.45', was: () => '' },
    // Gone since 1.45; but docker-compose 1.29 asks by the newest version and can't recreate a container without it.
    { path: 'ContainerConfig', before: '1.52', was: () => noConfig },
    ...Object.entries(emptyConfig).map(([name, value]): Change => ({ path: `Config.${name}`, before: '1.50', was: () => value })),
  ],
  'image-row': [
    { path: 'VirtualSize', before: '1.44', was: ({ Size }) => Size },
    // Until 1.50 it was only counted for `system df`.
    { path: 'Containers', before: '1.51', was: () => -1, replaces: true },
    { path: 'RepoDigests', before: '1.43', was: ({ RepoTags, RepoDigests }) => (hasNames(RepoTags) || hasNames(RepoDigests) ? RepoDigests : ['<none>@<none>']),
      replaces: true },
    { path: 'RepoTags', before: '1.43', was: ({ RepoTags }) => (hasNames(RepoTags) ? RepoTags : ['<none>:<none>']), replaces: true },
  ],
  network: [{ path: 'EnableIPv4', since: '1.48' }],
  info: [
    { path: 'BridgeNfIptables', before: '1.50', was: () => true },
    { path: 'BridgeNfIp6tables', before: '1.50', was: () => true },
    { path: 'RegistryConfig.AllowNondistributableArtifactsCIDRs', before: '1.49', was: () => [] },
    { path: 'RegistryConfig.AllowNondistributableArtifactsHostnames', before: '1.49', was: () => [] },
    { path: 'FirewallBackend', since: '1.49' },
    { path: 'DiscoveredDevices', since: '1.50' },
    { path: 'CDISpecDirs', since: '1.44' },
  ],
};

/** `1.9` is older than `1.10`. */
export function isOlder(version: string, than: string): boolean {
  const number = (text: string): number => {
    const [major = 0, minor = 0] = text.split('.').map(Number);
    return major * 1000 + minor;
  };
  return number(version) < number(than);
}

/** The body as a client of that version knows it. Fields that are there already keep their value. */
export function inVersion<T extends object>(shape: Shape, body: T, version: string): T {
  return changes[shape].reduce<Fields>((fields, change) => {
    const path = change.path.split('.');
    if ('since' in change) return isOlder(version, change.since) ? without(fields, path) : fields;
    return isOlder(version, change.before) ? withField(fields, path, change.was, change.replaces === true) : fields;
  }, { ...body } as Fields) as T;
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

function without(fields: Fields, [first = '', ...rest]: readonly string[]): Fields {
  if (rest.length === 0) return Object.fromEntries(Object.entries(fields).filter(([key]) => key !== first));
  return inside(fields, first, (child) => without(child, rest));
}

function withField(fields: Fields, [first = '', ...rest]: readonly string[], was: (parent: Fields) => unknown, replaces: boolean): Fields {
  if (rest.length === 0) return first in fields && !replaces ? fields : { ...fields, [first]: was(fields) };
  return inside(fields, first, (child) => withField(child, rest, was, replaces));
}

const inside = (fields: Fields, key: string, change: (child: Fields) => Fields): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, child]) => [name, (key === '*' || key === name) && isFields(child) ? change(child) : child]));
