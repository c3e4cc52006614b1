import type { StatsSample } from '../../engine/stats.ts';
import { zeroTime, type ContainerRecord } from '../../model/container.ts';
import type { BlockStats, ContainerStats, CpuStats, MemoryStats } from './docker.ts';

const noTime = { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 };
const noThrottling = { periods: 0, throttled_periods: 0, throttled_time: 0 };

function cpu(sample: StatsSample | undefined): CpuStats {
  if (!sample) return { cpu_usage: noTime, throttling_data: noThrottling };
  const { total, kernel, user, perCpu } = sample.usage.cpu;
  const { periods, throttled, time } = sample.usage.throttling;
  return {
    cpu_usage: {
      total_usage: total,
      ...(perCpu ? { percpu_usage: [...perCpu] } : {}),
      usage_in_kernelmode: kernel,
      usage_in_usermode: user,
    },
    system_cpu_usage: sample.hostCpu,
    online_cpus: sample.cpus,
    throttling_data: { periods, throttled_periods: throttled, throttled_time: time },
  };
}

/** Where the kernel has no such counters (they went with the CFQ scheduler) lists are empty; null without a process. */
function blocks(sample: StatsSample | undefined): BlockStats {
  const none = sample ? [] : null;
  return {
    io_service_bytes_recursive: sample ? [...sample.usage.ioBytes] : null,
    io_serviced_recursive: sample ? [...sample.usage.ioOperations] : null,
    io_queue_recursive: none,
    io_service_time_recursive: none,
    io_wait_time_recursive: none,
    io_merged_recursive: none,
    io_time_recursive: none,
    sectors_recursive: none,
  };
}

function memory({ usage, hostMemory }: StatsSample): MemoryStats {
  const { memory: used, memoryMost: most, memoryFailures: failures, memoryLimit: limit, memoryStat: stats } = usage;
  if (used === undefined) return {};
  return {
    usage: used,
    ...(most === undefined ? {} : { max_usage: most }),
    stats: { ...stats },
    ...(failures ? { failcnt: failures } : {}),
    limit: limit === undefined || limit > hostMemory ? hostMemory : limit,
  };
}

/** A sample and the one before it, from which clients compute percentages. */
export function statsBody(
  record: ContainerRecord,
  now: StatsSample | undefined,
  before: StatsSample | undefined,
): ContainerStats {
  return {
    read: now?.read ?? zeroTime,
    preread: before?.read ?? zeroTime,
    pids_stats: {
      ...(now?.usage.pids === undefined ? {} : { current: now.usage.pids }),
      ...(now?.usage.pidsLimit === undefined ? {} : { limit: now.usage.pidsLimit }),
    },
    blkio_stats: blocks(now),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpu(now),
    precpu_stats: cpu(before),
    memory_stats: now ? memory(now) : {},
    name: `/${record.name}`,
    id: record.id,
    ...(now && Object.keys(now.networks).length > 0 ? { networks: now.networks } : {}),
  };
}
