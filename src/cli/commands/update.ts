import type { ContainerUpdateRequest, ContainerUpdateResponse } from '../../api/wire/docker.ts';
import { containerPath } from '../client.ts';
import { each } from '../context.ts';
import { parseRestart } from '../create/body.ts';
import { containerFlags } from '../create/flags.ts';
import { UsageError } from '../errors.ts';
import { maybeText } from '../flags.ts';
import { verb } from '../verb.ts';

const { blkioWeight, cpuPeriod, cpuQuota, cpuRtPeriod, cpuRtRuntime, cpuShares, cpus } = containerFlags;
const { cpusetCpus, cpusetMems, memory, memoryReservation, memorySwap, pidsLimit } = containerFlags;

export default verb({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  about: 'Change limits and the restart policy of containers, while they run too.',
  examples: [
    ['update -m 512m --memory-swap 1g site', 'More memory'],
    ['update --restart unless-stopped site', 'Back after each end'],
  ],
  flags: {
    blkioWeight, cpuPeriod, cpuQuota, cpuRtPeriod, cpuRtRuntime, cpuShares, cpus, cpusetCpus, cpusetMems,
    memory, memoryReservation, memorySwap, pidsLimit,
    restart: maybeText('--restart <policy>', 'When to restart: no, on-failure[:n], always, unless-stopped'),
  },
  least: 1,
  async run(cli, o, names) {
    const limits: ContainerUpdateRequest = {
      BlkioWeight: o.blkioWeight, CpuPeriod: o.cpuPeriod, CpuQuota: o.cpuQuota, CpuRealtimePeriod: o.cpuRtPeriod,
      CpuRealtimeRuntime: o.cpuRtRuntime, CpuShares: o.cpuShares, NanoCpus: o.cpus, CpusetCpus: o.cpusetCpus,
      CpusetMems: o.cpusetMems, Memory: o.memory, MemoryReservation: o.memoryReservation, MemorySwap: o.memorySwap,
      PidsLimit: o.pidsLimit, ...(o.restart === undefined ? {} : { RestartPolicy: parseRestart(o.restart) }),
    };
    if (!Object.values(limits).some((value) => value !== undefined && value !== ''))
      throw new UsageError('you must provide one or more flags when using this command');
    return each(cli, names, async (name) => {
      const { Warnings } = await cli.client.post<ContainerUpdateResponse>(containerPath(name, 'update'), {}, limits);
      for (const warning of Warnings ?? []) cli.warn(warning);
    });
  },
});
