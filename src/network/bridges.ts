import { exists, readTextIfAny } from '../host/files.ts';
import type { Family, Subnet } from '../model/address.ts';
import { unavailable } from '../model/errors.ts';
import type { Op } from '../model/plan.ts';
import {
  bridgeAlias, checkOverlap, checkOwner, createBridgeOps, deleteBridgeOps, forwardingPath, parseRoutes, parseRoutes6,
  repairBridgeOps, setForwarding, type LinkInfo, type Route,
} from './bridge.ts';
import type { Run } from './firewall/firewall.ts';
import type { Memories } from './memory.ts';
import type { BridgeSettings } from './networks.ts';

/** Who carries out operations in the engine's own namespaces: the helper. Rejects at the first that fails. */
export interface HostOps {
  apply(ops: readonly Op[]): Promise<unknown>;
}

export interface Bridges {
  /** The bridge is there, with its addresses, up, and the host forwards. Next to nothing when all is as it was left. */
  ensure(bridge: BridgeSettings): Promise<void>;
  /** Removes a bridge that is ours, if `unused` still says so once it's our turn. */
  remove(bridge: BridgeSettings, removal: Removal): Promise<void>;
  /** After a restart: of this engine's bridges those in `wanted` are put right, the others removed. One look for all. */
  adopt(wanted: readonly BridgeSettings[]): Promise<void>;
  /** Families that the host didn't forward before us. */
  opened(): Family[];
  /** What the host has or reaches by links of others. */
  hostSubnets(): Promise<Subnet[]>;
}

export interface Removal {
  readonly unused: () => boolean;
  /** No bridge with this family is wanted any more. */
  readonly last: (family: Family) => boolean;
  /** The rules that went with it; FORWARD stays closed for others' sake where `stillClosed` says so. */
  readonly cleanUp: (stillClosed: readonly Family[]) => Promise<void>;
}

export interface BridgesParts {
  readonly engineId: string;
  readonly helper: HostOps;
  readonly run: Run;
  readonly memories: Memories;
}

const families: readonly Family[] = [4, 6];
const forwarding: Readonly<Record<Family, string>> = { 4: 'forwarding is ours', 6: 'forwarding of IPv6 is ours' };

/** Makes and removes bridges, one at a time. */
export function openBridges({ engineId, helper, run, memories }: BridgesParts): Bridges {
  let turn: Promise<unknown> = Promise.resolve();
  /** Links that were made or looked at since we began. */
  const checked = new Set<string>();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work, work);
    turn = mine.catch(() => undefined);
    return mine;
  }

  // /proc/sys/net shows the namespace that we are in; /sys may show another's.
  const isThere = (link: string): Promise<boolean> => exists(`/proc/sys/net/ipv4/conf/${link}`);
  const opened = (): Family[] => families.filter((family) => memories.get<boolean>(forwarding[family]) === true);

  async function links(...args: readonly string[]): Promise<LinkInfo[]> {
    const result = await run('ip', ['-json', '-details', 'link', 'show', ...args]);
    if (result.exitCode !== 0) {
      const reason = result.exitCode === 127 ? 'ip: not found: install iproute2' : result.stderr.trim();
      throw unavailable(`look at links (${args.join(' ')}): ${reason}`);
    }
    return result.stdout.trim() === '' ? [] : JSON.parse(result.stdout) as LinkInfo[];
  }

  async function routes(): Promise<Route[]> {
    const [four, six] = await Promise.all([readTextIfAny('/proc/net/route'), readTextIfAny('/proc/net/ipv6_route')]);
    return [...parseRoutes(four ?? ''), ...parseRoutes6(six ?? '')];
  }

  async function openForwarding(bridge: BridgeSettings): Promise<void> {
    if (bridge.internal) return;
    for (const { family } of bridge.subnets) {
      if ((await readTextIfAny(forwardingPath[family]))?.trim() !== '0') continue;
      memories.set(forwarding[family], true);
      await helper.apply([setForwarding(family, true)]);
    }
  }

  async function make(bridge: BridgeSettings): Promise<void> {
    const { link } = bridge;
    if (checked.has(link) && await isThere(link)) return;
    await openForwarding(bridge);
    if (await isThere(link)) {
      const [found] = await links('dev', link);
      if (found) checkOwner(found, engineId);
      await helper.apply(repairBridgeOps(bridge));
    } else {
      checkOverlap(bridge, await routes());
      try {
        await helper.apply(createBridgeOps(engineId, bridge));
      } catch (error) {
        // Whatever of it was made goes again; a link of others that came meanwhile stays.
        const [found] = await links('dev', link).catch(() => []);
        if (found && isOurs(found, engineId)) await helper.apply(deleteBridgeOps(link));
        throw error;
      }
    }
    checked.add(link);
  }

  async function removeLink(link: string): Promise<void> {
    const mine = checked.has(link)
      || (await isThere(link) && (await links('dev', link)).every((found) => isOurs(found, engineId)));
    checked.delete(link);
    if (mine) await helper.apply(deleteBridgeOps(link));
  }

  return {
    ensure: (bridge) => inTurn(() => make(bridge)),
    remove: ({ link }, { unused, last, cleanUp }) => inTurn(async () => {
      if (!unused()) return;
      const over = opened().filter(last);
      // Whoever else has a bridge may count on forwarding by now.
      const needed = over.length > 0 && (await links('type', 'bridge'))
        .some((other) => other.ifname !== link && other.ifalias !== bridgeAlias(engineId));
      const closing = needed ? [] : over;
      await Promise.all([removeLink(link), cleanUp(opened().filter((family) => !closing.includes(family)))]);
      for (const family of closing) {
        await helper.apply([setForwarding(family, false)]);
        memories.set(forwarding[family], undefined);
      }
    }),
    adopt: (wanted) => inTurn(async () => {
      const byLink = new Map(wanted.map((bridge) => [bridge.link, bridge]));
      for (const found of await links('type', 'bridge')) {
        if (!isOurs(found, engineId)) continue;
        const bridge = byLink.get(found.ifname);
        await helper.apply(bridge ? repairBridgeOps(bridge) : deleteBridgeOps(found.ifname));
        if (bridge) checked.add(found.ifname);
      }
    }),
    opened,
    hostSubnets: async () => (await routes()).map(({ subnet }) => subnet),
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
