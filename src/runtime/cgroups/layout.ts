export type CgroupController =
  | 'cpu' | 'cpuacct' | 'cpuset' | 'memory' | 'devices' | 'freezer' | 'blkio' | 'pids' | 'net_cls' | 'net_prio'
  | 'perf_event' | 'hugetlb' | 'rdma' | 'misc' | 'io';

/** Where the host's cgroup trees are mounted. */
export interface CgroupLayout {
  /** hybrid: v1 controllers with a cgroup2 tree beside them. none: no cgroup file system is mounted. */
  readonly kind: 'v1' | 'hybrid' | 'v2' | 'none';
  /** v1 hierarchies that take part: one mount each, with the controllers (or `name=systemd`) that it carries. */
  readonly hierarchies: readonly CgroupHierarchy[];
  /** The cgroup2 tree of v2 or hybrid. */
  readonly unified?: {
    readonly mountPoint: string;
    /** cgroup.controllers of its root. */
    readonly controllers: readonly string[];
  };
  /**
   * Names of limit files that a child cgroup of this kernel has: `memory.memsw.limit_in_bytes`, `blkio.bfq.weight`,
   * `io.weight`, … What is asked for and isn't here becomes a warning.
   */
  readonly files: ReadonlySet<string>;
}

export interface CgroupHierarchy {
  readonly mountPoint: string;
  readonly controllers: readonly string[];
}
