import type { ChildProcess } from 'node:child_process';
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { Server } from 'node:net';
import { BerthError } from '../model/errors.ts';

/** A name server's sockets in a container's network namespace, served by this process. */
export interface NameServerSockets {
  readonly udp: DatagramSocket;
  /** Nothing is read from `udp` until `resume`: what comes meanwhile and exceeds the kernel's buffer is lost. */
  pause(): void;
  resume(): void;
  readonly tcp: Server;
  /** Both have it; 53 where no NAT leads there. */
  readonly port: number;
}

export type ReceivedPair = Omit<NameServerSockets, 'port'>;

/** What Node makes of a datagram socket's descriptor, before it is a dgram.Socket. */
interface DatagramHandle {
  recvStart(): number;
  recvStop(): number;
}

/** Sockets that the helper opened elsewhere and sent here over the channel that Node keeps to its children. */
export class ReceivedSockets {
  readonly #arrived = new Map<number, Partial<ReceivedPair>>();
  readonly #awaited = new Map<number, { resolve(pair: ReceivedPair): void; reject(error: Error): void }>();
  #gone = false;

  constructor(child: ChildProcess) {
    child.on('message', (message, handle) => this.#take((message as { id: number }).id, handle));
    child.once('disconnect', () => this.#fail());
  }

  /** The two sockets that came, or will come, with the answer to this request. */
  pair(id: number): Promise<ReceivedPair> {
    return new Promise((resolve, reject) => {
      this.#awaited.set(id, { resolve, reject });
      if (this.#gone) this.#fail();
      else this.#settle(id);
    });
  }

  #take(id: number, handle: unknown): void {
    const arrived = this.#arrived.get(id) ?? {};
    if (handle instanceof Server) this.#arrived.set(id, { ...arrived, tcp: handle });
    else if (isDatagramHandle(handle)) this.#arrived.set(id, { ...arrived, ...openDatagrams(handle) });
    this.#settle(id);
  }

  #settle(id: number): void {
    const { udp, tcp, pause, resume } = this.#arrived.get(id) ?? {};
    const waiter = this.#awaited.get(id);
    if (!udp || !tcp || !pause || !resume || !waiter) return;
    this.#arrived.delete(id);
    this.#awaited.delete(id);
    waiter.resolve({ udp, tcp, pause, resume });
  }

  #fail(): void {
    this.#gone = true;
    const error = new BerthError('unavailable', 'berth-helper ended; try again');
    for (const { reject } of this.#awaited.values()) reject(error);
    this.#awaited.clear();
    for (const { udp, tcp } of this.#arrived.values()) {
      udp?.close();
      tcp?.close();
    }
    this.#arrived.clear();
  }
}

const isDatagramHandle = (handle: unknown): handle is DatagramHandle =>
  typeof (handle as Partial<DatagramHandle> | undefined)?.recvStop === 'function';

function openDatagrams(handle: DatagramHandle): Omit<ReceivedPair, 'tcp'> {
  const udp = createSocket('udp4');
  udp.bind(handle as never); // it is bound already; this starts the reading
  const state = { open: true };
  udp.once('close', () => (state.open = false));
  return {
    udp,
    pause: () => void (state.open && handle.recvStop()),
    resume: () => void (state.open && handle.recvStart()),
  };
}
