/** One attached container or exec: its streams joined to the terminal's. */
import type { Cli } from './context.ts';
import { DetachScanner, parseDetachKeys } from './detach-keys.ts';
import { ExitError } from './errors.ts';
import { FrameReader } from './frames.ts';
import { drained } from './http.ts';
import type { HttpResponse } from './http.ts';
import { rawMode } from './tty.ts';

export interface SessionOptions {
  /** The other side has a terminal: one raw stream, keys instead of lines. */
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly detachKeys?: string | undefined;
}

/** What Docker says when the keys that detach were typed. */
export const detachedNote = 'read escape sequence';

export interface Session {
  /** The output has come to its end, or the user left. */
  readonly done: Promise<'ended' | 'detached'>;
  /** Give the terminal back. */
  close(): void;
}

/** Joins the streams of a hijacked connection to the terminal's. */
export function openSession(cli: Cli, connection: HttpResponse, options: SessionOptions): Session {
  const restore = options.tty && options.stdin ? rawMode(cli.stdin) : () => undefined;
  const left = options.stdin ? sendInput(cli, connection, options) : new Promise<never>(() => undefined);
  const output = copyOutput(cli, connection.body, options.tty).then(() => 'ended' as const);
  const done = Promise.race([output, left]);
  // Given up before anybody awaited it, it is nobody's failure.
  done.catch(() => undefined);
  return {
    done,
    close() {
      restore();
      if (options.stdin) cli.stdin.destroy();
      connection.socket.destroy();
    },
  };
}

/** Stdout and stderr of a container, from the wire to where they belong. */
export async function copyOutput(cli: Cli, body: AsyncIterable<Buffer>, raw: boolean): Promise<void> {
  if (raw) {
    for await (const chunk of body) await cli.put(cli.stdout, chunk);
    return;
  }
  const frames = new FrameReader();
  for await (const chunk of body) {
    for (const { stream, data } of frames.read(chunk)) {
      if (stream === 3) throw new ExitError(`error from daemon in stream: ${data.toString()}`, 1);
      await cli.put(stream === 2 ? cli.stderr : cli.stdout, data);
    }
  }
}

/** Resolves when the user typed the keys that detach; otherwise never: the end of the input isn't the end. */
function sendInput(cli: Cli, { socket }: HttpResponse, { tty, detachKeys = '' }: SessionOptions): Promise<'detached'> {
  const scanner = tty ? new DetachScanner(parseDetachKeys(detachKeys)) : undefined;
  const { stdin } = cli;
  return new Promise((resolve) => {
    stdin.on('data', (chunk: Buffer) => {
      const { data, detached } = scanner?.scan(chunk) ?? { data: chunk, detached: false };
      if (detached) return resolve('detached');
      if (data.length === 0 || !socket.writable || socket.write(data)) return;
      stdin.pause();
      void drained(socket).then(() => stdin.resume());
    });
    // Half-close: the process sees the end of its input while its output goes on.
    stdin.on('end', () => socket.end());
    stdin.on('error', () => socket.end());
  });
}
