import { isAlive, type ContainerRecord } from '../model/container.ts';
import { BerthError, conflict, messageOf } from '../model/errors.ts';
import type { HostConfig, Resources, RestartPolicy } from '../model/host-config.ts';
import { updateGroup, withoutUnsupported } from '../runtime/cgroups.ts';
import { buildLimits } from '../runtime/spec/resources.ts';
import { validateResources } from '../runtime/validate-resources.ts';
import { cgroupPath } from './cgroups.ts';
import { tell, type Context } from './context.ts';
import { resourcesOf } from './resources.ts';
import { checkRestartPolicy } from './restart-policy.ts';
import { waitForStart } from './stop.ts';

export interface UpdateRequest {
  readonly restartPolicy?: RestartPolicy;
  /** Those that were given; nothing and zero leave a limit as it is. */
  readonly limits: Partial<Resources>;
}

/** What a container that exists can be given another limit of; Docker passes over the rest, too. */
const changeable = [
  ...(['BlkioWeight', 'BlkioWeightDevice', 'BlkioDeviceReadBps', 'BlkioDeviceWriteBps'] as const),
  ...(['BlkioDeviceReadIOps', 'BlkioDeviceWriteIOps', 'CpuShares', 'NanoCpus', 'CpuPeriod', 'CpuQuota'] as const),
  ...(['CpuRealtimePeriod', 'CpuRealtimeRuntime', 'CpusetCpus', 'CpusetMems', 'Memory', 'MemorySwap'] as const),
  ...(['MemoryReservation', 'KernelMemory', 'KernelMemoryTCP', 'PidsLimit'] as const),
];

/** What an update can't change beside what stands. In Docker's words. */
const clashes: readonly ((asked: Partial<Resources>, now: HostConfig) => string | false)[] = [
  (asked, now) =>
    Boolean(asked.NanoCpus && now.CpuPeriod) &&
    'Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set',
  (asked, now) =>
    Boolean(asked.NanoCpus && now.CpuQuota) &&
    'Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set',
  (asked, now) =>
    Boolean(asked.CpuPeriod && now.NanoCpus) &&
    'Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set',
  (asked, now) =>
    Boolean(asked.CpuQuota && now.NanoCpus) &&
    'Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set',
  // Without a limit of memory and swap (0) and with an endless one (-1) too: Docker asks for both at once.
  ({ Memory: memory = 0, MemorySwap: swap = 0 }, now) =>
    memory > 0 &&
    memory > now.MemorySwap &&
    swap === 0 &&
    'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
  ({ Memory: memory = 0, MemorySwap: swap = 0 }, now) =>
    memory === 0 &&
    swap > 0 &&
    swap < now.Memory &&
    'Memoryswap limit should be larger than already set memory limit, update the memory at the same time',
];

/** Changes limits and restart policy, of a running container at once. All of it or nothing. Returns warnings. */
export async function update(context: Context, record: ContainerRecord, request: UpdateRequest): Promise<string[]> {
  await waitForStart(context, record);
  const current = context.records.get(record.id) ?? record;
  const refuse = (why: string): BerthError => conflict(`Cannot update container ${record.id}: ${why}`);
  if (current.state.status === 'removing' || current.state.status === 'dead')
    throw refuse('Container is marked for removal and cannot be "update".');
  if (request.restartPolicy) checkRestartPolicy({ RestartPolicy: request.restartPolicy, AutoRemove: false });
  const named = Object.fromEntries(changeable.map((name) => [name, request.limits[name]]));
  const asked = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
  const { kept, warnings } = withoutUnsupported(context.host.cgroups, asked as Partial<Resources>);
  validateResources(await resourcesOf(kept), context.host, true);
  for (const clash of clashes) {
    const why = clash(kept, current.hostConfig);
    if (why) throw refuse(why);
  }
  const restart = request.restartPolicy;
  if (restart && current.hostConfig.AutoRemove && restart.Name !== 'no')
    throw refuse('Restart policy cannot be updated because AutoRemove is enabled for the container');
  const hostConfig = { ...current.hostConfig, ...kept, ...(restart ? { RestartPolicy: restart } : {}) };
  if (Object.keys(kept).length > 0 && isAlive(current.state)) await updateRunning(context, current, hostConfig);
  tell(context, context.records.update(record.id, { hostConfig }), 'update');
  return warnings;
}

async function updateRunning(context: Context, record: ContainerRecord, hostConfig: HostConfig): Promise<void> {
  const limits = buildLimits(await resourcesOf(hostConfig));
  const path = cgroupPath(context, record.id, hostConfig.CgroupParent);
  try {
    // No limit of processes is a limit, too, where there was one.
    const pids = { limit: hostConfig.PidsLimit || -1 };
    await updateGroup(context.host.cgroups, path, { ...limits, ...(hostConfig.PidsLimit === null ? {} : { pids }) });
  } catch (error) {
    throw new BerthError('internal', `Cannot update container ${record.id}: ${messageOf(error)}`);
  }
}
