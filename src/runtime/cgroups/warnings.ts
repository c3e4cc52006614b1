import type { OciResources } from '../../model/oci.ts';
import type { CgroupLayout } from './layout.ts';

const missing = (what: string, discarded: string): string =>
  `Your kernel does not support ${what} or the cgroup is not mounted. ${discarded} discarded.`;

/** What of these limits the host can't hold, in Docker's words; the rest is written. For the answer to a create. */
export function limitWarnings(layout: CgroupLayout, resources: OciResources): string[] {
  const { memory = {}, cpu = {}, pids, blockIO = {} } = resources;
  const v2 = layout.kind === 'v2';
  const lacks = (v1File: string, v2File: string): boolean => !layout.files.has(v2 ? v2File : v1File);
  const warnings: string[] = [];
  const warn = (wish: unknown, unsupported: boolean, text: string): void => {
    if (wish !== undefined && wish !== false && unsupported) warnings.push(text);
  };
  warn(memory.limit, lacks('memory.limit_in_bytes', 'memory.max'), missing('memory limit capabilities', 'Limitation'));
  warn(
    memory.swap, !lacks('memory.limit_in_bytes', 'memory.max') && lacks('memory.memsw.limit_in_bytes', 'memory.swap.max'),
    'Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.',
  );
  warn(
    memory.reservation, lacks('memory.soft_limit_in_bytes', 'memory.low'),
    missing('memory soft limit capabilities', 'Limitation'),
  );
  warn(
    memory.swappiness, v2 || !layout.files.has('memory.swappiness'),
    missing('memory swappiness capabilities', 'Memory swappiness'),
  );
  warn(
    memory.disableOOMKiller, v2 || !layout.files.has('memory.oom_control'),
    'Your kernel does not support OomKillDisable. OomKillDisable discarded.',
  );
  warn(pids, lacks('pids.max', 'pids.max'), missing('PIDs limit capabilities', 'PIDs limit'));
  warn(cpu.shares, lacks('cpu.shares', 'cpu.weight'), missing('CPU shares', 'Shares'));
  warn(cpu.quota ?? cpu.period, lacks('cpu.cfs_quota_us', 'cpu.max'), missing('CPU CFS scheduler', 'CPU period and quota'));
  warn(cpu.cpus ?? cpu.mems, lacks('cpuset.cpus', 'cpuset.cpus'), missing('cpuset', 'Cpuset'));
  const weight = !['blkio.weight', 'blkio.bfq.weight', 'io.weight', 'io.bfq.weight'].some((file) => layout.files.has(file));
  warn(blockIO.weight, weight, missing('Block I/O weight', 'Weight'));
  warn(blockIO.weightDevice, weight, missing('Block I/O weight_device', 'Weight-device'));
  const throttles = [
    [blockIO.throttleReadBpsDevice, 'read_bps_device', 'BPS Block I/O read limit', 'Block I/O BPS read limit'],
    [blockIO.throttleWriteBpsDevice, 'write_bps_device', 'BPS Block I/O write limit', 'Block I/O BPS write limit'],
    [blockIO.throttleReadIOPSDevice, 'read_iops_device', 'IOPS Block read limit', 'Block I/O IOPS read limit'],
    [blockIO.throttleWriteIOPSDevice, 'write_iops_device', 'IOPS Block write limit', 'Block I/O IOPS write limit'],
  ] as const;
  for (const [list, file, what, discarded] of throttles) {
    warn(list, lacks(`blkio.throttle.${file}`, 'io.max'), missing(what, discarded));
  }
  return warnings;
}
