import { createWebSocketStream, WebSocketServer } from 'ws';
import { invalid } from '../model/errors.ts';
import type { Call } from './request.ts';

const server = new WebSocketServer({ noServer: true, maxPayload: 1 << 20 });

/** GET /containers/{id}/attach/ws: the wire stream as binary messages, stdin the other way. */
export async function attachWebSocket(call: Call): Promise<void> {
  const record = call.engine.find(call.params.id ?? '');
  const { request, upgraded } = call;
  if (!upgraded) throw invalid('attach/ws: a WebSocket upgrade is expected');
  const streams = {
    stdin: call.query.flag('stdin', true),
    stdout: call.query.flag('stdout', true),
    stderr: call.query.flag('stderr', true),
  };
  const attachment = call.engine.attach(record.id, streams);
  const client = await new Promise<ReturnType<typeof createWebSocketStream>>((resolve) => {
    server.handleUpgrade(request, upgraded.socket, upgraded.head, (socket) => resolve(createWebSocketStream(socket)));
  });
  client.on('error', () => {});
  client.once('close', () => attachment.cancel());
  const attached = await attachment.joined;
  if (!attached) {
    client.end();
    return;
  }
  attached.stream.on('error', () => {});
  client.once('close', () => attached.stream.destroy());
  if (streams.stdin) client.pipe(attached.stream);
  else client.resume();
  attached.stream.pipe(client);
}
