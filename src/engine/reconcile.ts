import * as files from '../host/files.ts';
import { isAlive, type ContainerRecord } from '../model/container.ts';
import { messageOf } from '../model/errors.ts';
import type { ContainerId } from '../model/ids.ts';
import { connectKeeper, readExit, type Keeper } from '../runtime/launch.ts';
import { join } from 'node:path';
import { groupDirectories } from '../runtime/cgroups.ts';
import { killCgroup, removeCgroups } from './cgroups.ts';
import { pathsOf, type Context } from './context.ts';
import { unfinished } from './create.ts';
import { settlesWithin } from './deadline.ts';
import { serveNames } from './name-service.ts';
import { recoverExecs } from './exec.ts';
import { watchHealth } from './health-watch.ts';
import { remove } from './remove.ts';
import { startsWithDaemon } from './restart-policy.ts';
import { lostKeeper, settle, tearDown, watch } from './settle.ts';
import { start } from './start.ts';
import { unmountIdleVolumes } from './volume-mounts.ts';

/**
 * Compares the records with what is there, and makes them agree: the only clean-up after a crash. Containers
 * whose keeper answers are adopted; those that ended while no engine ran get their exit; what belongs to nobody is
 * taken down. Returns the containers that the restart policy wants started.
 */
export async function reconcile(context: Context): Promise<ContainerRecord[]> {
  const adopted: { id: ContainerId; keeper: Keeper }[] = [];
  const ended: ContainerRecord[] = [];
  await Promise.all(
    context.records.all().map(async (record) => {
      const keeper =
        isAlive(record.state) || (await files.exists(pathsOf(context, record.id).keeperSocket))
          ? await connectKeeper(pathsOf(context, record.id).keeperSocket)
          : undefined;
      if (isAlive(record.state)) {
        if (keeper && keeper.pid === record.state.pid) adopted.push({ id: record.id, keeper });
        else ended.push(record);
      } else if (keeper) {
        // Prepared or even let go, but its start was never told to anyone: all or nothing, so nothing.
        context.options.log(`container ${record.id}: ending a start that an earlier engine did not finish`);
        await endUnrecorded(context, record, keeper);
      }
    }),
  );
  // Who runs keeps its address, ports and names; everyone else's are taken down here.
  const living = new Set<string>(adopted.map(({ id }) => id));
  for (const record of ended) living.add(record.id); // settle takes theirs down, one by one
  await step(context, 'network', () => context.network.reconcile(living));
  await step(context, 'ip netns names', () => context.netnsNames.keepOnly(living));
  for (const { id, keeper } of adopted) {
    await step(context, `container ${id}: its name server`, () => serveAgain(context, id));
    watch(context, id, keeper);
    const record = context.records.get(id);
    if (record?.state.status === 'running') watchHealth(context, record, { fresh: false });
  }

  const wanted: ContainerRecord[] = [];
  for (const record of ended) {
    await step(context, `container ${record.id}`, async () => {
      const exit = (await readExit(pathsOf(context, record.id).exitFile)) ?? (await lostKeeper(context, record.id));
      await settle(context, record.id, exit);
    });
  }
  for (const record of context.records.all()) {
    const { status } = record.state;
    if (status === 'removing' || status === 'dead') {
      await step(context, `container ${record.id}`, () =>
        remove(context, record, { force: true, volumes: record.hostConfig.AutoRemove }),
      );
    } else if (status === 'exited' && record.hostConfig.AutoRemove) {
      await step(context, `container ${record.id}`, () =>
        remove(context, record, { force: true, volumes: true, automatic: true }),
      );
    } else if (record.generation === unfinished) {
      context.options.log(`container ${record.id}: removing what an unfinished create left`);
      await step(context, `container ${record.id}`, () => remove(context, record, { force: true, volumes: true }));
    } else if (status === 'restarting' && !context.live.of(record.id).restartTimer) wanted.push(record);
    else if (status === 'exited' && startsWithDaemon(record.hostConfig.RestartPolicy, record.stoppedByHand, false))
      wanted.push(record);
  }
  await step(context, 'execs', () => recoverExecs(context));
  await step(context, 'volumes', () => unmountIdleVolumes(context));
  await step(context, 'directories', () => removeStrayDirectories(context));
  await step(context, 'cgroups', () => removeStrayCgroups(context));
  return wanted;
}

/** Starts those that the restart policy wants; one that fails is told in the log and the others still start. */
export async function startWanted(context: Context, wanted: readonly ContainerRecord[]): Promise<void> {
  for (const record of wanted) {
    await step(context, `container ${record.id}: starting it by its restart policy`, () =>
      start(context, record, { by: 'daemon' }),
    );
  }
}

async function step(context: Context, what: string, work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    context.options.log(`${what}: ${messageOf(error)}`);
  }
}

async function endUnrecorded(context: Context, record: ContainerRecord, keeper: Keeper): Promise<void> {
  await keeper.signal(9).catch(() => {});
  await killCgroup(context, record.id, record.hostConfig.CgroupParent);
  await settlesWithin(keeper.exit, 5_000);
  keeper.close();
  for (const leftover of await tearDown(context, record.id)) context.options.log(`container ${record.id}: ${leftover}`);
}

/** Directories under containers/ that no record owns: what a crash in the middle of a create or a removal left. */
async function removeStrayDirectories(context: Context): Promise<void> {
  for (const name of await files.list(join(context.options.root, 'containers'))) {
    if (!/^[0-9a-f]{64}$/.test(name) || context.records.get(name)) continue;
    context.options.log(`removing ${name} from containers/: no record owns it`);
    await context.snapshots.remove(name as ContainerId);
  }
}

/** Groups under our parent whose container doesn't run. */
async function removeStrayCgroups(context: Context): Promise<void> {
  const { cgroups } = context.host;
  const names = new Set<string>();
  for (const directory of groupDirectories(cgroups, context.options.cgroupParent)) {
    for (const name of await files.list(directory)) if (/^[0-9a-f]{64}$/.test(name)) names.add(name);
  }
  for (const name of names) {
    const record = context.records.get(name);
    if (record && (isAlive(record.state) || context.live.of(record.id).starting)) continue;
    await step(context, `cgroup ${name}`, async () => {
      await killCgroup(context, name, '');
      await removeCgroups(context, name, '');
    });
  }
}

/** What an earlier engine served ended with it. */
async function serveAgain(context: Context, id: ContainerId): Promise<void> {
  const record = context.records.get(id);
  if (!record || !isAlive(record.state)) return;
  await serveNames(context, record, { pid: record.state.pid, startTime: BigInt(record.state.startTime) }, true);
}
