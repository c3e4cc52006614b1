import type { OciDeviceRule, OciResources, OciThrottleDevice } from '../../model/oci.ts';

/** One limit as file and text, in the order in which they are to be written. */
export interface LimitWrite {
  /** v1: the controller whose tree has the file. */
  readonly controller: string;
  readonly file: string;
  readonly data: string;
}

/** The limits of a v1 group, but not cpuset's cpus and mems, which depend on the parent. */
export function v1Limits(resources: OciResources, has: (file: string) => boolean): LimitWrite[] {
  const { memory = {}, cpu = {}, pids, blockIO = {}, network } = resources;
  const writes: LimitWrite[] = [];
  const put = (controller: string, file: string, value: string | number | undefined): void => {
    if (value !== undefined && has(file)) writes.push({ controller, file, data: String(value) });
  };
  put('memory', 'memory.limit_in_bytes', memory.limit);
  // Memory with swap may never be below memory alone, so it comes second.
  put('memory', 'memory.memsw.limit_in_bytes', memory.swap);
  put('memory', 'memory.soft_limit_in_bytes', memory.reservation);
  put('memory', 'memory.swappiness', memory.swappiness);
  put('memory', 'memory.oom_control', memory.disableOOMKiller ? 1 : undefined);
  put('cpu', 'cpu.shares', cpu.shares);
  // The period first: a quota is checked against the period in force.
  put('cpu', 'cpu.cfs_period_us', cpu.period);
  put('cpu', 'cpu.cfs_quota_us', cpu.quota);
  put('cpu', 'cpu.rt_period_us', cpu.realtimePeriod);
  put('cpu', 'cpu.rt_runtime_us', cpu.realtimeRuntime);
  put('pids', 'pids.max', pids && (pids.limit > 0 ? pids.limit : 'max'));
  const weight = has('blkio.weight') ? 'blkio.weight' : 'blkio.bfq.weight';
  put('blkio', weight, blockIO.weight);
  for (const one of blockIO.weightDevice ?? []) put('blkio', `${weight}_device`, `${one.major}:${one.minor} ${one.weight}`);
  const throttle = (file: string, list: readonly OciThrottleDevice[] = []): void => {
    for (const one of list) put('blkio', `blkio.throttle.${file}`, `${one.major}:${one.minor} ${one.rate}`);
  };
  throttle('read_bps_device', blockIO.throttleReadBpsDevice);
  throttle('write_bps_device', blockIO.throttleWriteBpsDevice);
  throttle('read_iops_device', blockIO.throttleReadIOPSDevice);
  throttle('write_iops_device', blockIO.throttleWriteIOPSDevice);
  put('net_cls', 'net_cls.classid', network?.classID);
  for (const rule of resources.devices ?? []) {
    writes.push({ controller: 'devices', file: rule.allow ? 'devices.allow' : 'devices.deny', data: v1DeviceRule(rule) });
  }
  return writes;
}

/** `a`, or `c 1:3 rwm` with `*` for every number. */
function v1DeviceRule(rule: OciDeviceRule): string {
  if (rule.type === undefined || rule.type === 'a') return 'a';
  return `${rule.type} ${rule.major ?? '*'}:${rule.minor ?? '*'} ${rule.access ?? 'rwm'}`;
}

/** The limits of a v2 group. `file` tells its controller by its first word. */
export function v2Limits(resources: OciResources, has: (file: string) => boolean): LimitWrite[] {
  const { memory = {}, cpu = {}, pids, blockIO = {} } = resources;
  const writes: LimitWrite[] = [];
  const put = (file: string, value: string | number | undefined): void => {
    if (value !== undefined && has(file)) writes.push({ controller: file.split('.')[0] ?? '', file, data: String(value) });
  };
  put('memory.max', memory.limit && maximum(memory.limit));
  put('memory.swap.max', swapAlone(memory));
  put('memory.low', memory.reservation);
  put('cpu.weight', cpu.shares && weightOfShares(cpu.shares));
  if (cpu.quota !== undefined || cpu.period !== undefined) {
    put('cpu.max', `${cpu.quota !== undefined && cpu.quota > 0 ? cpu.quota : 'max'} ${cpu.period ?? 100_000}`);
  }
  put('cpuset.cpus', cpu.cpus);
  put('cpuset.mems', cpu.mems);
  put('pids.max', pids && maximum(pids.limit));
  if (blockIO.weight !== undefined) {
    if (has('io.bfq.weight')) put('io.bfq.weight', blockIO.weight);
    else put('io.weight', `default ${ioWeight(blockIO.weight)}`);
  }
  for (const one of blockIO.weightDevice ?? []) {
    const device = `${one.major}:${one.minor}`;
    if (has('io.bfq.weight')) put('io.bfq.weight', `${device} ${one.weight}`);
    else put('io.weight', `${device} ${ioWeight(one.weight)}`);
  }
  const throttle = (key: string, list: readonly OciThrottleDevice[] = []): void => {
    for (const one of list) put('io.max', `${one.major}:${one.minor} ${key}=${one.rate}`);
  };
  throttle('rbps', blockIO.throttleReadBpsDevice);
  throttle('wbps', blockIO.throttleWriteBpsDevice);
  throttle('riops', blockIO.throttleReadIOPSDevice);
  throttle('wiops', blockIO.throttleWriteIOPSDevice);
  return writes;
}

const maximum = (value: number): string => (value > 0 ? String(value) : 'max');

/** v1 and Docker count memory and swap together, v2 swap alone. */
function swapAlone({ limit, swap }: NonNullable<OciResources['memory']>): string | undefined {
  if (swap === undefined) return undefined;
  if (swap < 0) return 'max';
  return limit === undefined ? undefined : String(Math.max(0, swap - limit));
}

/** 2…262144 (1024 by default) onto 1…10000 in proportion. */
export function weightOfShares(shares: number): number {
  const within = Math.min(262144, Math.max(2, shares));
  return 1 + Math.floor(((within - 2) * 9999) / 262142);
}

/** 10…1000 onto 1…10000 in proportion. */
export function ioWeight(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}
