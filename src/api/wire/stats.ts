import type { StatsSample } from '../../engine/stats.ts';
import { zeroTime, type ContainerRecord } from '../../model/container.ts';
import type { ContainerStats, CpuStats } from './docker.ts';

function cpu(sample: StatsSample | undefined): CpuStats {
  return {
    cpu_usage: { total_usage: Number(sample?.usage.cpuNanoseconds ?? 0), usage_in_kernelmode: 0, usage_in_usermode: 0 },
    ...(sample ? { system_cpu_usage: sample.hostCpu, online_cpus: sample.cpus } : {}),
    throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
  };
}

/** A sample and the one before it, from which clients compute percentages. */
export function statsBody(
  record: ContainerRecord,
  now: StatsSample | undefined,
  before: StatsSample | undefined,
): ContainerStats {
  const limit = now?.usage.memoryLimit;
  return {
    id: record.id,
    name: `/${record.name}`,
    read: now?.read ?? zeroTime,
    preread: before?.read ?? zeroTime,
    pids_stats: now
      ? {
          ...(now.usage.pids === undefined ? {} : { current: now.usage.pids }),
          ...(now.usage.pidsLimit === undefined ? {} : { limit: now.usage.pidsLimit }),
        }
      : {},
    blkio_stats: { io_service_bytes_recursive: null },
    num_procs: 0,
    cpu_stats: cpu(now),
    precpu_stats: cpu(before),
    memory_stats: now
      ? {
          usage: now.usage.memory ?? 0,
          limit: limit === undefined || limit > now.hostMemory ? now.hostMemory : limit,
          stats: {},
        }
      : {},
    ...(now && Object.keys(now.networks).length > 0 ? { networks: now.networks } : {}),
  };
}
