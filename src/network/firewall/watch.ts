import type { CommandResult } from '../../host/exec.ts';
import { messageOf } from '../../model/errors.ts';
import type { Firewall, Run } from './firewall.ts';
import type { FirewallState } from './rules.ts';

/** Who hears of rules that are taken away: the helper. */
export interface RuleWatch {
  watchRules(tables: readonly string[]): Promise<number[]>;
}

export interface WatchParts {
  readonly open: (run: Run) => Firewall;
  readonly run: Run;
  readonly helper: RuleWatch;
  /** In which our rules stand. */
  readonly tables: readonly string[];
  readonly log: (line: string) => void;
  /** Ends the watch; the rules stay. */
  readonly closing: AbortSignal;
}

/** A reload empties and fills again, in several steps: repaired is what stands when it has calmed down. */
const calm = 100;
/** Between two tries to watch where that fails. */
const pause = 500;

/**
 * A firewall that notices when another program takes its rules away (a flush, a reload), and puts them back. It waits for
 * the kernel's word, so it does nothing while nothing happens, and listens only while there are rules to lose.
 */
export function openWatched({ open, run, helper, tables, log, closing }: WatchParts): Firewall {
  const own = new Set<number>();
  const underway = new Set<Promise<CommandResult>>();
  const watching: { state?: FirewallState; round: number; on: boolean } = { round: 0, on: false };

  /** What our own commands take away is no loss. */
  const firewall = open((...command) => {
    const result = run(...command);
    underway.add(result);
    void result.then(({ pid }) => {
      underway.delete(result);
      if (pid === undefined) return;
      own.add(pid);
      if (own.size > 100) own.delete(own.values().next().value ?? 0);
    });
    return result;
  });

  async function watch(round: number): Promise<void> {
    const over = (): boolean => round !== watching.round || closing.aborted;
    while (!over()) {
      try {
        const senders = await helper.watchRules(tables);
        if (over()) return;
        await new Promise((resolve) => setTimeout(resolve, calm).unref());
        await Promise.all(underway);
        if (over() || !watching.state || senders.every((pid) => own.has(pid))) continue;
        log('firewall: another program took rules away; putting them back');
        await firewall.repair(watching.state);
      } catch (error) {
        if (over()) return;
        log(`firewall: watching for lost rules: ${messageOf(error)}`);
        await new Promise((resolve) => setTimeout(resolve, pause).unref());
        // What was lost meanwhile nobody told us.
        if (!over() && watching.state) await firewall.repair(watching.state).catch(() => undefined);
      }
    }
  }

  function follow(state: FirewallState): void {
    watching.state = state;
    const needed = state.bridges.length > 0;
    if (needed === watching.on) return;
    watching.on = needed;
    watching.round++;
    if (needed) void watch(watching.round);
    else void helper.watchRules([]).catch(() => undefined);
  }

  return {
    apply: async (state) => {
      follow(state);
      await firewall.apply(state);
    },
    repair: async (state) => {
      follow(state);
      await firewall.repair(state);
    },
  };
}
