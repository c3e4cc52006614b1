import type { OciResources } from '../../model/oci.ts';
import { deviceRules } from './devices.ts';
import type { ResourcesRequest, SpecRequest } from './request.ts';

const defaultPeriod = 100_000;

export function buildResources(request: SpecRequest): OciResources {
  return { devices: deviceRules(request), ...buildLimits(request.resources) };
}

/** Docker's flags as OCI resources: zero means no limit, memory and swap together default to twice the memory. */
export function buildLimits(asked: ResourcesRequest): Omit<OciResources, 'devices'> {
  const memory: OciResources['memory'] = {
    ...(asked.memory && { limit: asked.memory }),
    ...(asked.memory && { swap: asked.memorySwap || asked.memory * 2 }),
    ...(!asked.memory && asked.memorySwap && { swap: asked.memorySwap }),
    ...(asked.memoryReservation && { reservation: asked.memoryReservation }),
    ...(asked.memorySwappiness !== undefined && asked.memorySwappiness >= 0 && { swappiness: asked.memorySwappiness }),
    ...(asked.oomKillDisable && { disableOOMKiller: true }),
  };
  const cpu: OciResources['cpu'] = {
    ...(asked.cpuShares && { shares: asked.cpuShares }),
    ...(asked.cpuPeriod && { period: asked.cpuPeriod }),
    ...(asked.cpuQuota && { quota: asked.cpuQuota }),
    ...(asked.nanoCpus && { period: defaultPeriod, quota: Math.floor((asked.nanoCpus * defaultPeriod) / 1e9) }),
    ...(asked.cpuRealtimePeriod && { realtimePeriod: asked.cpuRealtimePeriod }),
    ...(asked.cpuRealtimeRuntime && { realtimeRuntime: asked.cpuRealtimeRuntime }),
    ...(asked.cpusetCpus && { cpus: asked.cpusetCpus }),
    ...(asked.cpusetMems && { mems: asked.cpusetMems }),
  };
  const blockIO: OciResources['blockIO'] = {
    ...(asked.blkioWeight && { weight: asked.blkioWeight }),
    ...(asked.blkioWeightDevice?.length && { weightDevice: [...asked.blkioWeightDevice] }),
    ...(asked.deviceReadBps?.length && { throttleReadBpsDevice: [...asked.deviceReadBps] }),
    ...(asked.deviceWriteBps?.length && { throttleWriteBpsDevice: [...asked.deviceWriteBps] }),
    ...(asked.deviceReadIops?.length && { throttleReadIOPSDevice: [...asked.deviceReadIops] }),
    ...(asked.deviceWriteIops?.length && { throttleWriteIOPSDevice: [...asked.deviceWriteIops] }),
  };
  return {
    ...(Object.keys(memory).length > 0 && { memory }),
    ...(Object.keys(cpu).length > 0 && { cpu }),
    ...(asked.pidsLimit && asked.pidsLimit > 0 && { pids: { limit: asked.pidsLimit } }),
    ...(Object.keys(blockIO).length > 0 && { blockIO }),
    ...(asked.netClass !== undefined && { network: { classID: asked.netClass } }),
  };
}
