import type { Duplex } from 'node:stream';
import { isAlive, type ContainerRecord } from '../model/container.ts';
import { conflict } from '../model/errors.ts';
import { attachKeeper, type LogPosition } from '../runtime/launch.ts';
import { pathsOf, tell, type Context } from './context.ts';
import type { PendingAttach } from './live.ts';

export interface AttachStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** What a client of attach or exec sees: Docker's wire stream to read, stdin to write. */
export interface AttachedStream {
  readonly stream: Duplex;
  /** Where in the log the stream begins. */
  readonly position: LogPosition;
}

/**
 * A stream that comes when there is a process: at once for a running container, before its first byte for one to be
 * started.
 */
export interface Attachment {
  /** Undefined when there will be none: the start failed, or the container was removed. */
  readonly joined: Promise<AttachedStream | undefined>;
  /** The client has gone before it was joined. */
  cancel(): void;
}

/** A client that waits for a process. `join` is called with the keeper's socket. */
export class Waiting implements PendingAttach, Attachment {
  readonly joined: Promise<AttachedStream | undefined>;
  readonly #resolve: (value: AttachedStream | undefined) => void;
  readonly #streams: AttachStreams;
  #over = false;
  readonly #forget: () => void;

  constructor(streams: AttachStreams, forget: () => void = () => {}) {
    const { promise, resolve } = Promise.withResolvers<AttachedStream | undefined>();
    this.joined = promise;
    this.#resolve = resolve;
    this.#streams = streams;
    this.#forget = forget;
  }

  async join(socket: string): Promise<void> {
    if (this.#over) return;
    const attached = await attachKeeper(socket, this.#streams);
    this.#resolve(attached);
    // The client may have left meanwhile; nobody else would end the stream.
    if (this.#over) attached?.stream.destroy();
  }

  drop(): void {
    this.#over = true;
    this.#resolve(undefined);
  }

  cancel(): void {
    this.#forget();
    this.drop();
  }
}

export function attach(context: Context, record: ContainerRecord, streams: AttachStreams): Attachment {
  if (record.state.status === 'paused')
    throw conflict(`container ${record.name} is paused, unpause the container before attach`);
  if (record.state.status === 'restarting')
    throw conflict(`container ${record.name} is restarting, wait until the container is running`);
  const live = context.live.of(record.id);
  const waiting: Waiting = new Waiting(streams, () => void live.pendingAttach.delete(waiting));
  if (isAlive(record.state)) {
    void waiting.join(pathsOf(context, record.id).keeperSocket).catch(() => waiting.drop());
  } else {
    live.pendingAttach.add(waiting);
  }
  tell(context, record, 'attach');
  return waiting;
}
