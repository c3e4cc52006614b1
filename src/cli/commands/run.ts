import { unlinkSync, writeFileSync } from 'node:fs';
import { Buffer } from 'node:buffer';
import type { ContainerCreateRequest, ContainerCreateResponse } from '../../api/wire/docker.ts';
import { messageOf } from '../../model/errors.ts';
import type { Cli } from '../context.ts';
import { createBody } from '../create/body.ts';
import { containerFlags } from '../create/flags.ts';
import type { ContainerOptions } from '../create/flags.ts';
import { ApiError, ExitError, UsageError } from '../errors.ts';
import { toggle } from '../flags.ts';
import type { Values } from '../flags.ts';
import { familiarName, parseReference, withDefaultTag } from '../../model/reference.ts';
import { pullImage } from '../pulling.ts';
import { checkTerminal, runAtTerminal } from '../running.ts';
import { consoleSize } from '../tty.ts';
import { verb } from '../verb.ts';

const flags = {
  ...containerFlags,
  detach: toggle('-d, --detach', "Run in the background and print the container's id"),
  sigProxy: toggle('--sig-proxy', 'Pass signals on to the process', true),
};

export default verb({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  about: 'Create a container and start it.',
  examples: [
    ['run --rm -it busybox sh', 'A shell in a fresh container, removed afterwards'],
    ['run -d --name site -p 10080:80 web', 'A service whose port 80 is 10080 of this host'],
    ['run --rm -m 64m --cpus 0.5 -v /srv:/data:ro busybox ls /data', 'With limits, and a read-only directory'],
  ],
  flags,
  stopAtFirst: true,
  least: 1,
  failure: 125,
  run: runContainer,
});

async function runContainer(cli: Cli, options: Values<typeof flags>, args: string[]): Promise<number> {
  const body = bodyFrom(cli, options, args);
  if (options.detach) {
    if (options.attach.length > 0) {
      throw new UsageError('conflicting options: cannot specify both --attach and --detach');
    }
    Object.assign(body, { AttachStdin: false, AttachStdout: false, AttachStderr: false, StdinOnce: false });
    const { Id } = await createContainer(cli, options, body);
    await start(cli, Id);
    cli.line(Id);
    return 0;
  }
  checkTerminal(cli, body.AttachStdin === true, options.tty);
  const { Id } = await createContainer(cli, options, body);
  return runAtTerminal(cli, {
    container: Id,
    tty: options.tty,
    stdin: body.AttachStdin === true,
    stdout: body.AttachStdout === true,
    stderr: body.AttachStderr === true,
    detachKeys: options.detachKeys,
    passSignals: options.sigProxy,
    condition: options.rm ? 'removed' : 'next-exit',
    begin: () => start(cli, Id),
  });
}

/** Docker's numbers for what can't be executed: 127 not found, 126 found but of no use. */
async function start(cli: Cli, container: string): Promise<void> {
  try {
    await cli.client.post(`/containers/${container}/start`);
  } catch (error) {
    throw error instanceof ApiError ? new ExitError(error.message, startCode(error.message)) : error;
  }
}

export function startCode(message: string): 125 | 126 | 127 {
  if (/executable file not found|no such file or directory|\bENOENT\b/i.test(message)) return 127;
  if (/permission denied|is a directory|exec format error|\b(EACCES|EISDIR|ENOEXEC)\b/i.test(message)) return 126;
  return 125;
}

/** What the line says, as the engine wants to hear it. */
export function bodyFrom(cli: Cli, options: ContainerOptions, args: readonly string[]): ContainerCreateRequest {
  return createBody(options, args, {
    environment: process.env,
    workingDirectory: process.cwd(),
    consoleSize: options.tty ? consoleSize(cli.stdout) : [0, 0],
  });
}

/** Creates, pulling the image first where it has to. Writes the cidfile. */
export async function createContainer(
  cli: Cli,
  options: ContainerOptions,
  body: ContainerCreateRequest,
): Promise<ContainerCreateResponse> {
  const image = body.Image ?? '';
  const query = { name: options.name, platform: options.platform };
  const create = (): Promise<ContainerCreateResponse> => cli.client.post('/containers/create', query, body);
  const transfer = { out: cli.stderr, quiet: options.quiet, platform: options.platform };
  const keepId = reserveCidfile(options.cidfile);
  let created: ContainerCreateResponse | undefined;
  try {
    if (options.pull === 'always') await pullImage(cli, image, transfer);
    created = await create().catch(async (error: unknown) => {
      const isMissing = error instanceof ApiError && error.status === 404 && /no such image|does not match the specified platform/i.test(error.message);
      if (!isMissing || options.pull !== 'missing') throw error;
      if (!options.quiet) cli.warn(`Unable to find image '${shownName(image)}' locally`);
      await pullImage(cli, image, transfer);
      return create();
    });
  } finally {
    keepId(created?.Id);
  }
  for (const warning of created.Warnings ?? []) cli.warn(`WARNING: ${warning}`);
  return created;
}

function shownName(image: string): string {
  try {
    return familiarName(withDefaultTag(parseReference(image)));
  } catch {
    return image;
  }
}

/** Claims the file before anything is created, so that two runs can't share one; returns what fills or removes it. */
function reserveCidfile(path: string): (id: string | undefined) => void {
  if (path === '') return () => undefined;
  try {
    writeFileSync(path, Buffer.alloc(0), { flag: 'wx', mode: 0o644 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new UsageError(`container ID file found, make sure the other container isn't running or delete ${path}`);
    }
    throw new UsageError(`failed to create the container ID file: ${messageOf(error)}`);
  }
  return (id) => (id === undefined ? unlinkSync(path) : writeFileSync(path, id));
}
