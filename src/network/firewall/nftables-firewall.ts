import type { CommandResult } from '../../host/exec.ts';
import { unavailable } from '../../model/errors.ts';
import type { Firewall, Run } from './firewall.ts';
import { newestWins } from './newest.ts';
import { renderDifference, renderRemoval, renderRuleset, renderWhole, type Ruleset } from './nftables.ts';
import type { FirewallState } from './rules.ts';

/** Applies a firewall state with one `nft` a change; a change of ports touches their elements alone. */
export function openNftables(run: Run, table: string): Firewall {
  /** What is in the kernel; 'unknown' after a start, or after a batch that failed. */
  const kernel: { has: Ruleset | undefined | 'unknown' } = { has: 'unknown' };

  const apply = (batch: string): Promise<CommandResult> => run('nft', ['-f', '-'], { input: batch });

  const enqueue = newestWins(async (state: FirewallState) => {
    const wanted = renderRuleset(state, table);
    const { has } = kernel;
    if (wanted && has && has !== 'unknown') {
      const step = renderDifference(has, wanted);
      if (step === '') return;
      if (step !== undefined && (await apply(step)).exitCode === 0) {
        kernel.has = wanted;
        return;
      }
    }
    if (!wanted && !has) return;
    kernel.has = 'unknown';
    const result = await apply(wanted ? renderWhole(wanted) : `${renderRemoval(table)}\n`);
    if (result.exitCode !== 0) throw failure(result);
    kernel.has = wanted;
  });

  return {
    apply: enqueue,
    repair: (state) => {
      kernel.has = 'unknown';
      return enqueue(state);
    },
  };
}

function failure(result: CommandResult): Error {
  if (result.exitCode === 127) {
    return unavailable('set the firewall: nft: not found: install nftables (on Debian: apt-get install nftables)');
  }
  const reason = result.timedOut ? 'no answer in time' : result.stderr.trim().split('\n')[0];
  return unavailable(`set the firewall: ${result.command}: ${reason || `exit code ${result.exitCode}`}`);
}
