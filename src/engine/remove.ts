import * as files from '../host/files.ts';
import { isAlive, type ContainerRecord } from '../model/container.ts';
import { BerthError, conflict, messageOf } from '../model/errors.ts';
import { killCgroup, thaw } from './cgroups.ts';
import { pathsOf, tell, type Context } from './context.ts';
import { settlesWithin } from './deadline.ts';
import { removeVolume } from './volumes.ts';
import { cancelRestart, waitForStart } from './stop.ts';

export interface RemoveOptions {
  readonly force: boolean;
  /** Anonymous volumes go too. */
  readonly volumes: boolean;
  /** By `--rm`: the exit code is kept for a late `wait`. */
  readonly automatic?: boolean;
}

export async function remove(context: Context, record: ContainerRecord, options: RemoveOptions): Promise<void> {
  const live = context.live.of(record.id);
  if (live.removing) {
    if (!options.automatic && !options.force)
      throw conflict(`removal of container ${record.name} is already in progress`);
    return live.removing;
  }
  await waitForStart(context, record);
  const current = context.records.get(record.id);
  if (!current) return;
  if (!options.force) checkRemovable(current);
  if (current.state.status === 'restarting') cancelRestart(context, current);
  live.removing = removeAll(context, current, options);
  try {
    await live.removing;
  } finally {
    live.removing = undefined;
  }
}

function checkRemovable({ id, state }: ContainerRecord): void {
  if (state.status === 'paused') {
    throw conflict(
      `You cannot remove a paused container ${id}. Unpause and then stop the container before attempting removal ` +
        'or force remove',
    );
  }
  if (isAlive(state) || state.status === 'restarting') {
    throw conflict(
      `You cannot remove a running container ${id}. Stop the container before attempting removal or force remove`,
    );
  }
}

/** Goes on whatever fails and names each leftover at the end (INVARIANTS 25). */
async function removeAll(context: Context, record: ContainerRecord, options: RemoveOptions): Promise<void> {
  const live = context.live.of(record.id);
  const leftovers: string[] = [];
  const step = async (what: string, work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (error) {
      leftovers.push(`${what}: ${messageOf(error)}`);
    }
  };
  if (isAlive(record.state)) {
    context.records.update(record.id, { generation: record.generation + 1, stoppedByHand: true });
    await step('process', () => killForRemoval(context, record));
  }
  const last = context.records.get(record.id) ?? record;
  if (isAlive(last.state))
    throw new BerthError(
      'internal',
      `cannot remove container ${record.id}: ${leftovers.join('; ') || 'its process did not end'}`,
    );
  const { exitCode, startedAt, finishedAt, error, oomKilled } = last.state;
  if (last.state.status !== 'removing') {
    context.records.update(record.id, {
      state: { status: 'removing', startedAt, finishedAt, exitCode, error, oomKilled },
    });
  }
  for (const pending of [...live.pendingAttach]) pending.drop();
  await step('root file system', () => context.snapshots.remove(record.id));
  await step('files', () => files.remove(pathsOf(context, record.id).directory));
  await step('keeper socket', () => files.remove(pathsOf(context, record.id).keeperSocket));
  if (options.volumes) {
    for (const mount of record.mounts) {
      if (mount.type === 'volume' && mount.anonymous && mount.name && !usedElsewhere(context, record, mount.name)) {
        const name = mount.name;
        await step(`volume ${name}`, () => removeVolume(context, name, true, record.id));
      }
    }
  }
  context.execs.forgetContainer(record.id);
  if (leftovers.length > 0) {
    // The record stays as dead, so that what is left has an owner and `rm` can be tried again.
    const dead = context.records.get(record.id);
    if (dead) context.records.update(record.id, { state: { ...dead.state, status: 'dead' } as typeof dead.state });
    throw new BerthError('internal', `cannot remove container ${record.id}: ${leftovers.join('; ')}`);
  }
  context.records.delete(record.id, options.automatic ? exitCode : undefined);
  tell(context, record, 'destroy');
  for (const waiter of [...live.onExit, ...live.onRemoved]) waiter({ exitCode });
  context.live.forget(record.id);
}

async function killForRemoval(context: Context, record: ContainerRecord): Promise<void> {
  const live = context.live.of(record.id);
  tell(context, record, 'kill', { signal: '9' });
  // Its own exit must not start a second removal, nor a restart.
  live.replacing = true;
  await live.keeper?.signal(9).catch(() => {});
  // A frozen process can't take its signal.
  if (record.state.status === 'paused')
    await thaw(context, record.id, record.hostConfig.CgroupParent).catch(() => {});
  await killCgroup(context, record.id, record.hostConfig.CgroupParent).catch(() => {});
  if (!(await settlesWithin(live.ended ?? Promise.resolve(), 10_000)))
    throw new Error('still there 10 s after SIGKILL');
}

function usedElsewhere(context: Context, record: ContainerRecord, volume: string): boolean {
  return context.records
    .all()
    .some((other) => other.id !== record.id && other.mounts.some((mount) => mount.name === volume));
}
