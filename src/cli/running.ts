/** A container at the terminal, which run, start and attach share: streams, signals, size, and the exit code. */
import type { ContainerWaitResponse } from '../api/wire/docker.ts';
import type { Client } from './client.ts';
import { containerPath, textOf } from './client.ts';
import type { Cli } from './context.ts';
import { parseDetachKeys } from './detach-keys.ts';
import { ExitError } from './errors.ts';
import { detachedNote, openSession } from './session.ts';
import { proxySignals } from './signals.ts';
import { followSize } from './tty.ts';

export interface Attachment {
  readonly container: string;
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly detachKeys: string | undefined;
  readonly passSignals: boolean;
  readonly condition: 'next-exit' | 'removed' | 'not-running';
  /** Starts the container, where it doesn't run yet. */
  begin?(): Promise<void>;
}

/**
 * Attach, wait, start: in this order neither output nor exit code can be missed. Resolves to the container's exit code,
 * or 0 when the user typed the keys that leave it running.
 */
export async function runAtTerminal(cli: Cli, attachment: Attachment): Promise<number> {
  const { container, tty, stdin, stdout, stderr, detachKeys } = attachment;
  const path = `/containers/${container}`;
  if (detachKeys !== undefined) parseDetachKeys(detachKeys);
  const passSignals = attachment.passSignals ? proxySignals(cli.client, container) : undefined;
  const query = { stream: true, stdin, stdout, stderr, detachKeys };
  let stopFollowing: (() => void) | undefined;
  let waiting: Waiting | undefined;
  const wantsStreams = stdin || stdout || stderr;
  const connection = wantsStreams ? await cli.client.hijack(`${path}/attach`, query) : undefined;
  const session = connection === undefined ? undefined : openSession(cli, connection, { tty, stdin, detachKeys });
  try {
    waiting = await waitFor(cli.client, container, attachment.condition);
    await attachment.begin?.();
    passSignals?.();
    if (tty) stopFollowing = followSize(cli.stdout, (rows, columns) => resize(cli.client, path, rows, columns));
    const how = await session?.done;
    if (how !== 'detached') return await waiting.code;
    session?.close();
    cli.warn(detachedNote);
    return 0;
  } finally {
    stopFollowing?.();
    session?.close();
    waiting?.close();
  }
}

interface Waiting {
  readonly code: Promise<number>;
  close(): void;
}

/** Asks for the exit code before there is one: the engine has taken the question when this resolves. */
export async function waitFor(client: Client, container: string, condition: string): Promise<Waiting> {
  const path = containerPath(container, 'wait');
  const response = await client.send('POST', path, { condition });
  const code = textOf(response).then((text) => {
    const { StatusCode, Error: error } = JSON.parse(text) as ContainerWaitResponse;
    if (error !== undefined && error !== null && error.Message !== '') throw new ExitError(error.Message, 125);
    return StatusCode;
  });
  code.catch(() => undefined);
  return { code, close: () => void response.socket.destroy() };
}

export async function resize(client: Client, path: string, rows: number, columns: number): Promise<void> {
  await client.post(`${path}/resize`, { h: rows, w: columns });
}

/** A terminal inside needs one outside to be typed at. */
export function checkTerminal(cli: Cli, stdin: boolean, tty: boolean): void {
  if (stdin && tty && !cli.stdin.isTTY) {
    throw new ExitError('the input device is not a TTY: leave out -t, or run it from a terminal', 1);
  }
}
