import { isAlive, type ContainerRecord, type ContainerState } from '../model/container.ts';
import { BerthError, conflict, messageOf } from '../model/errors.ts';
import * as files from '../host/files.ts';
import { connectKeeper, ExecError, type Keeper } from '../runtime/launch.ts';
import { planCreate } from '../runtime/launch-plan.ts';
import { buildSpec } from '../runtime/spec/build.ts';
import { validate } from '../runtime/validate.ts';
import { killCgroup, removeCgroups, removeIdleParent } from './cgroups.ts';
import { now } from './clock.ts';
import { pathsOf, tell, type Context } from './context.ts';
import { settlesWithin } from './deadline.ts';
import { writeEtcFiles } from './etc-files.ts';
import { serveNames } from './name-service.ts';
import { attachNetwork } from './networking.ts';
import { tellEndpoints } from './networks.ts';
import { remove } from './remove.ts';
import { checkSources, placementOf, specRequest, type JoinedTimes } from './request.ts';
import { execFailure } from './exec-failure.ts';
import { watchHealth } from './health-watch.ts';
import { commandOf } from './image-config.ts';
import { watch } from './settle.ts';
import { saveSpec } from './spec-file.ts';
import { UndoStack } from './undo.ts';
import { mountVolumes, tellVolumes, unmountVolumes } from './volume-mounts.ts';

export interface StartOptions {
  /** A start by a person resets the restart count and the mark of a stop by hand. */
  readonly by: 'user' | 'policy' | 'daemon';
}

/** Starts a container: all of it or nothing. Two starts at once share the work; the second is told it was done. */
export async function start(context: Context, record: ContainerRecord, options: StartOptions): Promise<void> {
  const live = context.live.of(record.id);
  if (live.starting) {
    await live.starting;
    throw new BerthError('not-modified', `container ${record.id} is already started`);
  }
  checkStartable(record, live.removing !== undefined);
  clearTimeout(live.restartTimer);
  live.restartTimer = undefined;
  const { promise, resolve } = Promise.withResolvers<void>();
  live.starting = promise;
  try {
    await copiesEnd(live.writing, record);
    const current = context.records.get(record.id) ?? record;
    await launch(
      context,
      context.records.update(record.id, {
        generation: current.generation + 1,
        ...(options.by === 'policy' ? {} : { stoppedByHand: false, restartCount: 0 }),
      }),
    );
  } catch (error) {
    for (const pending of [...live.pendingAttach]) pending.drop();
    live.pendingAttach.clear();
    live.starting = undefined;
    resolve();
    await removeFailed(context, record, options);
    throw error;
  } finally {
    live.starting = undefined;
    resolve();
  }
}

/** A copy into the stopped container has a moment to end; a client that dawdles doesn't hold the start for ever. */
async function copiesEnd(writing: Promise<void> | undefined, record: ContainerRecord): Promise<void> {
  if (writing && !(await settlesWithin(writing, 10_000)))
    throw conflict(`cannot start container ${record.id}: a copy into it is still under way`);
}

/** `--rm` holds for a container that could never start, too: whoever waits for its removal must not wait for ever. */
async function removeFailed(context: Context, record: ContainerRecord, { by }: StartOptions): Promise<void> {
  const current = context.records.get(record.id);
  if (!current?.hostConfig.AutoRemove || by !== 'user') return;
  await remove(context, current, { force: true, volumes: true, automatic: true }).catch((error: unknown) =>
    context.options.log(`container ${record.id}: removing it after a failed start: ${messageOf(error)}`),
  );
}

function checkStartable(record: ContainerRecord, removing: boolean): void {
  const { status } = record.state;
  if (status === 'running') throw new BerthError('not-modified', `container ${record.id} is already started`);
  if (status === 'paused') throw conflict('cannot start a paused container, try unpause instead');
  if (status === 'removing' || status === 'dead' || removing) {
    throw conflict('container is marked for removal and cannot be started');
  }
}

async function launch(context: Context, record: ContainerRecord): Promise<void> {
  const undo = new UndoStack();
  const live = context.live.of(record.id);
  const paths = pathsOf(context, record.id);
  try {
    await files.remove(paths.exitFile);
    undo.push('volumes', () => unmountVolumes(context, record, record.id));
    await mountVolumes(context, record);
    await checkSources(record);
    undo.push('network', () => context.network.detach(record.id));
    const attached = await attachNetwork(context, record);
    const joined: JoinedTimes = new Map();
    const [request] = await Promise.all([
      specRequest(context, record, attached, joined),
      writeEtcFiles(context, record, attached),
    ]);
    const spec = buildSpec(request, context.host);
    validate(spec, context.host);
    const plan = planCreate(spec, placementOf(context, record, attached, joined));
    undo.push('cgroup parent', () => removeIdleParent(context, record.id));
    undo.push('cgroup', () => removeCgroups(context, record.id, record.hostConfig.CgroupParent));
    // The firewall batch lands while the helper makes the container; the container runs only when both are done.
    const published = context.network.publish(record.id);
    const specSaved = saveSpec(context, record.id, spec);
    for (const beside of [published, specSaved]) beside.catch(() => {});
    const launched = await context.helper.launch(plan);
    undo.push('process', () => killCgroup(context, record.id, record.hostConfig.CgroupParent));
    for (const warning of launched.warnings) context.options.log(`container ${record.id}: ${warning}`);
    const keeper = await connectKeeper(paths.keeperSocket);
    if (!keeper)
      throw new BerthError('internal', `container ${record.id}: its keeper ended before it could be asked to start`);
    undo.push('keeper', () => abandon(keeper));
    undo.push('name server', () => context.resolver.stop(record.id));
    await Promise.all([published, specSaved, serveNames(context, record, launched, false)]);
    if (attached.attachment) {
      undo.push('ip netns names', () => context.netnsNames.remove(record.id));
      await context.netnsNames.add(record.id, [record.name], launched.pid);
    }
    for (const pending of live.pendingAttach) await pending.join(paths.keeperSocket);
    live.pendingAttach.clear();
    await keeper.start();

    const running: ContainerState = {
      status: 'running',
      pid: launched.pid,
      startTime: String(launched.startTime),
      startedAt: now(),
      finishedAt: record.state.finishedAt,
      exitCode: 0,
      error: '',
      oomKilled: false,
    };
    const started = context.records.update(record.id, {
      state: running,
      endpoints: attached.endpoints,
      ports: attached.published,
    });
    live.startedAt = performance.now();
    context.execs.forgetContainer(record.id); // those of an earlier run
    tellEndpoints(context, started, attached.endpoints, 'connect');
    tellVolumes(context, started, 'mount');
    tell(context, started, 'start');
    watch(context, record.id, keeper);
    watchHealth(context, started, { fresh: true });
  } catch (error) {
    const leftovers = await undo.unwind();
    for (const leftover of leftovers) context.options.log(`container ${record.id}: after a failed start: ${leftover}`);
    throw recordFailure(
      context,
      record,
      error instanceof ExecError ? execFailure(error, commandOf(record.config)[0] ?? '', 'create') : error,
    );
  }
}

/** Ends a process that was prepared or let go but can't be kept; waits for its keeper to say so. */
async function abandon(keeper: Keeper): Promise<void> {
  await keeper.signal(9).catch(() => {});
  await Promise.race([keeper.exit.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 2_000).unref())]);
  keeper.close();
}

/** Docker's exit codes of a failed start: 127 not found, 126 can't be executed, 128 the rest. */
function recordFailure(context: Context, record: ContainerRecord, error: unknown): unknown {
  const code = (error as { exitCode?: unknown }).exitCode;
  const exitCode = typeof code === 'number' ? code : 128;
  const current = context.records.get(record.id);
  if (current && !isAlive(current.state)) {
    const status =
      current.state.status === 'restarting' ? 'restarting' : current.state.status === 'exited' ? 'exited' : 'created';
    context.records.update(record.id, {
      state: {
        status,
        startedAt: current.state.startedAt,
        finishedAt: current.state.finishedAt,
        exitCode,
        error: messageOf(error),
        oomKilled: false,
      },
    });
  }
  return error;
}
