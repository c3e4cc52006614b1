import type { ExecCreateRequest, ExecInspect } from '../../api/wire/docker.ts';
import { containerPath } from '../client.ts';
import type { Cli } from '../context.ts';
import { environmentOf } from '../create/environment.ts';
import { parseDetachKeys } from '../detach-keys.ts';
import { ApiError, ExitError } from '../errors.ts';
import { list, maybeText, text, toggle } from '../flags.ts';
import { checkTerminal, resize } from '../running.ts';
import { detachedNote, openSession } from '../session.ts';
import { consoleSize, followSize } from '../tty.ts';
import { verb } from '../verb.ts';
import { startCode } from './run.ts';

export default verb({
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  about: 'Run a command in a running container.',
  examples: [
    ['exec -it site sh', 'A shell in a running container'],
    ['exec -u 1000 -w /tmp -e A=b site env', 'As another user, elsewhere, with a variable'],
  ],
  flags: {
    detach: toggle('-d, --detach', 'Run it in the background'),
    detachKeys: maybeText('--detach-keys <keys>', 'Keys that detach (default ctrl-p,ctrl-q)'),
    env: list('-e, --env <NAME=value>', 'Set a variable; NAME alone takes it from here'),
    envFile: list('--env-file <file>', 'Read variables from a file'),
    interactive: toggle('-i, --interactive', 'Keep stdin open'),
    privileged: toggle('--privileged', 'Give it nearly all that root on the host has'),
    tty: toggle('-t, --tty', 'Give it a terminal'),
    user: text('-u, --user <user[:group]>', 'User, by name or number'),
    workdir: text('-w, --workdir <path>', 'Working directory'),
  },
  stopAtFirst: true,
  least: 2,
  async run(cli, options, [container = '', ...command]) {
    const { detach, detachKeys, interactive, tty } = options;
    if (!detach) checkTerminal(cli, interactive, tty);
    if (detachKeys !== undefined) parseDetachKeys(detachKeys);
    const size = tty && cli.stdout.isTTY ? { ConsoleSize: consoleSize(cli.stdout) } : {};
    const body: ExecCreateRequest = {
      User: options.user,
      Privileged: options.privileged,
      Tty: tty,
      AttachStdin: interactive && !detach,
      AttachStdout: !detach,
      AttachStderr: !detach,
      DetachKeys: detachKeys ?? '',
      Env: environmentOf(options.envFile, options.env, process.env),
      WorkingDir: options.workdir,
      Cmd: command,
      ...size,
    };
    const { Id } = await cli.client.post<{ Id: string }>(containerPath(container, 'exec'), {}, body);
    if (detach) {
      await cli.client.post(`/exec/${Id}/start`, {}, { Detach: true, Tty: tty, ...size }).catch(withCode);
      return 0;
    }
    return runAttached(cli, Id, body);
  },
});

async function runAttached(
  cli: Cli,
  id: string,
  { Tty: tty = false, AttachStdin: stdin = false, ...body }: ExecCreateRequest,
): Promise<number> {
  const size = body.ConsoleSize === undefined ? {} : { ConsoleSize: body.ConsoleSize };
  const start = { Detach: false, Tty: tty, ...size };
  const connection = await cli.client.hijack(`/exec/${id}/start`, {}, start).catch(withCode);
  const session = openSession(cli, connection, { tty, stdin, detachKeys: body.DetachKeys });
  try {
    const stopFollowing = tty ? followSize(cli.stdout, (h, w) => resize(cli.client, `/exec/${id}`, h, w)) : undefined;
    const how = await session.done;
    stopFollowing?.();
    if (how === 'detached') {
      session.close();
      cli.warn(detachedNote);
      return 0;
    }
    const { ExitCode, Running } = await cli.client.get<ExecInspect>(`/exec/${id}/json`);
    return Running ? 0 : (ExitCode ?? 0);
  } finally {
    session.close();
  }
}

function withCode(error: unknown): never {
  const code = error instanceof ApiError ? startCode(error.message) : 1;
  throw error instanceof ApiError && code !== 125 ? new ExitError(error.message, code) : error;
}
