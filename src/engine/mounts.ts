import { posix } from 'node:path';
import { invalid } from '../model/errors.ts';
import type { HostConfig, MountRequest } from '../model/host-config.ts';

/** A mount as asked for, whichever way it was said (`-v`, `--mount`, `--tmpfs`, an image's VOLUME). */
export interface MountWish {
  readonly type: 'bind' | 'volume' | 'tmpfs';
  /** A host path (bind) or a volume's name; '' for an anonymous volume and a tmpfs. */
  readonly source: string;
  readonly destination: string;
  readonly mode: string;
  readonly readWrite: boolean;
  readonly propagation: string;
  readonly nonRecursive?: boolean;
  readonly nonRecursiveReadonly?: boolean;
  /** A volume without a name of its own, of another container. */
  readonly anonymous?: boolean;
  /** `--mount` refuses a source that isn't there, `-v` makes it. */
  readonly createSource: boolean;
  readonly noCopy?: boolean;
  readonly labels?: Record<string, string>;
  readonly driver?: string;
  readonly driverOptions?: Record<string, string>;
  readonly subpath?: string;
  readonly tmpfsOptions?: readonly string[];
  readonly unlisted?: boolean;
}

const propagations = new Set(['private', 'rprivate', 'slave', 'rslave', 'shared', 'rshared']);
const consistencies = new Set(['consistent', 'cached', 'delegated', 'default']);
const volumeName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** `before`: what the message begins with, in Docker's words. */
function checkDestination(path: string, before: string): string {
  if (!path.startsWith('/')) throw invalid(`${before}: invalid mount path: '${path}' mount path must be absolute`);
  const clean = posix.normalize(path).replace(/(.)\/$/, '$1');
  if (clean === '/') throw invalid(`${before}: invalid specification: destination can't be '/'`);
  return clean;
}

const badVolume = (text: string, type: string): string =>
  `invalid volume specification: '${text}': invalid mount config for type "${type}"`;

/** `SOURCE:DESTINATION[:MODE]` of `-v`, or a destination alone. */
export function parseBind(text: string): MountWish {
  const parts = text.split(':');
  if (parts.length > 3 || parts.some((part, index) => part === '' && index < 2))
    throw invalid(`invalid volume specification: '${text}'`);
  if (parts.length === 1) return anonymous(checkDestination(parts[0] ?? '', badVolume(text, 'volume')));
  const [source = '', target = '', mode = ''] = parts;
  const isBind = source.startsWith('/');
  if (!isBind && !volumeName.test(source)) {
    throw invalid(
      `create ${source}: "${source}" includes invalid characters for a local volume name, ` +
        'only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. ' +
        'If you intended to pass a host directory, use absolute path',
    );
  }
  const destination = checkDestination(target, badVolume(text, isBind ? 'bind' : 'volume'));
  let readWrite = true;
  let propagation = isBind ? 'rprivate' : '';
  let noCopy = false;
  let accessSaid = false;
  for (const word of mode === '' ? [] : mode.split(',')) {
    if (word === 'ro' || word === 'rw') {
      if (accessSaid) throw invalid(`invalid mode: ${mode}`);
      accessSaid = true;
      readWrite = word === 'rw';
    } else if (propagations.has(word)) {
      if (!isBind) throw invalid(`invalid volume specification: '${text}': invalid mode: ${mode}`);
      propagation = word;
    } else if (word === 'nocopy' && !isBind) noCopy = true;
    else if (word !== 'z' && word !== 'Z' && !consistencies.has(word)) throw invalid(`invalid mode: ${mode}`);
  }
  return {
    type: isBind ? 'bind' : 'volume',
    source: isBind ? posix.normalize(source) : source,
    destination,
    mode: mode || (isBind ? '' : 'z'),
    readWrite,
    propagation,
    createSource: true,
    ...(noCopy ? { noCopy } : {}),
  };
}

function anonymous(destination: string): MountWish {
  return { type: 'volume', source: '', destination, mode: '', readWrite: true, propagation: '', createSource: true };
}

/** One entry of HostConfig.Mounts (`--mount`). */
export function parseMount(mount: MountRequest): MountWish {
  const bad = (why: string): Error => invalid(`invalid mount config for type "${mount.Type ?? ''}": ${why}`);
  if (!mount.Target) throw bad('field Target must not be empty');
  const destination = checkDestination(mount.Target, `invalid mount config for type "${mount.Type ?? ''}"`);
  const common = { destination, mode: '', readWrite: !mount.ReadOnly, createSource: false };
  switch (mount.Type) {
    case 'bind': {
      if (!mount.Source) throw bad('field Source must not be empty');
      if (!mount.Source.startsWith('/')) throw bad(`invalid mount path: '${mount.Source}' mount path must be absolute`);
      if (mount.VolumeOptions) throw bad('field VolumeOptions must not be specified');
      if (mount.TmpfsOptions) throw bad('field TmpfsOptions must not be specified');
      const propagation = mount.BindOptions?.Propagation || 'rprivate';
      if (!propagations.has(propagation)) throw bad(`invalid propagation mode: ${propagation}`);
      const options = mount.BindOptions;
      const { ReadOnlyNonRecursive: shallow, ReadOnlyForceRecursive: forced, NonRecursive: single } = options ?? {};
      if ((shallow || forced) && !mount.ReadOnly) {
        throw bad(`${shallow ? 'ReadOnlyNonRecursive' : 'ReadOnlyForceRecursive'} requires ReadOnly`);
      }
      if (forced && (shallow || single)) {
        throw bad(`ReadOnlyForceRecursive conflicts with ${shallow ? 'ReadOnlyNonRecursive' : 'NonRecursive'}`);
      }
      if (forced && propagation !== 'rprivate') throw bad('ReadOnlyForceRecursive requires Propagation to be rprivate');
      return {
        ...common,
        type: 'bind',
        source: posix.normalize(mount.Source),
        propagation,
        createSource: mount.BindOptions?.CreateMountpoint === true,
        ...(mount.BindOptions?.NonRecursive ? { nonRecursive: true } : {}),
        ...(mount.BindOptions?.ReadOnlyNonRecursive ? { nonRecursiveReadonly: true } : {}),
      };
    }
    case 'volume': {
      if (mount.BindOptions) throw bad('field BindOptions must not be specified');
      if (mount.TmpfsOptions) throw bad('field TmpfsOptions must not be specified');
      const source = mount.Source ?? '';
      if (source !== '' && !volumeName.test(source)) throw bad(`invalid volume name: '${source}'`);
      const subpath = mount.VolumeOptions?.Subpath;
      if (subpath && (subpath.startsWith('/') || subpath.split('/').includes('..'))) {
        throw bad(`invalid subpath: '${subpath}' must be a relative path within the volume`);
      }
      return {
        ...common,
        type: 'volume',
        source,
        propagation: '',
        mode: 'z',
        createSource: true,
        ...(mount.VolumeOptions?.NoCopy ? { noCopy: true } : {}),
        ...(mount.VolumeOptions?.Labels ? { labels: mount.VolumeOptions.Labels } : {}),
        ...(mount.VolumeOptions?.DriverConfig?.Name ? { driver: mount.VolumeOptions.DriverConfig.Name } : {}),
        ...(mount.VolumeOptions?.DriverConfig?.Options
          ? { driverOptions: mount.VolumeOptions.DriverConfig.Options }
          : {}),
        ...(subpath ? { subpath } : {}),
      };
    }
    case 'tmpfs': {
      if (mount.Source) throw bad('field Source must not be specified');
      if (mount.BindOptions) throw bad('field BindOptions must not be specified');
      const options = mount.TmpfsOptions;
      return {
        ...common,
        type: 'tmpfs',
        source: '',
        propagation: '',
        tmpfsOptions: [
          ...(mount.ReadOnly ? ['ro'] : []),
          ...(options?.SizeBytes ? [`size=${options.SizeBytes}`] : []),
          ...(options?.Mode ? [`mode=${options.Mode.toString(8)}`] : []),
          ...(options?.Options ?? []).map((words) => words.join('=')),
        ],
      };
    }
    default:
      throw invalid(`invalid mount config for type "${mount.Type ?? ''}": mount type unknown`);
  }
}

/**
 * Everything the user and the image want mounted; a destination twice is refused unless the second is an image's or
 * config's plain volume, which gives way. `from`: what `--volumes-from` brings.
 */
export function mountWishes(
  hostConfig: Pick<HostConfig, 'Binds' | 'Mounts' | 'Tmpfs'>,
  volumes: Readonly<Record<string, object>> | null,
  from: readonly MountWish[],
): MountWish[] {
  const byDestination = new Map<string, MountWish>();
  for (const wish of from) byDestination.set(wish.destination, wish);
  const own = new Set<string>();
  const add = (wish: MountWish): void => {
    if (own.has(wish.destination)) throw invalid(`Duplicate mount point: ${wish.destination}`);
    own.add(wish.destination);
    byDestination.set(wish.destination, wish);
  };
  for (const bind of hostConfig.Binds ?? []) add(parseBind(bind));
  for (const mount of hostConfig.Mounts ?? []) add(parseMount(mount));
  for (const [target, options] of Object.entries(hostConfig.Tmpfs ?? {})) {
    add({
      type: 'tmpfs',
      source: '',
      destination: checkDestination(target, `invalid volume specification: '${target}'`),
      mode: '',
      readWrite: true,
      propagation: '',
      createSource: false,
      tmpfsOptions: options.split(',').filter(Boolean),
      unlisted: true,
    });
  }
  for (const target of Object.keys(volumes ?? {})) {
    const wish = parseBind(target);
    if (!byDestination.has(wish.destination)) byDestination.set(wish.destination, wish);
  }
  return [...byDestination.values()];
}
