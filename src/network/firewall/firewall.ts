import type { CommandOptions, CommandResult } from '../../host/exec.ts';
import { unavailable } from '../../model/errors.ts';
import {
  emptyTables, parseSave, renderDifference, renderRemoval, renderRule, renderWhole, type Line, type Owner, type Saved,
} from './iptables.ts';
import type { Family } from '../../model/address.ts';
import { desiredRules, type FirewallState } from './rules.ts';

export type Run = (program: string, args: readonly string[], options?: CommandOptions) => Promise<CommandResult>;

/** What must be known at the end, though the engine may have been restarted since the beginning. */
export interface Footprint {
  /** Tables that were not there before ours. */
  readonly tables: readonly string[];
  /** FORWARD had the policy ACCEPT, and DROP from us. */
  readonly closed: boolean;
}

export interface Memory {
  get(): Footprint | undefined;
  set(footprint: Footprint | undefined): void;
}

export interface Firewall {
  /** Brings the kernel to `state`. Calls that arrive while a batch runs share the next one, with the newest state. */
  apply(state: FirewallState): Promise<void>;
  /** Looks at what the kernel has and renders the whole state anew. */
  repair(state: FirewallState): Promise<void>;
}

const nothing: FirewallState = { bridges: [], endpoints: [], userlandProxy: false, closed: [] };
const programs: Readonly<Record<Family, string>> = { 4: 'iptables', 6: 'ip6tables' };

/**
 * Applies a firewall state with iptables-restore, one spawn for a change of ports. A state without bridges removes
 * every trace: rules, chains, and tables that exist only because of us. IPv6 has rules, tables and tools of its own.
 */
export function openIptables(run: Run, owner: Owner, memory: Memory, family: Family = 4): Firewall {
  const program = programs[family];
  let applied: readonly Line[] | undefined;
  let wanted = nothing;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function save(): Promise<Saved> {
    const result = await run(`${program}-save`, []);
    if (result.exitCode !== 0) throw failure('read the firewall', result);
    return parseSave(result.stdout);
  }

  async function restore(text: string): Promise<CommandResult> {
    return run(`${program}-restore`, ['--noflush', '--wait'], { input: text });
  }

  async function applyNow(state: FirewallState): Promise<void> {
    const lines = desiredRules(state, family).map((rule) => renderRule(rule, owner));
    const closed = state.closed.includes(family);
    if (lines.length === 0) {
      // Of IPv6 most engines have nothing, and needn't ask the kernel for it.
      const left = memory.get();
      const nothingYet = family === 6 && applied === undefined && left === undefined;
      const done = applied?.length === 0 && (closed || !left?.closed);
      if (!nothingYet && !done) await removeAll(!closed);
      applied = [];
      return;
    }
    if (applied !== undefined && applied.length > 0) {
      const step = renderDifference(applied, lines);
      if (step === '') return;
      if (step !== undefined && (await restore(step)).exitCode === 0) {
        applied = lines;
        return;
      }
    }
    applied = undefined; // until the whole batch is in, nobody knows
    const saved = await save();
    const known = memory.get();
    const closes = known?.closed !== true && closed && !saved.closed;
    if (known === undefined || closes) {
      const absent = ['raw', 'nat', 'filter'].filter((table) => !saved.tables.has(table));
      memory.set({ tables: known?.tables ?? absent, closed: closes });
    }
    const result = await restore(renderWhole(lines, saved, owner, closed));
    if (result.exitCode !== 0) throw failure('set the firewall', result);
    applied = lines;
  }

  async function removeAll(open: boolean): Promise<void> {
    const footprint = memory.get();
    const text = renderRemoval(await save(), owner, open && footprint?.closed === true);
    if (text !== '') {
      const result = await restore(text);
      if (result.exitCode !== 0) throw failure('clear the firewall', result);
    }
    const made = footprint?.tables ?? [];
    memory.set(footprint?.closed && !open ? { tables: made, closed: true } : undefined);
    if (made.length === 0) return;
    // iptables leaves its empty tables behind. On nftables they can go; the legacy backend's can't, and `nft` fails.
    const empty = emptyTables(await save(), made);
    if (empty.length === 0) return;
    await run('nft', ['-f', '-'], { input: empty.map((table) => `delete table ${family === 4 ? 'ip' : 'ip6'} ${table}\n`).join('') });
  }

  function enqueue(state: FirewallState): Promise<void> {
    wanted = state;
    if (next) return next;
    const start = async (): Promise<void> => {
      await running?.catch(() => undefined);
      next = undefined;
      running = applyNow(wanted);
      await running;
    };
    next = start();
    return next;
  }

  return {
    apply: enqueue,
    repair: (state) => {
      applied = undefined;
      return enqueue(state);
    },
  };
}

function failure(what: string, result: CommandResult): Error {
  if (result.exitCode === 127) {
    return unavailable(`${what}: ${result.stderr.trim()}: install iptables (on Debian: apt-get install iptables)`);
  }
  const reason = result.timedOut ? 'no answer in time' : result.stderr.trim().split('\n')[0] ?? '';
  return unavailable(`${what}: ${result.command}: ${reason || `exit code ${result.exitCode}`}`);
}

/** Several backends as one: each has its own share of every state. */
export function together(...parts: readonly Firewall[]): Firewall {
  return {
    apply: async (state) => void await Promise.all(parts.map((part) => part.apply(state))),
    repair: async (state) => void await Promise.all(parts.map((part) => part.repair(state))),
  };
}
