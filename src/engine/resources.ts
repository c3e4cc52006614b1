import type { Resources, Ulimit } from '../model/host-config.ts';
import type { ResourcesRequest } from '../runtime/spec/build.ts';
import { throttles, weights } from './devices.ts';

export const rlimitsOf = (ulimits: readonly Ulimit[] | null): { type: string; soft: number; hard: number }[] =>
  (ulimits ?? []).map(({ Name: name, Soft: soft, Hard: hard }) => ({
    type: `RLIMIT_${name.toUpperCase()}`,
    soft,
    hard,
  }));

export async function resourcesOf(hostConfig: Partial<Resources>): Promise<ResourcesRequest> {
  const [blkioWeightDevice, deviceReadBps, deviceWriteBps, deviceReadIops, deviceWriteIops] = await Promise.all([
    weights(hostConfig.BlkioWeightDevice),
    throttles(hostConfig.BlkioDeviceReadBps),
    throttles(hostConfig.BlkioDeviceWriteBps),
    throttles(hostConfig.BlkioDeviceReadIOps),
    throttles(hostConfig.BlkioDeviceWriteIOps),
  ]);
  return {
    memory: hostConfig.Memory,
    memorySwap: hostConfig.MemorySwap,
    memoryReservation: hostConfig.MemoryReservation,
    ...(hostConfig.MemorySwappiness == null ? {} : { memorySwappiness: hostConfig.MemorySwappiness }),
    oomKillDisable: hostConfig.OomKillDisable ?? false,
    cpuShares: hostConfig.CpuShares,
    cpuQuota: hostConfig.CpuQuota,
    cpuPeriod: hostConfig.CpuPeriod,
    nanoCpus: hostConfig.NanoCpus,
    cpuRealtimePeriod: hostConfig.CpuRealtimePeriod,
    cpuRealtimeRuntime: hostConfig.CpuRealtimeRuntime,
    cpusetCpus: hostConfig.CpusetCpus,
    cpusetMems: hostConfig.CpusetMems,
    pidsLimit: hostConfig.PidsLimit ?? 0,
    blkioWeight: hostConfig.BlkioWeight,
    blkioWeightDevice,
    deviceReadBps,
    deviceWriteBps,
    deviceReadIops,
    deviceWriteIops,
  };
}
