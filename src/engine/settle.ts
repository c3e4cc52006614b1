import type { ContainerRecord } from '../model/container.ts';
import { messageOf } from '../model/errors.ts';
import type { ContainerId } from '../model/ids.ts';
import type { ExitRecord, Keeper } from '../runtime/launch.ts';
import { readExit } from '../runtime/launch.ts';
import { killCgroup, removeCgroups, removeIdleParent } from './cgroups.ts';
import { now, parseTime } from './clock.ts';
import { pathsOf, tell, type Context } from './context.ts';
import { unwatchHealth } from './health-watch.ts';
import { tellEndpoints } from './networks.ts';
import { remove } from './remove.ts';
import { nextDelay, wantsRestart } from './restart-policy.ts';
import { start } from './start.ts';
import { tellVolumes, unmountVolumes } from './volume-mounts.ts';

/**
 * From the end of a process to the container's next state. The keeper has made the exit durable before it
 * tells us, so a daemon that dies anywhere in here comes to the same end through `reconcile`.
 */
export function watch(context: Context, id: ContainerId, keeper: Keeper): void {
  const live = context.live.of(id);
  live.keeper = keeper;
  live.ended = keeper.exit
    .then(async (exit) => {
      // An engine that closes hangs up on its keepers; what ends now is found by the next one.
      if (context.closing.aborted) return;
      await settle(context, id, exit ?? (await lostKeeper(context, id)));
    })
    .catch((error: unknown) => context.options.log(`container ${id}: recording its end: ${messageOf(error)}`));
}

/** The keeper's socket closed without an exit record: it was killed. What it watched is ended, and said so. */
export async function lostKeeper(context: Context, id: ContainerId): Promise<ExitRecord> {
  const kept = await readExit(pathsOf(context, id).exitFile);
  if (kept) return kept;
  context.options.log(`container ${id}: its keeper is gone; ending what is left of it`);
  await killCgroup(context, id, context.records.get(id)?.hostConfig.CgroupParent ?? '');
  return {
    exitCode: 137,
    signal: 9,
    oomKilled: false,
    finishedAt: now(),
    error: 'the keeper of this container was killed',
  };
}

/** Records an exit, takes down what the run had in the kernel, then tells the world and follows the restart policy. */
export async function settle(context: Context, id: ContainerId, exit: ExitRecord): Promise<void> {
  const live = context.live.of(id);
  if (!context.records.get(id)) return;
  unwatchHealth(context, id);
  const leftovers = await tearDown(context, id);
  for (const leftover of leftovers) context.options.log(`container ${id}: ${leftover}`);
  live.keeper?.close();
  live.keeper = undefined;

  const current = context.records.get(id);
  if (!current) return;
  // By the monotonic clock where this engine saw the start: a jump of the wall clock resets no delay.
  const ranFor =
    live.startedAt > 0
      ? performance.now() - live.startedAt
      : durationMs(current.state.startedAt, exit.finishedAt);
  const restarts =
    !live.replacing &&
    !context.closing.aborted &&
    wantsRestart(current.hostConfig.RestartPolicy, exit.exitCode, current.restartCount, current.stoppedByHand);
  const ended = {
    startedAt: current.state.startedAt,
    finishedAt: exit.finishedAt,
    exitCode: exit.exitCode,
    error: exit.error ?? '',
    oomKilled: exit.oomKilled,
  };
  const record = context.records.update(id, {
    endpoints: {},
    ports: [],
    state: { status: restarts ? 'restarting' : 'exited', ...ended },
  });
  if (exit.oomKilled) tell(context, record, 'oom');
  tell(context, record, 'die', { exitCode: String(exit.exitCode), execDuration: String(Math.floor(ranFor / 1000)) });
  tellEndpoints(context, current, current.endpoints, 'disconnect');
  tellVolumes(context, record, 'unmount');
  const result = { exitCode: exit.exitCode, ...(exit.error ? { error: exit.error } : {}) };
  for (const waiter of [...live.onExit]) waiter(result);
  live.onExit.clear();

  if (restarts) scheduleRestart(context, record, ranFor);
  else if (record.hostConfig.AutoRemove && !live.replacing) {
    await remove(context, record, { force: true, volumes: true, automatic: true }).catch((error: unknown) =>
      context.options.log(`container ${id}: removing it after its end: ${messageOf(error)}`),
    );
  }
}

/** Takes down network, cgroups and names of a run; returns what could not be taken down. */
export async function tearDown(context: Context, id: ContainerId): Promise<string[]> {
  const leftovers: string[] = [];
  const step = async (what: string, work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (error) {
      leftovers.push(`${what}: ${messageOf(error)}`);
    }
  };
  const record = context.records.get(id);
  context.resolver.stop(id);
  await Promise.all([
    step('network', () => context.network.detach(id)),
    step('volumes', () => record && unmountVolumes(context, record, id)),
    // The cgroup comes last of the kernel's things: with a killed keeper it is what still finds the processes.
    step('cgroup', () => removeCgroups(context, id, record?.hostConfig.CgroupParent ?? '')),
  ]);
  await step('cgroup parent', () => removeIdleParent(context, id));
  await step('ip netns names', () => context.netnsNames.remove(id));
  return leftovers;
}

export function scheduleRestart(context: Context, record: ContainerRecord, ranFor: number): void {
  const live = context.live.of(record.id);
  live.restartDelay = nextDelay(live.restartDelay, ranFor);
  const { generation } = record;
  clearTimeout(live.restartTimer);
  live.restartTimer = setTimeout(() => {
    live.restartTimer = undefined;
    const current = context.records.get(record.id);
    // A stop, start or removal that came meanwhile has a higher generation and wins.
    if (current?.state.status !== 'restarting' || current.generation !== generation || context.closing.aborted) return;
    const again = context.records.update(record.id, { restartCount: current.restartCount + 1 });
    start(context, again, { by: 'policy' }).catch((error: unknown) => {
      context.options.log(`container ${record.id}: restarting it: ${messageOf(error)}`);
      const failed = context.records.get(record.id);
      if (failed?.state.status !== 'restarting' || failed.generation !== generation) return;
      if (
        wantsRestart(
          failed.hostConfig.RestartPolicy,
          failed.state.exitCode || 1,
          failed.restartCount,
          failed.stoppedByHand,
        )
      ) {
        scheduleRestart(context, failed, 0);
      } else {
        context.records.update(record.id, { state: { ...failed.state, status: 'exited' } });
      }
    });
  }, live.restartDelay);
  live.restartTimer.unref();
}

function durationMs(from: string, to: string): number {
  const start = parseTime(from);
  const end = parseTime(to);
  return start === undefined || end === undefined || end < start ? 0 : Number((end - start) / 1_000_000n);
}
