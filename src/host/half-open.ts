import type { Duplex } from 'node:stream';
import type { Helper } from './helper.ts';

/**
 * Ends taken-over connections whose client is gone. A client that has closed its direction (no more input) and one that
 * has gone altogether look alike to Node until something is written, and a silent container may never write; the kernel
 * knows, and the helper tells when it happens: nobody asks in between.
 */
export class HalfOpenWatch {
  readonly #helper: Pick<Helper, 'hungUp'>;

  constructor(helper: Pick<Helper, 'hungUp'>) {
    this.#helper = helper;
  }

  add(socket: Duplex): void {
    socket.once('end', () => void this.#watch(socket));
  }

  async #watch(socket: Duplex): Promise<void> {
    const closed = new AbortController();
    socket.once('close', () => closed.abort());
    // Node shows the number nowhere else. Without one, a write will tell.
    const descriptor = (socket as { _handle?: { fd?: number } | null })._handle?.fd;
    if (socket.destroyed || descriptor === undefined || descriptor < 0) return;
    for (let tries = 0; tries < 2 && !closed.signal.aborted; tries++) {
      try {
        await this.#helper.hungUp(descriptor, closed.signal);
        socket.destroy();
        return;
      } catch {
        // A helper that ended is started again by the next request.
      }
    }
  }
}
