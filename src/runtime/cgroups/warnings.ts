import type { Resources } from '../../model/host-config.ts';
import type { CgroupLayout } from './layout.ts';

/** A wish that some hosts can't hold: what says that it was made, where it is kept, and what Docker says of it. */
interface Rule {
  readonly wished: (asked: Partial<Resources>) => unknown;
  readonly held: (has: (v1File: string, v2File?: string) => boolean) => boolean;
  /** What is recorded in its place. */
  readonly instead: Partial<Resources>;
  readonly words: string;
}

const lacking = (what: string, discarded: string): string =>
  `Your kernel does not support ${what} or the cgroup is not mounted. ${discarded} discarded.`;

const weights = ['blkio.weight', 'blkio.bfq.weight', 'io.weight', 'io.bfq.weight'];

const throttle = (
  field: 'BlkioDeviceReadBps' | 'BlkioDeviceWriteBps' | 'BlkioDeviceReadIOps' | 'BlkioDeviceWriteIOps',
  file: string,
  what: string,
  discarded: string,
): Rule => ({
  wished: (asked) => asked[field]?.length,
  held: (has) => has(`blkio.throttle.${file}`, 'io.max'),
  instead: { [field]: null },
  words: lacking(what, discarded),
});

const rules: readonly Rule[] = [
  {
    wished: ({ Memory: memory }) => memory,
    held: (has) => has('memory.limit_in_bytes', 'memory.max'),
    instead: { Memory: 0, MemorySwap: -1 },
    words: lacking('memory limit capabilities', 'Limitation'),
  },
  {
    wished: ({ Memory: memory, MemorySwap: swap }) => memory && swap !== -1,
    held: (has) => !has('memory.limit_in_bytes', 'memory.max') || has('memory.memsw.limit_in_bytes', 'memory.swap.max'),
    instead: { MemorySwap: -1 },
    words:
      'Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.',
  },
  {
    wished: ({ MemorySwappiness: swappiness }) => (swappiness ?? -1) !== -1,
    held: (has) => has('memory.swappiness'),
    instead: { MemorySwappiness: null },
    words: lacking('memory swappiness capabilities', 'Memory swappiness'),
  },
  {
    wished: ({ MemoryReservation: reservation }) => reservation,
    held: (has) => has('memory.soft_limit_in_bytes', 'memory.low'),
    instead: { MemoryReservation: 0 },
    words: lacking('memory soft limit capabilities', 'Limitation'),
  },
  {
    wished: ({ OomKillDisable: disable }) => disable,
    held: (has) => has('memory.oom_control'),
    instead: { OomKillDisable: null },
    words: 'Your kernel does not support OomKillDisable. OomKillDisable discarded.',
  },
  {
    wished: ({ PidsLimit: pids }) => pids,
    held: (has) => has('pids.max', 'pids.max'),
    instead: { PidsLimit: null },
    words: lacking('PIDs limit capabilities', 'PIDs limit'),
  },
  {
    wished: ({ CpuShares: shares }) => shares,
    held: (has) => has('cpu.shares', 'cpu.weight'),
    instead: { CpuShares: 0 },
    words: lacking('CPU shares', 'Shares'),
  },
  {
    wished: ({ CpuPeriod: period, CpuQuota: quota, NanoCpus: nano }) => period || quota || nano,
    held: (has) => has('cpu.cfs_quota_us', 'cpu.max'),
    instead: { CpuPeriod: 0, CpuQuota: 0, NanoCpus: 0 },
    words: lacking('CPU CFS scheduler', 'CPU period and quota'),
  },
  {
    wished: ({ CpuRealtimePeriod: period, CpuRealtimeRuntime: runtime }) => period || runtime,
    held: (has) => has('cpu.rt_runtime_us'),
    instead: { CpuRealtimePeriod: 0, CpuRealtimeRuntime: 0 },
    words: lacking('CPU real-time scheduler', 'CPU real-time period and runtime'),
  },
  {
    wished: ({ CpusetCpus: cpus, CpusetMems: mems }) => cpus || mems,
    held: (has) => has('cpuset.cpus', 'cpuset.cpus'),
    instead: { CpusetCpus: '', CpusetMems: '' },
    words: lacking('cpuset', 'Cpuset'),
  },
  {
    wished: ({ BlkioWeight: weight }) => weight,
    held: (has) => weights.some((file) => has(file, file)),
    instead: { BlkioWeight: 0 },
    words: lacking('Block I/O weight', 'Weight'),
  },
  {
    wished: ({ BlkioWeightDevice: devices }) => devices?.length,
    held: (has) => weights.some((file) => has(file, file)),
    instead: { BlkioWeightDevice: null },
    words: lacking('Block I/O weight_device', 'Weight-device'),
  },
  throttle('BlkioDeviceReadBps', 'read_bps_device', 'BPS Block I/O read limit', 'Block I/O BPS read limit'),
  throttle('BlkioDeviceWriteBps', 'write_bps_device', 'BPS Block I/O write limit', 'Block I/O BPS write limit'),
  throttle('BlkioDeviceReadIOps', 'read_iops_device', 'IOPS Block read limit', 'Block I/O IOPS read limit'),
  throttle('BlkioDeviceWriteIOps', 'write_iops_device', 'IOPS Block write limit', 'Block I/O IOPS write limit'),
  {
    wished: ({ OomKillDisable: disable, Memory: memory }) => disable && !memory,
    held: () => false,
    instead: {},
    words:
      'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running ' +
      'out of resources.',
  },
  {
    wished: ({ CpuPercent: percent }) => percent,
    held: () => false,
    instead: { CpuPercent: 0 },
    words: 'linux does not support CPU percent. Percent discarded.',
  },
  {
    wished: ({ KernelMemory: memory }) => memory,
    held: () => false,
    instead: {},
    words: 'Specifying a kernel memory limit is deprecated and will be removed in a future release.',
  },
];

/** The limits without those that this host can't hold, and what to tell of them, in Docker's words. */
export function withoutUnsupported<T extends Partial<Resources>>(
  layout: CgroupLayout,
  asked: T,
): { kept: T; warnings: string[] } {
  const v2 = layout.kind === 'v2';
  const has = (v1File: string, v2File?: string): boolean => layout.files.has((v2 ? v2File : v1File) ?? '');
  const warnings: string[] = [];
  let kept = asked;
  for (const { wished, held, instead, words } of rules) {
    if (!wished(kept) || held(has)) continue;
    warnings.push(words);
    kept = { ...kept, ...instead };
  }
  return { kept, warnings };
}
