import type { Op } from '../model/plan.ts';

/**
 * Links on their way out. The kernel removes a link only after a grace period (some 15 ms, with its lock held), which
 * nobody who waits for a container's end should wait for; but its address must not go to another before.
 */
export interface Departures {
  /** Takes links down behind the caller's back; `after` runs when they are gone. Several owners' go in one request. */
  add(owner: string, ops: readonly Op[], after: () => void): void;
  /** Until this owner's links are gone; all owners' unless told. Rejects where a link could not be taken down. */
  gone(owner?: string): Promise<void>;
  /** Whether any link, or one of this owner, is on its way out. */
  pending(owner?: string): boolean;
}

interface Departure {
  readonly owner: string;
  readonly ops: readonly Op[];
  readonly after: () => void;
}

export function openDepartures(apply: (ops: readonly Op[]) => Promise<unknown>): Departures {
  const waiting: Departure[] = [];
  const leaving = new Map<string, Promise<void>>();
  let turn: Promise<void> = Promise.resolve();

  async function carryOut(): Promise<void> {
    const all = waiting.splice(0);
    if (all.length === 0) return;
    try {
      await apply(all.flatMap(({ ops }) => ops));
    } finally {
      for (const { after } of all) after();
    }
  }

  return {
    add: (owner, ops, after) => {
      waiting.push({ owner, ops, after });
      turn = turn.then(carryOut, carryOut);
      const mine = turn.finally(() => {
        if (leaving.get(owner) === mine) leaving.delete(owner);
      });
      mine.catch(() => undefined); // told to whoever asks with `gone`
      leaving.set(owner, mine);
    },
    gone: async (owner) => {
      if (owner !== undefined) await leaving.get(owner);
      else await Promise.all(leaving.values());
    },
    pending: (owner) => (owner === undefined ? leaving.size > 0 : leaving.has(owner)),
  };
}
