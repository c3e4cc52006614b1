import { createConnection, type Socket } from 'node:net';

/** A frame of the keeper's protocol, as drawn in runtime/protocol.h: `{ u8 kind, u8[3], u32 length, payload }`. */
export interface KeeperFrame {
  readonly kind: string;
  readonly payload: Buffer;
}

export function keeperFrame(kind: string, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(8);
  head.write(kind, 0, 1, 'latin1');
  head.writeUInt32LE(payload.length, 4);
  return Buffer.concat([head, payload]);
}

/** Takes the whole frames off the front of `data`. */
export function splitFrames(data: Buffer): { frames: KeeperFrame[]; rest: Buffer } {
  const frames: KeeperFrame[] = [];
  let at = 0;
  while (data.length - at >= 8) {
    const length = data.readUInt32LE(at + 4);
    if (data.length - at - 8 < length) break;
    frames.push({ kind: data.toString('latin1', at, at + 1), payload: data.subarray(at + 8, at + 8 + length) });
    at += 8 + length;
  }
  return { frames, rest: data.subarray(at) };
}

/**
 * Connects to a keeper, says hello, and gives the answer and the socket, paused, with whatever came after the
 * answer put back. Rejects with ENOENT or ECONNREFUSED where no keeper is.
 */
export function openKeeper(path: string, hello: Buffer): Promise<{ answer: KeeperFrame; socket: Socket }> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path, allowHalfOpen: true });
    let got: Buffer = Buffer.alloc(0);
    const settle = (done: () => void): void => {
      socket.off('data', onData).off('end', onEnd).off('error', onError);
      socket.pause();
      done();
    };
    const onData = (chunk: Buffer): void => {
      got = got.length === 0 ? chunk : Buffer.concat([got, chunk]);
      if (got.length < 8 || got.length < 8 + got.readUInt32LE(4)) return;
      const length = got.readUInt32LE(4);
      const answer = { kind: got.toString('latin1', 0, 1), payload: got.subarray(8, 8 + length) };
      settle(() => {
        if (got.length > 8 + length) socket.unshift(got.subarray(8 + length));
        resolve({ answer, socket });
      });
    };
    const onError = (error: Error): void => settle(() => reject(error));
    const onEnd = (): void => settle(() => (socket.destroy(), reject(Object.assign(new Error(`keeper at ${path} hung up`), { code: 'ECONNREFUSED' }))));
    socket.on('data', onData).on('end', onEnd).on('error', onError);
    socket.on('error', () => {}); // a keeper that is killed resets the stream: its reader sees 'close'
    socket.on('end', () => socket.end()); // the keeper waits for this before it goes
    socket.write(hello);
  });
}
