import type { Resources, Ulimit } from '../model/host-config.ts';
import type { OciDeviceRule } from '../model/oci.ts';
import type { HostFacts } from '../runtime/host-facts.ts';
import { limitCeiling } from '../runtime/spec/process.ts';
import type { ResourcesRequest } from '../runtime/spec/build.ts';
import { invalid } from '../model/errors.ts';
import { throttles, weights } from './devices.ts';

/** Where the engine may not raise limits a container gets what there is; told at create. */
export function limitWarnings(host: HostFacts, ulimits: readonly Ulimit[] | null): string[] {
  return (ulimits ?? []).flatMap(({ Name: name, Soft: soft, Hard: hard }) => {
    const ceiling = limitCeiling(host, `RLIMIT_${name.toUpperCase()}`);
    const beyond = ceiling !== -1 && [soft, hard].some((value) => value === -1 || value > ceiling);
    return beyond ? [`This host allows the engine no more than ${ceiling} for ulimit ${name}. Limited to that.`] : [];
  });
}

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
    deviceRules: (hostConfig.DeviceCgroupRules ?? []).map(deviceRule),
  };
}

/** `c 1:3 rwm`, `b *:* r`. */
function deviceRule(text: string): OciDeviceRule {
  const [, type, major, minor, access] = /^([acb]) (\d{1,7}|\*):(\d{1,7}|\*) ([rwm]{1,3})$/.exec(text) ?? [];
  if (type === undefined || access === undefined)
    throw invalid(`invalid device cgroup rule format: '${text.slice(0, 100)}'`);
  const number = (word: string | undefined): number | undefined => (word === '*' ? undefined : Number(word));
  const [first, second] = [number(major), number(minor)];
  return {
    allow: true,
    type: type as 'a' | 'b' | 'c',
    ...(first === undefined ? {} : { major: first }),
    ...(second === undefined ? {} : { minor: second }),
    access,
  };
}
