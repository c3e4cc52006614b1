import { isAlive, type ContainerRecord } from '../model/container.ts';
import { BerthError, conflict } from '../model/errors.ts';
import { killCgroup, thaw } from './cgroups.ts';
import { tell, type Context } from './context.ts';
import { settlesWithin } from './deadline.ts';
import { unwatchHealth } from './health-watch.ts';
import { parseSignal } from './signals.ts';
import { start } from './start.ts';

const defaultTimeout = 10;
/** How long a process may take to die of SIGKILL (ms) before its whole cgroup is killed, and then before we give up. */
const killPatience = 2_000;

export interface StopOptions {
  readonly signal?: string;
  /** Seconds until SIGKILL; negative: never. */
  readonly timeout?: number;
}

/** `stop`: the stop signal, then after the timeout SIGKILL. Resolves when the end is recorded and cleaned up. */
export async function stop(context: Context, record: ContainerRecord, options: StopOptions): Promise<void> {
  const signal = parseSignal(options.signal || record.config.StopSignal || 'SIGTERM');
  await waitForStart(context, record);
  const current = context.records.update(record.id, {
    generation: (context.records.get(record.id) ?? record).generation + 1,
    stoppedByHand: true,
  });
  if (current.state.status === 'restarting') {
    cancelRestart(context, current);
    tell(context, current, 'stop');
    return;
  }
  if (!isAlive(current.state)) throw new BerthError('not-modified', `container ${record.id} is not running`);
  await endProcess(context, current, signal, options.timeout);
  tell(context, current, 'stop');
}

/** Sends `signal`, then SIGKILL after the timeout, then kills the cgroup; every wait has its end. */
async function endProcess(
  context: Context,
  record: ContainerRecord,
  signal: number,
  timeout: number | undefined,
): Promise<void> {
  const live = context.live.of(record.id);
  const ended = live.ended ?? Promise.resolve();
  const seconds = timeout ?? record.config.StopTimeout ?? defaultTimeout;
  unwatchHealth(context, record.id);
  await send(context, record, signal);
  if (await settlesWithin(ended, seconds < 0 ? Infinity : seconds * 1000)) return;
  await send(context, record, 9);
  if (await settlesWithin(ended, killPatience)) return;
  await killCgroup(context, record.id, record.hostConfig.CgroupParent);
  if (await settlesWithin(ended, killPatience * 4)) return;
  throw new BerthError(
    'internal',
    `container ${record.id} did not end ${killPatience * 5} ms after SIGKILL: a process of it is stuck in the kernel`,
  );
}

async function send(context: Context, record: ContainerRecord, signal: number): Promise<void> {
  const live = context.live.of(record.id);
  const current = context.records.get(record.id);
  if (!current || !live.keeper) return;
  tell(context, current, 'kill', { signal: String(signal) });
  await live.keeper.signal(signal);
  // A frozen process can't take its signal.
  if (current.state.status === 'paused') await thaw(context, record.id, record.hostConfig.CgroupParent);
}

/** `kill`: one signal, at once. */
export async function kill(context: Context, record: ContainerRecord, signalText: string | undefined): Promise<void> {
  const signal = parseSignal(signalText || 'SIGKILL');
  await waitForStart(context, record);
  const current = context.records.get(record.id) ?? record;
  if (current.state.status === 'restarting') {
    cancelRestart(
      context,
      context.records.update(record.id, { generation: current.generation + 1, stoppedByHand: true }),
    );
    return;
  }
  if (!isAlive(current.state))
    throw conflict(`Cannot kill container: ${record.name}: Container ${record.id} is not running`);
  const stopSignal = parseSignal(current.config.StopSignal || 'SIGTERM');
  const ends = signal === 9 || signal === stopSignal;
  context.records.update(record.id, { generation: current.generation + 1, stoppedByHand: true });
  await send(context, current, signal);
  if (!ends || signal !== 9) return;
  await settlesWithin(context.live.of(record.id).ended ?? Promise.resolve(), killPatience);
}

/** `restart`: stop without counting as one by hand, then start; a stop that comes meanwhile wins. */
export async function restart(context: Context, record: ContainerRecord, options: StopOptions): Promise<void> {
  const signal = parseSignal(options.signal || record.config.StopSignal || 'SIGTERM');
  await waitForStart(context, record);
  const live = context.live.of(record.id);
  const mine = context.records.update(record.id, {
    generation: (context.records.get(record.id) ?? record).generation + 1,
  });
  if (mine.state.status === 'restarting') cancelRestart(context, mine);
  if (isAlive(mine.state)) {
    live.replacing = true;
    try {
      await endProcess(context, mine, signal, options.timeout);
    } finally {
      live.replacing = false;
    }
    const after = context.records.get(record.id);
    if (!after) throw conflict(`container ${record.id} was removed while it restarted`);
    tell(context, after, 'stop');
    if (after.generation !== mine.generation)
      throw conflict(`container ${record.id}: another stop or start came while it restarted`);
  }
  await start(context, context.records.get(record.id) ?? mine, { by: 'user' });
  tell(context, mine, 'restart');
}

export function cancelRestart(context: Context, record: ContainerRecord): void {
  const live = context.live.of(record.id);
  clearTimeout(live.restartTimer);
  live.restartTimer = undefined;
  if (record.state.status === 'restarting')
    context.records.update(record.id, { state: { ...record.state, status: 'exited' } });
}

/** A start under way is let come to its end, good or bad. */
export async function waitForStart(context: Context, record: ContainerRecord): Promise<void> {
  const { starting } = context.live.of(record.id);
  if (starting) await settlesWithin(starting, 30_000);
}
