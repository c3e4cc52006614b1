import { Transform, type TransformCallback } from 'node:stream';
import { createWebSocketStream, WebSocketServer, type WebSocket } from 'ws';
import { tell } from '../engine/context.ts';
import { logsUpTo } from '../engine/logs.ts';
import { invalid } from '../model/errors.ts';
import { parseDetachKeys } from './detach-keys.ts';
import { stream } from './hijack.ts';
import type { Call } from './request.ts';

const server = new WebSocketServer({ noServer: true, maxPayload: 1 << 20 });

/**
 * GET /containers/{id}/attach/ws: output as binary messages, stdin the other way. As with Docker stdout and stderr come
 * bare and mixed: a message has no frame inside.
 */
export async function attachWebSocket(call: Call): Promise<void> {
  const record = call.engine.find(call.params.id ?? '');
  const { request, upgraded, query } = call;
  if (!upgraded || request.headers.upgrade?.toLowerCase() !== 'websocket') throw invalid('not websocket protocol');
  const detachKeys = parseDetachKeys(query.text('detachKeys'));
  const named = ['stdin', 'stdout', 'stderr'].some((name) => query.text(name) !== undefined);
  const streams = {
    stdin: query.flag('stdin', !named),
    stdout: query.flag('stdout', !named),
    stderr: query.flag('stderr', !named),
  };
  const { Tty: tty, OpenStdin: openStdin } = record.config;
  const attachment = call.engine.attach(record.id, streams);
  const socket = await new Promise<WebSocket | undefined>((resolve) => {
    // A handshake that isn't one is answered by the server, and nobody else hears of it.
    call.gone.addEventListener('abort', () => resolve(undefined), { once: true });
    server.handleUpgrade(request, upgraded.socket, upgraded.head, resolve);
  });
  if (!socket) {
    attachment.cancel();
    return;
  }
  const client = createWebSocketStream(socket);
  client.on('error', () => {});
  const bare = tty ? client : new Unframe();
  if (bare !== client) bare.pipe(client);
  const logOptions = { stdout: streams.stdout, stderr: streams.stderr, follow: false, timestamps: false };
  await stream({ input: client, output: bare, connection: client }, attachment, {
    tty,
    stdin: streams.stdin && openStdin,
    detachKeys,
    detached: () => tell(call.engine.context, record, 'detach'),
    ...(query.flag('logs')
      ? { before: (position) => logsUpTo(call.engine.context, record, logOptions, position) }
      : {}),
  });
}

const headSize = 8;

/** Takes the frames off Docker's wire format: only what they hold is passed. */
class Unframe extends Transform {
  #head: Buffer = Buffer.alloc(0);
  #left = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#left > 0) {
        const data = chunk.subarray(at, at + this.#left);
        this.push(data);
        this.#left -= data.length;
        at += data.length;
        continue;
      }
      const more = chunk.subarray(at, at + headSize - this.#head.length);
      this.#head = Buffer.concat([this.#head, more]);
      at += more.length;
      if (this.#head.length < headSize) break;
      this.#left = this.#head.readUInt32BE(4);
      this.#head = Buffer.alloc(0);
    }
    done();
  }
}
