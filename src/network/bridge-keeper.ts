import { exists, readTextIfAny } from '../host/files.ts';
import { unavailable } from '../model/errors.ts';
import type { Op } from '../model/plan.ts';
import {
  checkOverlap, checkOwner, createBridgeOps, deleteBridgeOps, forwardingPath, parseRoutes, repairBridgeOps,
  setForwarding, type LinkInfo,
} from './bridge.ts';
import type { Run } from './firewall/firewall.ts';
import type { Memories } from './memory.ts';
import type { BridgeSettings } from './networks.ts';

/** Who carries out operations in the engine's own namespaces: the helper. Rejects at the first that fails. */
export interface HostOps {
  apply(ops: readonly Op[]): Promise<unknown>;
}

export interface BridgeKeeper {
  /** The bridge is there, with its address, up, and the host forwards. Next to nothing when all is as it was left. */
  ensure(): Promise<void>;
  /**
   * Removes the bridge, if `unused` still says so once it's our turn, and calls `cleanUp` with whether forwarding stays
   * on (and FORWARD closed) for others' sake.
   */
  remove(unused: () => boolean, cleanUp: (stillClosed: boolean) => Promise<void>): Promise<void>;
  /** The host didn't forward before us. */
  openedForwarding(): boolean;
}

export interface BridgeKeeperParts {
  readonly bridge: BridgeSettings;
  readonly engineId: string;
  readonly helper: HostOps;
  readonly run: Run;
  readonly memories: Memories;
}

const forwarding = 'forwarding is ours';

/** Makes and removes the bridge, one at a time. */
export function openBridgeKeeper({ bridge, engineId, helper, run, memories }: BridgeKeeperParts): BridgeKeeper {
  const { link } = bridge;
  let turn: Promise<unknown> = Promise.resolve();
  let checked = false;

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work, work);
    turn = mine.catch(() => undefined);
    return mine;
  }

  // /proc/sys/net shows the namespace that we are in; /sys may show another's.
  const isThere = (): Promise<boolean> => exists(`/proc/sys/net/ipv4/conf/${link}`);

  async function links(...args: readonly string[]): Promise<LinkInfo[]> {
    const result = await run('ip', ['-json', '-details', 'link', 'show', ...args]);
    if (result.exitCode !== 0) {
      const reason = result.exitCode === 127 ? 'ip: not found: install iproute2' : result.stderr.trim();
      throw unavailable(`look at link ${link}: ${reason}`);
    }
    return result.stdout.trim() === '' ? [] : JSON.parse(result.stdout) as LinkInfo[];
  }

  async function make(): Promise<void> {
    if (checked && await isThere()) return;
    if ((await readTextIfAny(forwardingPath))?.trim() === '0') {
      memories.set(forwarding, true);
      await helper.apply([setForwarding(true)]);
    }
    if (await isThere()) {
      const [found] = await links('dev', link);
      if (found) checkOwner(found, engineId);
      await helper.apply(repairBridgeOps(bridge));
    } else {
      checkOverlap(bridge, parseRoutes(await readTextIfAny('/proc/net/route') ?? ''));
      await helper.apply(createBridgeOps(engineId, bridge));
    }
    checked = true;
  }

  return {
    ensure: () => inTurn(make),
    remove: (unused, cleanUp) => inTurn(async () => {
      if (!unused()) return;
      const there = checked || await isThere();
      const mine = there && (checked || (await links('dev', link)).every((found) => isOurs(found, engineId)));
      checked = false;
      const ours = memories.get<boolean>(forwarding) === true;
      // Whoever else has a bridge may count on forwarding by now.
      const needed = ours && (await links('type', 'bridge')).some((other) => other.ifname !== link);
      await Promise.all([mine ? helper.apply(deleteBridgeOps(link)) : undefined, cleanUp(needed)]);
      if (ours && !needed) {
        await helper.apply([setForwarding(false)]);
        memories.set(forwarding, undefined);
      }
    }),
    openedForwarding: () => memories.get<boolean>(forwarding) === true,
  };
}

function isOurs(found: LinkInfo, engineId: string): boolean {
  try {
    checkOwner(found, engineId);
    return true;
  } catch {
    return false;
  }
}
