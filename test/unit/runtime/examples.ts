import type { CgroupLayout } from '../../../src/runtime/cgroups.ts';
import type { HostFacts } from '../../../src/runtime/host-facts.ts';
import type { Placement } from '../../../src/runtime/placement.ts';
import type { SpecRequest } from '../../../src/runtime/spec/build.ts';

const v1Files = [
  'memory.limit_in_bytes', 'memory.memsw.limit_in_bytes', 'memory.soft_limit_in_bytes', 'memory.swappiness', 'memory.oom_control',
  'cpu.shares', 'cpu.cfs_quota_us', 'cpu.cfs_period_us', 'cpuset.cpus', 'cpuset.mems', 'pids.max', 'blkio.bfq.weight',
  'blkio.throttle.read_bps_device', 'blkio.throttle.write_bps_device', 'blkio.throttle.read_iops_device',
  'blkio.throttle.write_iops_device', 'net_cls.classid',
];
const v2Files = [
  'memory.max', 'memory.swap.max', 'memory.low', 'cpu.weight', 'cpu.max', 'cpuset.cpus', 'cpuset.mems', 'pids.max', 'io.max', 'io.weight',
];
const hierarchies = [
  { mountPoint: '/sys/fs/cgroup/cpu,cpuacct', controllers: ['cpu', 'cpuacct'] },
  ...['cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids'].map((name) => ({ mountPoint: `/sys/fs/cgroup/${name}`, controllers: [name] })),
  { mountPoint: '/sys/fs/cgroup/systemd', controllers: ['name=systemd'] },
];
const common = { parent: '/berth', cpuset: { cpus: '0-3', mems: '0' } };

export const layouts: Readonly<Record<'v1' | 'hybrid' | 'v2', CgroupLayout>> = {
  v1: { kind: 'v1', hierarchies, files: new Set(v1Files), ...common },
  hybrid: {
    kind: 'hybrid', hierarchies, files: new Set(v1Files), ...common,
    unified: { mountPoint: '/sys/fs/cgroup/unified', controllers: ['hugetlb'] },
  },
  v2: {
    kind: 'v2', hierarchies: [], files: new Set(v2Files), ...common,
    unified: { mountPoint: '/sys/fs/cgroup', controllers: ['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids'] },
  },
};

export const hostOf = (cgroups: CgroupLayout): HostFacts => ({
  architecture: 'x86_64', kernel: [6, 18], cpus: [0, 1, 2, 3], memoryNodes: [0], capabilities: (1n << 41n) - 1n, hardLimits: {}, cgroups,
});

export const host = hostOf(layouts.hybrid);

export const request = (more: Partial<SpecRequest> = {}): SpecRequest => ({
  id: 'abc', root: { path: '/data/containers/abc/rootfs', readonly: false },
  process: {
    args: ['sh'], env: ['PATH=/bin'], cwd: '/', user: { uid: 0, gid: 0, additionalGids: [] }, tty: false, noNewPrivileges: false, rlimits: [],
  },
  hostname: 'abc', mounts: [],
  namespaces: { network: { mode: 'private' }, pid: { mode: 'private' }, ipc: { mode: 'private' }, uts: { mode: 'private' } },
  resources: {}, privileged: false, capAdd: [], capDrop: [], seccomp: 'default', sysctls: {}, devices: [], cgroupsPath: '/berth/abc',
  ...more,
});

export const placement = (cgroups: CgroupLayout): Placement => ({
  id: 'abc',
  keeper: {
    socket: '/run/keepers/abc.sock', log: '/data/containers/abc/log', logMaxSize: 1000, logMaxFiles: 2, exitFile: '/data/containers/abc/exit.json',
    openStdin: false, stdinOnce: false,
  },
  cgroups,
  overlay: { cwd: '/data/layers', lower: ['top', 'base'], upper: '/data/containers/abc/upper', work: '/data/containers/abc/work' },
});
