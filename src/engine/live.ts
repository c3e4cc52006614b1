import type { Duplex } from 'node:stream';
import type { ContainerId } from '../model/ids.ts';
import type { Keeper } from '../runtime/launch.ts';

export interface WaitResult {
  readonly exitCode: number;
  readonly error?: string;
}

/** A client that attached before the process existed; it is joined to the keeper before the process is let go. */
export interface PendingAttach {
  join(socket: string): Promise<void>;
  /** The start failed, or the container went away. */
  drop(): void;
}

/** What the engine knows of a container only while it lives itself. */
export interface Live {
  /** Present while the container's process exists. */
  keeper?: Keeper;
  /** A start under way. */
  starting?: Promise<void>;
  /** Settles when the run that `keeper` watches is over, recorded and cleaned up. */
  ended?: Promise<void>;
  removing?: Promise<void>;
  /** Settles when nobody copies into the stopped container's layer any more. */
  writing?: Promise<void>;
  /** The last change of its networks, under way or done. */
  networkChange?: Promise<void>;
  /** The exec processes' streams and the attached clients aren't here: they belong to the keepers. */
  restartTimer?: NodeJS.Timeout;
  /** Ends the health checks. */
  health?: AbortController;
  /** Milliseconds of the last restart delay. */
  restartDelay: number;
  /** On the monotonic clock (ms): when the process started. */
  startedAt: number;
  /** A restart is under way: its exit neither removes the container nor counts as an end for the policy. */
  replacing: boolean;
  readonly onExit: Set<(result: WaitResult) => void>;
  readonly onRemoved: Set<(result: WaitResult) => void>;
  readonly pendingAttach: Set<PendingAttach>;
}

export type AttachedStream = Duplex;

export class LiveContainers {
  readonly #map = new Map<string, Live>();

  of(id: ContainerId): Live {
    let live = this.#map.get(id);
    if (!live) {
      live = {
        restartDelay: 0,
        startedAt: 0,
        replacing: false,
        onExit: new Set(),
        onRemoved: new Set(),
        pendingAttach: new Set(),
      };
      this.#map.set(id, live);
    }
    return live;
  }

  forget(id: ContainerId): void {
    this.#map.delete(id);
  }

  all(): IterableIterator<[string, Live]> {
    return this.#map.entries();
  }
}
