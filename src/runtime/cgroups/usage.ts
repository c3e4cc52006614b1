import { readTextIfAny } from '../../host/files.ts';
import { type CgroupLayout, v1Directory } from './layout.ts';

/** One counter of a block device: `op` is Read, Write, … (v2: read, write). */
export interface BlockCounter {
  readonly major: number;
  readonly minor: number;
  readonly op: string;
  readonly value: number;
}

/** What a group uses, in bytes and nanoseconds; absent where the host has no such controller. */
export interface CgroupUsage {
  readonly memory?: number;
  /** The most it ever was (v1). */
  readonly memoryMost?: number;
  readonly memoryFailures?: number;
  readonly memoryLimit?: number;
  /** memory.stat, line by line. */
  readonly memoryStat: Readonly<Record<string, number>>;
  readonly cpu: { readonly total: number; readonly kernel: number; readonly user: number; readonly perCpu?: readonly number[] };
  readonly throttling: { readonly periods: number; readonly throttled: number; readonly time: number };
  readonly pids?: number;
  readonly pidsLimit?: number;
  readonly oomKills?: number;
  readonly ioBytes: readonly BlockCounter[];
  readonly ioOperations: readonly BlockCounter[];
}

type Read = (controller: string, file: string) => Promise<string | undefined>;

/** Reads a group's counters: each file once, nothing spawned. */
export async function readUsage(layout: CgroupLayout, path: string): Promise<CgroupUsage> {
  const read: Read = async (controller, file) => {
    const directory =
      layout.kind === 'v2' ? (layout.unified?.mountPoint ?? '') + path : v1Directory(layout, controller, path);
    return directory === undefined ? undefined : await readTextIfAny(`${directory}/${file}`).catch(() => undefined);
  };
  return layout.kind === 'v2' ? readV2(read) : readV1(read);
}

const tick = 10_000_000;

async function readV1(read: Read): Promise<CgroupUsage> {
  const [memory, most, failures, limit, memoryStat, oom] = await Promise.all(
    ['usage_in_bytes', 'max_usage_in_bytes', 'failcnt', 'limit_in_bytes', 'stat', 'oom_control'].map((file) =>
      read('memory', `memory.${file}`),
    ),
  );
  const [usage, perCpu, split, cpuStat, pids, pidsLimit] = await Promise.all([
    read('cpuacct', 'cpuacct.usage'),
    read('cpuacct', 'cpuacct.usage_percpu'),
    read('cpuacct', 'cpuacct.stat'),
    read('cpu', 'cpu.stat'),
    read('pids', 'pids.current'),
    read('pids', 'pids.max'),
  ]);
  const [bytes, operations, bfqBytes, bfqOperations] = await Promise.all(
    ['throttle.io_service_bytes', 'throttle.io_serviced', 'bfq.io_service_bytes', 'bfq.io_serviced'].map((file) =>
      read('blkio', `blkio.${file}_recursive`),
    ),
  );
  const times = table(split);
  const cpu = table(cpuStat);
  const firstOf = (...lists: BlockCounter[][]): BlockCounter[] => lists.find((list) => list.length > 0) ?? [];
  return {
    ...number('memory', memory),
    ...number('memoryMost', most),
    ...number('memoryFailures', failures),
    ...number('memoryLimit', limit),
    memoryStat: table(memoryStat),
    ...number('oomKills', /^oom_kill (\d+)$/m.exec(oom ?? '')?.[1]),
    cpu: {
      total: Number(usage ?? 0),
      kernel: (times.system ?? 0) * tick,
      user: (times.user ?? 0) * tick,
      perCpu: (perCpu ?? '').trim().split(' ').filter(Boolean).map(Number),
    },
    throttling: {
      periods: cpu.nr_periods ?? 0,
      throttled: cpu.nr_throttled ?? 0,
      time: cpu.throttled_time ?? 0,
    },
    ...number('pids', pids),
    ...number('pidsLimit', pidsLimit),
    ioBytes: firstOf(v1Counters(bfqBytes), v1Counters(bytes)),
    ioOperations: firstOf(v1Counters(bfqOperations), v1Counters(operations)),
  };
}

async function readV2(read: Read): Promise<CgroupUsage> {
  const [memory, most, limit, memoryStat, events, cpuStat, pids, pidsLimit, io] = await Promise.all(
    [
      ...['memory.current', 'memory.peak', 'memory.max', 'memory.stat', 'memory.events', 'cpu.stat'],
      ...['pids.current', 'pids.max', 'io.stat'],
    ].map((file) => read('', file)),
  );
  const cpu = table(cpuStat);
  const microseconds = (value: number | undefined): number => (value ?? 0) * 1000;
  return {
    ...number('memory', memory),
    ...number('memoryMost', most),
    ...number('memoryLimit', limit),
    memoryStat: table(memoryStat),
    ...number('oomKills', /^oom_kill (\d+)$/m.exec(events ?? '')?.[1]),
    cpu: {
      total: microseconds(cpu.usage_usec),
      kernel: microseconds(cpu.system_usec),
      user: microseconds(cpu.user_usec),
    },
    throttling: {
      periods: cpu.nr_periods ?? 0,
      throttled: cpu.nr_throttled ?? 0,
      time: microseconds(cpu.throttled_usec),
    },
    ...number('pids', pids),
    ...number('pidsLimit', pidsLimit),
    ioBytes: v2Counters(io, { rbytes: 'read', wbytes: 'write' }),
    ioOperations: v2Counters(io, { rios: 'read', wios: 'write' }),
  };
}

/** Lines `name number`. */
function table(text: string | undefined): Record<string, number> {
  const rows = (text ?? '').split('\n').map((line) => line.split(' '));
  return Object.fromEntries(rows.filter((row) => row.length === 2).map(([name, value]) => [name, Number(value)]));
}

/** `254:0 Read 20480`; the last line, without a device, is the sum. */
export function v1Counters(text: string | undefined): BlockCounter[] {
  return [...(text ?? '').matchAll(/^(\d+):(\d+) (\w+) (\d+)$/gm)].map(([, major, minor, op, value]) => ({
    major: Number(major),
    minor: Number(minor),
    op: op ?? '',
    value: Number(value),
  }));
}

/** `254:0 rbytes=20480 wbytes=0 rios=4 …`. */
export function v2Counters(text: string | undefined, ops: Readonly<Record<string, string>>): BlockCounter[] {
  return [...(text ?? '').matchAll(/^(\d+):(\d+) (.*)$/gm)].flatMap(([, major, minor, rest]) =>
    (rest ?? '').split(' ').flatMap((word) => {
      const [key = '', value] = word.split('=');
      const op = ops[key];
      return op === undefined ? [] : [{ major: Number(major), minor: Number(minor), op, value: Number(value) }];
    }),
  );
}

/** `max` (no limit) and absent files give no field. */
function number<K extends keyof CgroupUsage>(key: K, text: string | undefined): Partial<Pick<CgroupUsage, K>> {
  const value = text === undefined || text.trim() === 'max' ? Number.NaN : Number(text.trim());
  return Number.isNaN(value) ? {} : ({ [key]: value } as unknown as Partial<Pick<CgroupUsage, K>>);
}
