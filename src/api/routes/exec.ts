import { readJson, type Call } from '../request.ts';
import { parseDetachKeys } from '../detach-keys.ts';
import { stream, takeOver } from '../hijack.ts';
import type { Route } from '../server.ts';
import { checkShape } from '../wire/shape.ts';
import { size } from './containers.ts';
import { Waiting } from '../../engine/attach.ts';
import { tell } from '../../engine/context.ts';
import { checkStartable, killExec, startExec } from '../../engine/exec.ts';
import { frame } from '../../engine/log-format.ts';
import { messageOf } from '../../model/errors.ts';

const id = (call: Call): string => call.params.id ?? '';

async function createHandler(call: Call): Promise<{ status: number; body: unknown }> {
  const f = checkShape(
    await readJson(call),
    {
      AttachStdin: 'boolean',
      AttachStdout: 'boolean',
      AttachStderr: 'boolean',
      DetachKeys: 'string',
      Tty: 'boolean',
      Env: 'strings',
      Cmd: 'strings',
      Privileged: 'boolean',
      User: 'string',
      WorkingDir: 'string',
      ConsoleSize: 'pair',
    },
    '',
  );
  parseDetachKeys(f.DetachKeys, 'escape');
  const execId = call.engine.createExec(id(call), {
    args: (f.Cmd as string[] | undefined) ?? [],
    env: (f.Env as string[] | undefined) ?? [],
    user: f.User as string,
    cwd: f.WorkingDir as string,
    tty: f.Tty as boolean,
    privileged: f.Privileged as boolean,
    attachStdin: f.AttachStdin as boolean,
    attachStdout: f.AttachStdout as boolean,
    attachStderr: f.AttachStderr as boolean,
    detachKeys: f.DetachKeys as string,
    ...(f.ConsoleSize ? { consoleSize: f.ConsoleSize } : {}),
  });
  return { status: 201, body: { Id: execId } };
}

async function startHandler(call: Call): Promise<{ status: number } | void> {
  const f = checkShape(await readJson(call), { Detach: 'boolean', Tty: 'boolean', ConsoleSize: 'pair' }, '');
  const exec = call.engine.findExec(id(call));
  const [rows, columns] = (f.ConsoleSize as [number, number] | undefined) ?? [0, 0];
  const terminal = rows > 0 && columns > 0 ? { rows, columns } : {};
  if (f.Detach) {
    await startExec(call.engine.context, exec.id, terminal);
    return { status: 200 };
  }
  checkStartable(call.engine.context, exec);
  const { config } = exec;
  const keys = parseDetachKeys(config.detachKeys);
  const waiting = new Waiting({ stdin: config.attachStdin, stdout: config.attachStdout, stderr: config.attachStderr });
  const client = takeOver(call, config.tty);
  // From here on a failure can't be a status: as with Docker its text is the output, and the exit code tells.
  const last = startExec(call.engine.context, exec.id, { client: waiting, ...terminal }).then(
    () => undefined,
    (error: unknown) => {
      const text = Buffer.from(`${messageOf(error)}\r\n`);
      return config.tty ? text : frame('stdout', text);
    },
  );
  const detached = (): void => {
    const record = call.engine.context.records.get(exec.container);
    if (record) tell(call.engine.context, record, 'exec_detach', { execID: exec.id });
  };
  await stream(client, waiting, { tty: config.tty, stdin: config.attachStdin, detachKeys: keys, detached, last });
}

export const execRoutes: readonly Route[] = [
  { method: 'POST', path: '/containers/:id/exec', handler: createHandler },
  { method: 'POST', path: '/exec/:id/start', handler: startHandler, hijacks: true },
  {
    method: 'GET',
    path: '/exec/:id/json',
    handler: (call) => {
      const exec = call.engine.findExec(id(call));
      const { config } = exec;
      const [entrypoint = '', ...args] = config.args;
      return {
        status: 200,
        body: {
          ID: exec.id,
          Running: exec.status === 'running',
          ExitCode: exec.exitCode,
          CanRemove: false,
          // Bytes are base64 in Go's JSON.
          DetachKeys: config.detachKeys ? parseDetachKeys(config.detachKeys).toString('base64') : '',
          ProcessConfig: {
            tty: config.tty,
            entrypoint,
            arguments: args,
            privileged: config.privileged,
            ...(config.user ? { user: config.user } : {}),
          },
          OpenStdin: config.attachStdin,
          OpenStderr: config.attachStderr,
          OpenStdout: config.attachStdout,
          ContainerID: exec.container,
          Pid: exec.pid,
        },
      };
    },
  },
  {
    method: 'POST',
    path: '/exec/:id/kill',
    handler: async (call) => {
      await killExec(call.engine.context, id(call), call.query.text('signal') ?? '');
      return { status: 204 };
    },
  },
  {
    method: 'POST',
    path: '/exec/:id/resize',
    handler: (call) => {
      call.engine.resizeExec(id(call), size(call, 'h'), size(call, 'w'));
      return { status: 201 };
    },
  },
];
