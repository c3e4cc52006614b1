/** Where the host's cgroup trees are mounted. */
export interface CgroupLayout {
  /** hybrid: v1 controllers with a cgroup2 tree beside them. none: no cgroup file system is mounted. */
  readonly kind: 'v1' | 'hybrid' | 'v2' | 'none';
  /** v1 hierarchies, one for each mount, by mount point. */
  readonly hierarchies: readonly CgroupHierarchy[];
  /** The cgroup2 tree of v2 or hybrid. */
  readonly unified?: { readonly mountPoint: string; readonly controllers: readonly string[] };
  /**
   * Names of limit files that a child cgroup of this kernel has: `memory.memsw.limit_in_bytes`, `blkio.bfq.weight`,
   * `io.weight`, … What is asked for and isn't here becomes a warning.
   */
  readonly files: ReadonlySet<string>;
  /** The engine's own parent, `/berth`: groups right under it have a parent whose cpuset (v1) is ours to fill. */
  readonly parent: string;
  /** v1: cpuset.cpus and cpuset.mems of the cpuset tree's root. */
  readonly cpuset: { readonly cpus: string; readonly mems: string };
}

export interface CgroupHierarchy {
  readonly mountPoint: string;
  /** `cpu`, `memory`, … or `name=systemd`. */
  readonly controllers: readonly string[];
}

export type CgroupMounts = Pick<CgroupLayout, 'kind' | 'hierarchies'> & { readonly unifiedMountPoint?: string };

/** Finds the cgroup trees in the text of /proc/self/mountinfo. A tree mounted twice counts where it was mounted first. */
export function parseCgroupMounts(mountinfo: string): CgroupMounts {
  const hierarchies: CgroupHierarchy[] = [];
  const seen = new Set<string>();
  let unifiedMountPoint: string | undefined;
  for (const line of mountinfo.split('\n')) {
    // 31 23 0:28 / /sys/fs/cgroup/cpu rw,… shared:9 - cgroup cgroup rw,cpu
    const [left, right] = line.split(' - ');
    const mountPoint = left?.split(' ')[4];
    const [type, , options] = right?.split(' ') ?? [];
    if (mountPoint === undefined) continue;
    if (type === 'cgroup2') unifiedMountPoint ??= unescape(mountPoint);
    if (type !== 'cgroup') continue;
    const controllers = (options ?? '').split(',').filter((word) => known.has(word) || word.startsWith('name='));
    if (controllers.length === 0 || seen.has(controllers.join())) continue;
    seen.add(controllers.join());
    hierarchies.push({ mountPoint: unescape(mountPoint), controllers });
  }
  const kind = hierarchies.length > 0
    ? (unifiedMountPoint === undefined ? 'v1' : 'hybrid')
    : unifiedMountPoint === undefined ? 'none' : 'v2';
  return { kind, hierarchies, ...(unifiedMountPoint !== undefined && { unifiedMountPoint }) };
}

const known = new Set([
  'cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids', 'net_cls', 'net_prio', 'perf_event', 'hugetlb',
  'rdma', 'misc',
]);

/** mountinfo writes blanks, tabs, newlines and backslashes as three octal digits. */
const unescape = (text: string): string => text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));

/** The directory of a group in the tree that carries a v1 controller. */
export function v1Directory(layout: CgroupLayout, controller: string, path: string): string | undefined {
  const hierarchy = layout.hierarchies.find(({ controllers }) => controllers.includes(controller));
  return hierarchy && hierarchy.mountPoint + path;
}

/** Every directory of a group, one in each tree. */
export function groupDirectories(layout: CgroupLayout, path: string): string[] {
  const trees = layout.hierarchies.map(({ mountPoint }) => mountPoint);
  if (layout.unified) trees.push(layout.unified.mountPoint);
  return trees.map((tree) => tree + path);
}

/** `/a/b/c` → `/a`, `/a/b`, `/a/b/c`. */
export function levels(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}
