import { exists } from '../host/files.ts';
import { BerthError, conflict, notFound } from '../model/errors.ts';
import type { Op } from '../model/plan.ts';
import type { PortBinding, PortRequest, Protocol } from '../model/ports.ts';
import type { Addresses, EndpointWish } from './addresses.ts';
import { addressOps, detachOps, gatewayOf, hostOps, routeOps, withPid } from './attach.ts';
import type { HostOps } from './bridges.ts';
import type { EndpointRecord, Endpoints } from './endpoints.ts';
import { deleteLink, netlink } from './netlink.ts';
import type { NetworkRecords } from './networks.ts';
import type { Publishing } from './publishing.ts';

/** A container's first process: pid and start time (clock ticks since boot) name it for ever. */
export interface RunningProcess {
  readonly pid: number;
  readonly startTime: bigint;
}

export interface LiveParts {
  readonly networks: NetworkRecords;
  readonly endpoints: Endpoints;
  readonly addresses: Addresses;
  readonly publishing: Publishing;
  readonly helper: HostOps;
  readonly draft: (containerId: string, wish: EndpointWish, device: string) => EndpointRecord;
  readonly ensureBridges: (of: readonly EndpointRecord[]) => Promise<void>;
  readonly applyFirewall: () => Promise<void>;
  /** Somebody left a network. */
  readonly left: () => void;
}

export interface LiveChanges {
  connect(containerId: string, process: RunningProcess, wish: EndpointWish, ports?: readonly PortRequest[]): Promise<EndpointRecord>;
  disconnect(containerId: string, networkId: string, process?: RunningProcess): Promise<void>;
  publishMore(containerId: string, requests: readonly PortRequest[]): Promise<PortBinding[]>;
  unpublish(containerId: string, hostPort: number, protocol: Protocol): Promise<PortBinding[]>;
}

/**
 * Networks of a container that runs. One link comes or goes, and the default route and the published ports move where
 * another network gives the way out from then on; all other links, and the connections over them, stay as they are.
 */
export function openLiveChanges(parts: LiveParts): LiveChanges {
  const { networks, endpoints, addresses, publishing, helper } = parts;

  const enter = ({ pid, startTime }: RunningProcess): Op => ({ op: 'enter_network', pid, startTime });

  /** Gives the ports to the endpoint with the default route; nothing to do where it has them. */
  async function movePorts(containerId: string, ports: readonly PortRequest[]): Promise<void> {
    const all = endpoints.of(containerId);
    const entry = gatewayOf(all, 4) ?? gatewayOf(all, 6);
    const held = all.flatMap((endpoint) => endpoint.ports);
    const bindings = held.length > 0 ? held : await publishing.lease(containerId, ports, all);
    for (const endpoint of all) {
      const own = endpoint === entry ? bindings : [];
      if (own.length > 0 || endpoint.ports.length > 0) endpoints.put({ ...endpoint, ports: own });
    }
    if (!entry) publishing.release(containerId);
    if (publishing.proxied().includes(containerId)) {
      await publishing.stopProxies(containerId);
      await publishing.startProxies(containerId);
    }
  }

  async function disconnect(containerId: string, networkId: string, process?: RunningProcess): Promise<void> {
    const gone = endpoints.get(containerId, networkId);
    if (!gone) return;
    const network = networks.find(networkId);
    const rest = endpoints.of(containerId).filter((endpoint) => endpoint.networkId !== networkId);
    endpoints.remove(containerId, networkId);
    // The ports wait at a neighbour until it is settled who gives the way in.
    const [first] = rest;
    if (first && gone.ports.length > 0) endpoints.put({ ...first, ports: gone.ports });
    const failures: unknown[] = [];
    const step = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => failures.push(error));
    await step(helper.apply([
      ...(network.macvlan ? [] : detachOps(gone)),
      ...(process ? [
        enter(process),
        ...(network.macvlan ? [netlink([deleteLink(gone.device)], true)] : []),
        ...routeOps(gatewayOf(rest, 4), gatewayOf(rest, 6)),
      ] : []),
    ]));
    addresses.release(containerId, network);
    if (rest.length > 0) await step(movePorts(containerId, []));
    else {
      await step(publishing.stopProxies(containerId));
      publishing.release(containerId);
    }
    await step(parts.applyFirewall());
    await step(publishing.forgetFlows(gone));
    parts.left();
    if (failures.length > 0) throw failures[0];
  }

  return {
    connect: async (containerId, process, wish, ports = []) => {
      const before = endpoints.of(containerId);
      if (before.some(({ networkId }) => networkId === wish.network)) {
        const name = networks.get(wish.network)?.name ?? wish.network;
        throw new BerthError('forbidden', `endpoint with name ${wish.name} already exists in network ${name}`);
      }
      const endpoint = parts.draft(containerId, wish, freeDevice(before));
      try {
        const [ipv6Known] = await Promise.all([exists('/proc/sys/net/ipv6'), parts.ensureBridges([endpoint])]);
        const all = [...before, endpoint];
        await helper.apply([
          ...withPid(hostOps(endpoint, networks.find(endpoint.networkId), ipv6Known), process.pid),
          enter(process), ...addressOps(endpoint, ipv6Known), ...routeOps(gatewayOf(all, 4), gatewayOf(all, 6)),
        ]);
        await movePorts(containerId, ports);
        await parts.applyFirewall();
        return endpoints.get(containerId, wish.network) ?? endpoint;
      } catch (error) {
        await disconnect(containerId, wish.network, process).catch(() => undefined);
        throw error;
      }
    },
    disconnect,

    publishMore: async (containerId, requests) => {
      const all = endpoints.of(containerId);
      const entry = gatewayOf(all, 4) ?? gatewayOf(all, 6);
      if (!entry) throw conflict('publish ports: the container is on no network with a way in');
      const bindings = await publishing.lease(containerId, requests, all);
      try {
        endpoints.put({ ...entry, ports: [...entry.ports, ...bindings] });
        await changedPorts(entry, bindings);
        return bindings;
      } catch (error) {
        endpoints.put(entry);
        publishing.end(bindings);
        await parts.applyFirewall().catch(() => undefined);
        throw error;
      }
    },

    unpublish: async (containerId, hostPort, protocol) => {
      const isIt = (binding: PortBinding): boolean => binding.hostPort === hostPort && binding.protocol === protocol;
      const entry = endpoints.of(containerId).find(({ ports }) => ports.some(isIt));
      if (!entry) throw notFound(`host port ${hostPort}/${protocol} is not published by this container`);
      const gone = entry.ports.filter(isIt);
      endpoints.put({ ...entry, ports: entry.ports.filter((binding) => !isIt(binding)) });
      await changedPorts(entry, gone);
      publishing.end(gone);
      return gone;
    },
  };

  /** Rules and proxies follow; UDP clients of these ports start anew. Everyone else's connections go on. */
  async function changedPorts(entry: EndpointRecord, changed: readonly PortBinding[]): Promise<void> {
    await parts.applyFirewall();
    await publishing.forgetFlows({ ...entry, ports: changed });
    await publishing.stopProxies(entry.containerId);
    await publishing.startProxies(entry.containerId);
  }
}

/** The lowest `ethN` that isn't used. */
function freeDevice(endpoints: readonly EndpointRecord[]): string {
  const used = new Set(endpoints.map(({ device }) => device));
  for (let number = 0; ; number++) if (!used.has(`eth${number}`)) return `eth${number}`;
}
