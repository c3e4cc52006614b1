import * as files from '../host/files.ts';
import { isAlive, type ContainerRecord } from '../model/container.ts';
import { BerthError, conflict, invalid, messageOf, notFound } from '../model/errors.ts';
import type { OciSpec } from '../model/oci.ts';
import { connectKeeper, ExecError, readExit, type ExitRecord, type Keeper } from '../runtime/launch.ts';
import { planExec } from '../runtime/launch-plan.ts';
import { buildExecProcess } from '../runtime/spec/build.ts';
import { tell, type Context } from './context.ts';
import type { ExecConfig, ExecRecord, LiveExec } from './exec-records.ts';
import { environmentOf } from './image-config.ts';
import type { PendingAttach } from './live.ts';
import { randomId } from './names.ts';
import { execPaths, type ExecPaths } from './paths.ts';
import { execFailure } from './exec-failure.ts';
import { loadSpec } from './spec-file.ts';
import { parseSignal } from './signals.ts';
import { UndoStack } from './undo.ts';
import { resolveUser } from './user.ts';
import { readUserFiles } from './user-files.ts';

/** How many finished execs of a container are remembered, and for how long (ms): Docker's five minutes. */
const remembered = 200;
const rememberedFor = 300_000;

const pathsOf = (context: Context, exec: ExecRecord): ExecPaths =>
  execPaths(context.options.root, context.options.run, exec.container, exec.id);

export function createExec(context: Context, record: ContainerRecord, config: ExecConfig): string {
  checkRunning(record);
  if (config.args.length === 0 || config.args[0] === '') throw invalid('No exec command specified');
  forgetOld(context, record.id);
  const exec: ExecRecord = { id: randomId(), container: record.id, config, status: 'created', pid: 0, exitCode: null };
  context.execs.put(exec);
  tell(context, record, `exec_create: ${commandLine(config)}`, { execID: exec.id });
  return exec.id;
}

/** Finished ones stay for a while, so that whoever ran them can ask how they ended. */
function forgetOld(context: Context, container: string): void {
  const now = Date.now();
  const done = context.execs.all().filter((other) => other.container === container && other.status === 'exited');
  const surplus = done.length - remembered;
  for (const [index, old] of done.entries())
    if (index < surplus || now - (old.endedAt ?? 0) > rememberedFor) context.execs.forget(old.id);
}

function checkRunning(record: ContainerRecord): void {
  if (record.state.status === 'paused')
    throw conflict(`Container ${record.name} is paused, unpause the container before exec`);
  if (record.state.status === 'restarting')
    throw conflict(`Container ${record.id} is restarting, wait until the container is running`);
  if (!isAlive(record.state)) throw conflict(`Container ${record.id} is not running`);
}

/** As events show it: with a space after a command that has no arguments, too. */
const commandLine = ({ args: [command = '', ...args] }: ExecConfig): string => `${command} ${args.join(' ')}`;

/** An exec runs once, in a container that runs. */
export function checkStartable(context: Context, exec: ExecRecord): ContainerRecord {
  if (exec.status !== 'created') {
    throw exec.status === 'running'
      ? conflict(`Error: Exec command ${exec.id} is already running`)
      : conflict(`Error: Exec command ${exec.id} has already run`);
  }
  const record = context.records.find(exec.container);
  checkRunning(record);
  return record;
}

/**
 * Runs the exec's program beside the container's. `join` is the client's stream, joined to the keeper before the
 * program is let go, so that its first byte is seen. Resolves when the program runs.
 */
export async function startExec(
  context: Context,
  reference: string,
  options: { client?: PendingAttach; rows?: number; columns?: number },
): Promise<void> {
  const exec = context.execs.find(reference);
  const record = checkStartable(context, exec);
  if (!isAlive(record.state)) return;
  tell(context, record, `exec_start: ${commandLine(exec.config)}`, { execID: exec.id });
  const live: LiveExec = { pending: new Set() };
  context.execs.live.set(exec.id, live);
  context.execs.put({ ...exec, status: 'running' });
  const paths = pathsOf(context, exec);
  const undo = new UndoStack();
  try {
    const { pid, startTime } = record.state;
    const [spec, userFiles] = await Promise.all([
      loadSpec(context, record.id),
      readUserFiles(context, { path: `/proc/${pid}/root` }),
      files.makeDirectory(paths.directory),
    ]);
    undo.push('files', () => files.remove(paths.directory));
    const launched = await context.helper.launch(
      planExec(spec, processOf(context, record, exec.config, spec, userFiles), {
        id: exec.id,
        pid,
        startTime: BigInt(startTime),
        cgroups: context.host.cgroups,
        keeper: {
          socket: paths.keeperSocket,
          log: '',
          logMaxSize: 0,
          logMaxFiles: 0,
          noLog: true,
          exitFile: paths.exitFile,
          openStdin: exec.config.attachStdin,
          stdinOnce: exec.config.attachStdin && !exec.config.tty,
          ...sizeOf(options, exec.config),
        },
      }),
    );
    const keeper = await connectKeeper(paths.keeperSocket);
    if (!keeper)
      throw new BerthError('internal', `exec ${exec.id}: its keeper ended before it could be asked to start`);
    undo.push('process', async () => {
      await keeper.signal(9).catch(() => {});
      keeper.close();
    });
    context.execs.put({ ...exec, status: 'running', pid: launched.pid });
    await options.client?.join(paths.keeperSocket);
    await keeper.start();
    watchExec(context, exec.id, keeper);
  } catch (error) {
    options.client?.drop();
    for (const leftover of await undo.unwind())
      context.options.log(`exec ${exec.id}: after a failed start: ${leftover}`);
    const code = (error as { exitCode?: unknown }).exitCode;
    const exitCode = typeof code === 'number' ? code : 126;
    context.execs.put({ ...exec, status: 'exited', exitCode, endedAt: Date.now() });
    throw error instanceof ExecError ? execFailure(error, exec.config.args[0] ?? '', 'exec') : error;
  }
}

function sizeOf(
  { rows = 0, columns = 0 }: { rows?: number; columns?: number },
  { consoleSize = [0, 0] }: ExecConfig,
): { rows?: number; columns?: number } {
  if (rows > 0 && columns > 0) return { rows, columns };
  return consoleSize[0] > 0 && consoleSize[1] > 0 ? { rows: consoleSize[0], columns: consoleSize[1] } : {};
}

function processOf(
  context: Context,
  record: ContainerRecord,
  config: ExecConfig,
  spec: OciSpec,
  userFiles: { passwd: string; group: string },
): ReturnType<typeof buildExecProcess> {
  if (config.cwd !== '' && !config.cwd.startsWith('/'))
    throw invalid('OCI runtime exec failed: exec failed: Cwd must be an absolute path: unknown');
  const user = resolveUser(config.user || record.config.User, userFiles, record.hostConfig.GroupAdd ?? []);
  // The container's own environment with the exec's lines over it.
  const env = environmentOf(
    { Env: [...record.config.Env, ...config.env], Tty: config.tty },
    record.config.Hostname,
    user.home,
  );
  return buildExecProcess(
    spec,
    {
      args: config.args,
      env,
      cwd: config.cwd || spec.process.cwd,
      tty: config.tty,
      noNewPrivileges: false,
      rlimits: [],
      user: { uid: user.uid, gid: user.gid, additionalGids: user.groups },
      oomScoreAdj: record.hostConfig.OomScoreAdj,
    },
    context.host,
    config.privileged,
  );
}

/** Follows a running exec to its end; also used when a new engine finds one that runs. */
export function watchExec(context: Context, id: string, keeper: Keeper): void {
  const live = context.execs.live.get(id) ?? { pending: new Set() };
  context.execs.live.set(id, live);
  live.keeper = keeper;
  live.ended = keeper.exit
    .then((exit) => (context.closing.aborted ? undefined : settleExec(context, id, exit)))
    .catch((error: unknown) => context.options.log(`exec ${id}: recording its end: ${messageOf(error)}`));
}

export async function settleExec(context: Context, id: string, told: ExitRecord | undefined): Promise<void> {
  const exec = context.execs.get(id);
  context.execs.live.get(id)?.keeper?.close();
  context.execs.live.delete(id);
  if (!exec) return;
  const exit = told ?? (await readExit(pathsOf(context, exec).exitFile));
  const ended = context.execs.put({ ...exec, status: 'exited', pid: exec.pid, exitCode: exit?.exitCode ?? 137, endedAt: Date.now() });
  const record = context.records.get(exec.container);
  if (record) tell(context, record, 'exec_die', { execID: id, exitCode: String(ended.exitCode) });
  await files.remove(pathsOf(context, exec).directory);
}

export function resizeExec(context: Context, reference: string, rows: number, columns: number): void {
  const exec = context.execs.find(reference);
  const keeper = context.execs.live.get(exec.id)?.keeper;
  if (!keeper) throw notFound('no such exec');
  keeper.resize(rows, columns);
}

/** What Docker lacks: a signal to an exec's process alone. */
export async function killExec(context: Context, reference: string, signal: string): Promise<void> {
  const exec = context.execs.find(reference);
  const { keeper } = context.execs.live.get(exec.id) ?? {};
  if (exec.status !== 'running' || !keeper) throw conflict(`exec ${exec.id} is not running`);
  await keeper.signal(parseSignal(signal || 'KILL'));
}

/** Finds the execs of an engine before this one: those that run are followed, those that ended get their code. */
export async function recoverExecs(context: Context): Promise<void> {
  for (const exec of context.execs.all()) {
    if (exec.status !== 'running') continue;
    const keeper = await connectKeeper(pathsOf(context, exec).keeperSocket);
    if (keeper) watchExec(context, exec.id, keeper);
    else await settleExec(context, exec.id, undefined);
  }
}
