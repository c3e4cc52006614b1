import { connectTcp, connectUdp } from '../../host/sockets.ts';
import { frame, MessageReader } from './framing.ts';
import type { Upstream } from './forward.ts';

const port = 53;

/** Asks from the host's namespace, each question from a socket of its own, so from a port that nobody can foresee. */
export const hostUpstream: Upstream = {
  ask: (protocol, server, message, isAnswer, milliseconds) => (protocol === 'udp' ? askUdp : askTcp)(
    server, message, isAnswer, AbortSignal.timeout(milliseconds),
  ),
};

async function askUdp(
  address: string, message: Buffer, isAnswer: (bytes: Buffer) => boolean, deadline: AbortSignal,
): Promise<Buffer | undefined> {
  const socket = await connectUdp({ address, port }).catch(() => undefined);
  if (!socket) return undefined;
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  socket.on('message', (bytes) => {
    if (isAnswer(bytes)) resolve(bytes);
  });
  // Nobody listens there.
  socket.on('error', () => resolve(undefined));
  deadline.addEventListener('abort', () => resolve(undefined));
  socket.send(message, (error) => error && resolve(undefined));
  return promise.finally(() => socket.close());
}

async function askTcp(
  address: string, message: Buffer, isAnswer: (bytes: Buffer) => boolean, deadline: AbortSignal,
): Promise<Buffer | undefined> {
  const socket = connectTcp({ address, port });
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  const reader = new MessageReader();
  socket.on('data', (chunk: Buffer) => {
    for (const bytes of reader.take(chunk)) if (isAnswer(bytes)) resolve(bytes);
  });
  socket.on('error', () => resolve(undefined)).on('close', () => resolve(undefined));
  deadline.addEventListener('abort', () => resolve(undefined));
  socket.write(frame(message));
  return promise.finally(() => socket.destroy());
}
