import { randomBytes } from 'node:crypto';
import { exists } from '../host/files.ts';
import type { Database } from '../host/database.ts';
import { formatAddress, type Family } from '../model/address.ts';
import { BerthError, conflict, invalid, messageOf } from '../model/errors.ts';
import { shortId } from '../model/ids.ts';
import { openAddresses, type EndpointWish } from './addresses.ts';
import { detachOps, gatewayOf, hostOps, insideOps, loopbackOps } from './attach.ts';
import { bridgeSettings } from './bridge.ts';
import { openBridges, type HostOps } from './bridges.ts';
import { openDepartures } from './departures.ts';
import type { AttachRequest, Attachment, Network, NetworkOptions } from './contract.ts';
import { defineNetwork, type NetworkWish } from './define.ts';
import { openEndpoints, type EndpointRecord, type NetworkNames } from './endpoints.ts';
import { openIptables, together, type Footprint, type Run } from './firewall/firewall.ts';
import type { FirewallState } from './firewall/rules.ts';
import { openLiveChanges } from './live-changes.ts';
import { openMemories, type Memories } from './memory.ts';
import { openNetworks, type BridgeSettings, type NetworkRecord } from './networks.ts';
import { defaultPools, uniqueLocalPool } from './pools.ts';
import { holdPorts } from './ports.ts';
import { openPublishing } from './publishing.ts';

export type { AttachRequest, Attachment, Network, NetworkOptions } from './contract.ts';
export type { EndpointWish } from './addresses.ts';
export type { NetworkWish, PoolWish } from './define.ts';
export type { EndpointRecord, NamedEndpoint, NetworkNames } from './endpoints.ts';
export type { NetworkRecord } from './networks.ts';
export type { HostOps } from './bridges.ts';
export type { RunningProcess } from './live-changes.ts';

export interface NetworkParts {
  readonly database: Database;
  readonly helper: HostOps;
  readonly run: Run;
  readonly options: NetworkOptions;
}

const defaultBridge = 'berth0';

/**
 * The networks of one engine. A start reads: `attach` (leases, operations as data), then the launch carries the
 * operations out while `publish` puts the firewall batch in place; the end is `detach`.
 */
export function openNetwork({ database, helper, run, options }: NetworkParts): Network {
  const bridge = bridgeSettings(options.bridge ?? defaultBridge, options.bip ?? '172.30.0.1/16', options.mtu ?? 1500);
  const userlandProxy = options.userlandProxy ?? false;
  if (options.firewall === 'nftables') {
    throw new BerthError('not-implemented', '--firewall nftables is not there yet: use iptables');
  }
  if (userlandProxy && !options.proxyCommand) throw invalid('--userland-proxy needs a command that runs `berth proxy`');

  const memories = openMemories(database);
  const networks = openNetworks(database, bridge);
  const addresses = openAddresses(database);
  const endpoints = openEndpoints(database);
  const publishing = openPublishing({
    database, run, networks, endpoints, userlandProxy, proxyCommand: options.proxyCommand ?? [],
  });
  const owner = { engineId: options.engineId, suffix: bridge.link === defaultBridge ? '' : bridge.link };
  const firewall = together(
    openIptables(run, owner, footprint(memories, 'firewall')),
    openIptables(run, owner, footprint(memories, 'firewall of IPv6'), 6),
  );
  const departures = openDepartures((ops) => helper.apply(ops));
  const bridges = openBridges({ engineId: options.engineId, helper, run, memories });
  const own = networks.find('bridge');
  for (const network of networks.list()) addresses.define(network);

  const ownInUse = (): boolean => endpoints.on(own.id).length > 0;
  /** `there`: from the first container that needs the default bridge until it is taken down, a moment after the last. */
  const idle: { timer?: NodeJS.Timeout; there: boolean } = { there: ownInUse() };
  const publications = new Map<string, Promise<unknown>>();

  /** The default bridge while it is needed, those of user-defined networks as long as the networks are there. */
  const wantedBridges = (): BridgeSettings[] => networks.list().flatMap((network) =>
    network.bridge && (network.id !== own.id || idle.there) ? [network.bridge] : []);

  function firewallState(closed: readonly Family[] = bridges.opened()): FirewallState {
    return { bridges: wantedBridges(), endpoints: publishing.state(), userlandProxy, closed };
  }
  const applyFirewall = (): Promise<void> => firewall.apply(firewallState());

  /** An endpoint with its leases, on record, so that its bridge is needed from here on. */
  function draft(containerId: string, wish: EndpointWish, device: string): EndpointRecord {
    const network = networks.get(wish.network);
    if (!network) throw new BerthError('not-found', `network ${wish.network} not found`);
    const endpoint: EndpointRecord = {
      containerId, networkId: network.id, networkName: network.name, endpointId: randomBytes(32).toString('hex'), device,
      ...addresses.lease(network, containerId, wish),
      gatewayPriority: wish.gatewayPriority ?? 0, name: wish.name, aliases: wish.aliases ?? [], links: wish.links ?? {},
      ports: [],
    };
    endpoints.put(endpoint);
    if (network.id === own.id) {
      clearTimeout(idle.timer);
      idle.there = true;
    }
    return endpoint;
  }

  /** An address may be taken by a container that has ended already: then it is worth the wait. */
  async function drafted(containerId: string, wishes: readonly EndpointWish[]): Promise<EndpointRecord[]> {
    const all = (): EndpointRecord[] => wishes.map((wish, index) => draft(containerId, wish, `eth${index}`));
    if (!departures.pending()) return all();
    try {
      return all();
    } catch {
      for (const { networkId } of endpoints.of(containerId)) endpoints.remove(containerId, networkId);
      addresses.release(containerId);
      await departures.gone();
      return all();
    }
  }

  async function ensureBridges(of: readonly EndpointRecord[]): Promise<void> {
    await Promise.all(of.map(({ networkId }) => {
      const settings = networks.get(networkId)?.bridge;
      return settings ? bridges.ensure(settings) : undefined;
    }));
  }

  async function attach(containerId: string, request: AttachRequest): Promise<Attachment> {
    await detach(containerId); // what an interrupted start may have left
    await departures.gone(containerId);
    if (request.endpoints.length === 0) {
      return { endpoints: [], before: [], host: [], inside: loopbackOps(), sysctls: {} };
    }
    try {
      const drafts = await drafted(containerId, request.endpoints);
      const [ports, ipv6Known] = await Promise.all([
        publishing.lease(containerId, request.ports ?? [], drafts), exists('/proc/sys/net/ipv6'), ensureBridges(drafts),
      ]);
      const first = gatewayOf(drafts, 4) ?? gatewayOf(drafts, 6);
      const settled = drafts.map((endpoint) => (endpoint === first ? { ...endpoint, ports } : endpoint));
      for (const endpoint of settled) endpoints.put(endpoint);
      return {
        endpoints: settled, sysctls: ipv6Known && settled.every(({ address6 }) => address6 === '') ? noIPv6 : {},
        before: userlandProxy ? [] : holdPorts(ports),
        host: settled.flatMap((endpoint) => hostOps(endpoint, networks.find(endpoint.networkId), ipv6Known)),
        inside: insideOps(settled, ipv6Known),
      };
    } catch (error) {
      await detach(containerId).catch(() => undefined);
      throw error;
    }
  }

  async function detach(containerId: string): Promise<void> {
    const gone = endpoints.of(containerId);
    await publications.get(containerId)?.catch(() => undefined); // a proxy on its way would be nobody's
    await publishing.stopProxies(containerId);
    for (const endpoint of gone) endpoints.remove(containerId, endpoint.networkId);
    const published = gone.filter(({ ports }) => ports.length > 0);
    try {
      if (published.length > 0) {
        await applyFirewall();
        await Promise.all(published.map(publishing.forgetFlows));
      }
    } finally {
      publishing.release(containerId);
      if (gone.length > 0) {
        departures.add(containerId, gone.flatMap(detachOps), () => addresses.release(containerId));
        lingerThenSettle();
      } else if (!departures.pending(containerId)) addresses.release(containerId);
    }
  }

  function lingerThenSettle(): void {
    if (ownInUse() || !idle.there) return;
    clearTimeout(idle.timer);
    idle.timer = setTimeout(() => void settle().catch(() => undefined), options.linger ?? 500).unref();
  }

  const removeBridge = (settings: BridgeSettings, unused: () => boolean): Promise<void> => bridges.remove(settings, {
    unused, last: (family) => !wantedBridges().some(({ subnets }) => subnets.some((subnet) => subnet.family === family)), cleanUp: (closed) => firewall.apply(firewallState(closed)),
  });

  /** A start that comes meanwhile waits, and makes all of it again. */
  async function settle(): Promise<void> {
    if (ownInUse()) return;
    clearTimeout(idle.timer);
    await departures.gone();
    await removeBridge(bridge, () => {
      if (!ownInUse()) idle.there = false;
      return !idle.there;
    });
  }

  async function create(wish: NetworkWish): Promise<NetworkRecord> {
    const taken = networks.list().flatMap(({ bridge: { subnets = [] } = {} }) => subnets);
    const network = networks.add(defineNetwork(wish, {
      id: randomBytes(32).toString('hex'), created: new Date().toISOString(), networks: taken,
      host: await bridges.hostSubnets(), defaults: [...options.defaultPools ?? defaultPools, uniqueLocalPool(options.engineId)],
    }));
    try {
      addresses.define(network);
      await checkParent(network);
      const other = networks.list().find(({ id, bridge: used }) => id !== network.id && used && used.link === network.bridge?.link);
      if (other) throw conflict(`bridge ${other.bridge?.link} is that of network ${other.name}: choose another name`);
      if (network.bridge) await bridges.ensure(network.bridge);
      if (network.bridge) await applyFirewall();
      return network;
    } catch (error) {
      await takeDown(network).catch(() => undefined);
      throw error;
    }
  }

  /** The record goes first: what a crash leaves of the rest is nobody's, and is removed at the next start. */
  async function takeDown(network: NetworkRecord): Promise<void> {
    networks.remove(network.id);
    addresses.forget(network);
    const shared = networks.list().some(({ bridge: used }) => used && used.link === network.bridge?.link);
    if (network.bridge && !shared) await removeBridge(network.bridge, () => true);
  }

  async function remove(networkId: string): Promise<void> {
    const network = networks.find(networkId);
    if (network.predefined) {
      throw new BerthError('forbidden', `${network.name} is a pre-defined network and cannot be removed`);
    }
    if (endpoints.on(network.id).length > 0) {
      throw new BerthError('forbidden', `error while removing network: network ${network.name} id ${network.id} `
        + 'has active endpoints');
    }
    await takeDown(network);
  }

  function namesOf(network: NetworkRecord): Omit<NetworkNames, 'resolves' | 'links'> {
    return {
      networkId: network.id, networkName: network.name, internal: network.internal,
      members: endpoints.on(network.id).map((member) => ({
        containerId: member.containerId, name: member.name, shortId: shortId(member.containerId), aliases: member.aliases,
        ...(member.address ? { ipv4: member.address } : {}), ...(member.address6 ? { ipv6: member.address6 } : {}),
      })),
    };
  }

  const live = openLiveChanges({
    networks, endpoints, addresses, publishing, helper, draft, ensureBridges, applyFirewall, left: lingerThenSettle,
  });

  return {
    networks, gateway: formatAddress(bridge.subnets[0] ?? { family: 4, value: 0n }),
    create, remove, attach, detach, settle, connect: live.connect, disconnect: live.disconnect,
    publishMore: live.publishMore, unpublish: live.unpublish,
    publish: async (containerId) => {
      const all = endpoints.of(containerId);
      if (all.length === 0) return;
      const work = Promise.all([
        applyFirewall().then(() => Promise.all(all.map(publishing.forgetFlows))),
        publishing.startProxies(containerId),
      ]);
      publications.set(containerId, work);
      await work.finally(() => publications.delete(containerId));
    },
    endpointsOf: endpoints.of,
    endpointsOn: endpoints.on,
    namesOn: (containerId) => endpoints.of(containerId).map(({ networkId, links }) => {
      const network = networks.find(networkId);
      return { ...namesOf(network), resolves: !network.predefined, links };
    }),
    allNames: () => networks.list().map((network) => ({ ...namesOf(network), resolves: true, links: {} })),
    rename: (containerId, name) => {
      for (const endpoint of endpoints.of(containerId)) endpoints.put({ ...endpoint, name });
    },
    reconcile: async (living) => {
      const gone = endpoints.list().filter(({ containerId, networkId }) => !living.has(containerId) || !networks.get(networkId));
      for (const id of publishing.proxied()) if (!living.has(id)) await publishing.stopProxies(id);
      for (const endpoint of gone) {
        endpoints.remove(endpoint.containerId, endpoint.networkId);
        await helper.apply(detachOps(endpoint));
      }
      addresses.keepOnly(living);
      publishing.keepOnly(living);
      idle.there = ownInUse();
      const wanted = wantedBridges();
      if (wanted.length === 0) return settle();
      await bridges.adopt(wanted);
      // One that can't be had now (its name or subnet was taken meanwhile) leaves the others as they are to be.
      const results = await Promise.allSettled(wanted.map(bridges.ensure));
      await firewall.repair(firewallState());
      const failures = results.flatMap((result) => (result.status === 'rejected' ? [messageOf(result.reason)] : []));
      if (failures.length > 0) throw new BerthError('unavailable', failures.join('; '));
    },
  };
}

/** A macvlan's parent must be there; nothing of it is changed. */
async function checkParent({ macvlan }: NetworkRecord): Promise<void> {
  if (!macvlan || await exists(`/proc/sys/net/ipv4/conf/${macvlan.parent}`)) return;
  throw invalid(`parent ${macvlan.parent}: the host has no such link: see \`ip link\``);
}

const footprint = (memories: Memories, key: string): { get(): Footprint | undefined; set(value: Footprint | undefined): void } =>
  ({ get: () => memories.get<Footprint>(key), set: (value) => memories.set(key, value) });

const noIPv6 = { 'net.ipv6.conf.all.disable_ipv6': '1', 'net.ipv6.conf.default.disable_ipv6': '1' };

