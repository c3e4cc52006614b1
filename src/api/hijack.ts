import { PassThrough, type Duplex, type Readable } from 'node:stream';
import type { AttachedStream, Attachment } from '../engine/attach.ts';
import { DetachScanner } from './detach-keys.ts';
import type { Call } from './request.ts';
import { streamType } from './version.ts';

export interface StreamOptions {
  readonly tty: boolean;
  readonly stdin: boolean;
  /** With a terminal: the bytes that detach, and who is told when they came. */
  readonly detachKeys?: Buffer;
  readonly detached?: () => void;
  /** Sent before the live stream (the log so far). */
  readonly before?: (position: AttachedStream['position']) => AsyncIterable<Buffer>;
  /** Sent after the stream: what went wrong with a program that could not be started. */
  readonly last?: Promise<Buffer | undefined>;
}

/** The client's two directions, whichever way the connection was taken over. */
interface Client {
  readonly input: Readable;
  readonly output: NodeJS.WritableStream & { destroy(): void; readonly destroyed?: boolean };
  /** What closes when the client is gone. A request's body is closed as soon as it was read. */
  readonly connection: NodeJS.EventEmitter;
}

/**
 * Takes the connection over: `101 UPGRADED` where the client asked for it, else `200` and the bare stream. From here on
 * errors can't be told as a status.
 */
export function takeOver(call: Call, tty: boolean): Client {
  const type = streamType(call.version, tty);
  if (call.upgraded) {
    const { socket, head } = call.upgraded;
    call.request.resume();
    call.watch?.add(socket);
    if (head.length > 0) socket.unshift(head);
    socket.write(`HTTP/1.1 101 UPGRADED\r\nContent-Type: ${type}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`);
    return { input: socket, output: socket, connection: socket };
  }
  const { response, request } = call;
  if (!response) throw new Error('a request has either a response or an upgraded socket');
  // A bare stream ends with the connection; chunks would be a framing that clients don't expect here.
  response.writeHead(200, { 'Content-Type': type, Connection: 'close', 'Transfer-Encoding': 'identity' });
  response.flushHeaders();
  return { input: request, output: response, connection: response };
}

/**
 * Joins client and process: both directions with back-pressure, each closed for itself, until the process's side ends.
 */
export async function stream(client: Client, attachment: Attachment, options: StreamOptions): Promise<void> {
  const { input, output, connection } = client;
  const dropped = new Promise<void>((resolve) => void connection.once('close', resolve));
  for (const side of [input, output] as NodeJS.EventEmitter[]) side.on('error', () => {});
  const detached = Promise.withResolvers<void>();
  const leave = (): void => {
    output.end();
    options.detached?.();
    // What was typed before the keys still arrives.
    typed.once('end', () => setImmediate(detached.resolve));
    if (!typed.readableFlowing) detached.resolve();
  };
  // What the client types before there is a process waits here, and no further than a pipe's worth.
  const typed = new PassThrough();
  const scanned =
    options.tty && options.stdin && options.detachKeys
      ? input.pipe(new DetachScanner(options.detachKeys, leave))
      : input;
  if (options.stdin) scanned.pipe(typed);
  else input.resume();

  const left = Promise.race([dropped, detached.promise]);
  const attached = await Promise.race([attachment.joined, left.then(() => undefined)]);
  const finish = async (): Promise<void> => {
    const last = await Promise.race([options.last, dropped.then(() => undefined)]);
    if (last) output.write(last);
    output.end();
  };
  if (!attached) {
    attachment.cancel();
    await finish();
    return;
  }
  const process: Duplex = attached.stream;
  process.on('error', () => {});
  try {
    if (options.before) {
      for await (const chunk of options.before(attached.position)) {
        if (!output.write(chunk))
          await Promise.race([new Promise((resolve) => output.once('drain', resolve)), dropped]);
      }
    }
    if (options.stdin) typed.pipe(process);
    else process.end();
    process.pipe(output, { end: false });
    const finished = new Promise<void>((resolve) => process.once('end', resolve).once('close', resolve));
    await Promise.race([finished.then(finish), left]);
  } finally {
    typed.unpipe(process);
    process.unpipe(output as NodeJS.WritableStream);
    // The client left, or the process did: neither holds the other.
    if (!process.readableEnded) process.destroy();
  }
}
