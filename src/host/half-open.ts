import type { Duplex } from 'node:stream';
import type { Helper } from './helper.ts';

const interval = 2_000;
/** As many as one question to the helper takes. */
const most = 500;

/**
 * Ends taken-over connections whose client is gone. A client that has closed its direction (no more input) and one that
 * has gone altogether look alike until something is written, and a silent container may never write; the kernel knows.
 */
export class HalfOpenWatch {
  readonly #helper: Pick<Helper, 'hungUp'>;
  readonly #sockets = new Set<Duplex>();
  #timer: NodeJS.Timeout | undefined;

  constructor(helper: Pick<Helper, 'hungUp'>) {
    this.#helper = helper;
  }

  add(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size === 0) this.stop();
    });
    this.#timer ??= setInterval(() => void this.check().catch(() => {}), interval).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async check(): Promise<void> {
    const half = new Map<number, Duplex>();
    for (const socket of this.#sockets) {
      const descriptor = (socket as { _handle?: { fd?: number } | null })._handle?.fd;
      if (socket.readableEnded && !socket.destroyed && descriptor !== undefined && half.size < most)
        half.set(descriptor, socket);
    }
    if (half.size === 0) return;
    for (const descriptor of await this.#helper.hungUp([...half.keys()])) {
      const socket = half.get(descriptor);
      // The number may belong to another connection by now.
      if ((socket as { _handle?: { fd?: number } | null } | undefined)?._handle?.fd === descriptor) socket?.destroy();
    }
  }
}
