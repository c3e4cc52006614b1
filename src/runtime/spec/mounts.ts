import type { OciMount } from '../../model/oci.ts';
import type { MountRequest, SpecRequest } from './request.ts';

const defaultShmSize = 64 * 1024 * 1024;

/** The file systems that every container has, Docker's options, parents first. */
function defaultMounts(request: SpecRequest): OciMount[] {
  const privileged = request.privileged;
  const ro = privileged ? [] : ['ro'];
  const shm: OciMount = request.shmSource === undefined
    ? {
        destination: '/dev/shm', type: 'tmpfs', source: 'shm',
        options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${request.shmSize || defaultShmSize}`],
      }
    : { destination: '/dev/shm', type: 'bind', source: request.shmSource, options: ['rbind', 'rprivate'] };
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
    {
      destination: '/dev/pts', type: 'devpts', source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', ...ro] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...ro, 'nosuid', 'noexec', 'nodev'] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
    ...(request.noShm ? [] : [shm]),
  ];
}

const stayWritable = new Set(['/proc', '/dev', '/dev/pts', '/dev/mqueue', '/dev/shm']);

/** Defaults, less what the user mounts there himself; then the user's, parents first. */
export function buildMounts(request: SpecRequest): OciMount[] {
  const own = new Set(request.mounts.map((mount) => clean(mount.target)));
  const defaults = defaultMounts(request)
    .filter((mount) => !own.has(mount.destination))
    .filter((mount) => !(own.has('/dev') && mount.destination.startsWith('/dev/')))
    .filter((mount) => !(own.has('/sys') && mount.destination.startsWith('/sys/')))
    .map((mount) =>
      request.root.readonly && !stayWritable.has(mount.destination) && !mount.options?.includes('ro')
        ? { ...mount, options: [...(mount.options ?? []), 'ro'] }
        : mount,
    );
  const users = parentsFirst(request.mounts).map((mount) => (mount.kind === 'bind' ? bindMount(mount) : tmpfsMount(mount)));
  return [...defaults, ...users];
}

/** So that no mount hides another. */
export function parentsFirst<T extends MountRequest>(mounts: readonly T[]): T[] {
  const depth = (mount: MountRequest): number => clean(mount.target).split('/').length;
  return mounts.toSorted((a, b) => depth(a) - depth(b));
}

/** An option of our own among a bind's; the OCI spec has no word for it. */
export const subpathOption = 'x-berth.subpath=';

export function bindMount(mount: Extract<MountRequest, { kind: 'bind' }>): OciMount {
  return {
    destination: clean(mount.target),
    type: 'bind',
    source: mount.source,
    options: [
      mount.nonRecursive ? 'bind' : 'rbind',
      mount.propagation ?? 'rprivate',
      ...(mount.subpath === undefined ? [] : [`${subpathOption}${mount.subpath}`]),
      // A plain `ro` leaves the submounts below writable; `rro` reaches them too.
      ...(mount.readonly ? [mount.nonRecursive || mount.nonRecursiveReadonly ? 'ro' : 'rro'] : []),
    ],
  };
}

const opposites: Readonly<Record<string, string>> = {
  exec: 'noexec', suid: 'nosuid', dev: 'nodev', noexec: 'exec', nosuid: 'suid', nodev: 'dev', ro: 'rw', rw: 'ro',
};

function tmpfsMount(mount: Extract<MountRequest, { kind: 'tmpfs' }>): OciMount {
  const options = ['noexec', 'nosuid', 'nodev'];
  for (const option of mount.options) {
    const against = opposites[option];
    if (against !== undefined && options.includes(against)) options.splice(options.indexOf(against), 1);
    if (!options.includes(option)) options.push(option);
  }
  return { destination: clean(mount.target), type: 'tmpfs', source: 'tmpfs', options };
}

/** A path without a trailing slash, doubled slashes or `.`; `..` is left for validation to refuse. */
export function clean(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return `/${parts.join('/')}`;
}
