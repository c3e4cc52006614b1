import { exists, readTextIfAny } from '../host/files.ts';
import type { Database } from '../host/database.ts';
import { canBind } from '../host/sockets.ts';
import { parseAddress } from '../model/address.ts';
import { invalid } from '../model/errors.ts';
import type { PortBinding, PortRequest } from '../model/ports.ts';
import { gatewayOf } from './attach.ts';
import type { EndpointRecord, Endpoints } from './endpoints.ts';
import type { Run } from './firewall/firewall.ts';
import type { FirewallEndpoint } from './firewall/rules.ts';
import type { NetworkRecord, NetworkRecords } from './networks.ts';
import { ephemeralRange, openPortLeases, type Probe } from './ports.ts';
import { openProxies } from './proxies.ts';

/** Host ports: who has which, how the firewall leads them in, and the proxies beside it. */
export interface Publishing {
  /** Host ports for a container whose default route is by these endpoints; none where there is no way in. */
  lease(containerId: string, requests: readonly PortRequest[], endpoints: readonly EndpointRecord[]): Promise<PortBinding[]>;
  /** What the firewall is to know of each container with ports. */
  state(): FirewallEndpoint[];
  startProxies(containerId: string): Promise<void>;
  stopProxies(containerId: string): Promise<void>;
  proxied(): string[];
  /** Without this a UDP client that never pauses keeps its old way, or its lack of one (moby#8795). */
  forgetFlows(endpoint: EndpointRecord): Promise<void>;
  /** Ends some of a container's leases. */
  end(bindings: readonly PortBinding[]): void;
  release(containerId: string): void;
  keepOnly(living: ReadonlySet<string>): void;
}

export interface PublishingParts {
  readonly database: Database;
  readonly run: Run;
  readonly networks: NetworkRecords;
  readonly endpoints: Endpoints;
  readonly userlandProxy: boolean;
  readonly proxyCommand: readonly string[];
}

export function openPublishing(parts: PublishingParts): Publishing {
  const { database, run, networks, endpoints, userlandProxy } = parts;
  const leases = openPortLeases(database);
  const proxies = openProxies(database, parts.proxyCommand);
  const probe: Probe = ({ address, protocol, port }) =>
    protocol === 'sctp' ? Promise.resolve(true) : canBind(protocol, { address, port });
  const networkOf = (endpoint: EndpointRecord): NetworkRecord | undefined => networks.get(endpoint.networkId);

  return {
    lease: async (containerId, requests, all) => {
      const [four, six] = [gatewayOf(all, 4), gatewayOf(all, 6)];
      const entry = four ?? six;
      const bridge = entry && networkOf(entry)?.bridge;
      if (requests.length === 0 || !bridge) return [];
      const ephemeral = ephemeralRange(await readTextIfAny('/proc/sys/net/ipv4/ip_local_port_range'));
      const ipv6 = six !== undefined || (userlandProxy && await exists('/proc/net/if_inet6'));
      const wanted = requests.map((request) => (request.hostIp === '' ? { ...request, hostIp: bridge.hostIp } : request));
      for (const { hostIp, first } of wanted) {
        if (ipv6 || parseAddress(hostIp)?.family !== 6) continue;
        throw invalid(`publish [${hostIp}]:${first || ''}: an IPv6 host address needs a network with --ipv6, or `
          + '--userland-proxy=true');
      }
      return leases.lease(containerId, wanted, { probe, ephemeral, ipv6, ipv4: four !== undefined });
    },

    state: () => endpoints.list().filter(({ ports }) => ports.length > 0).flatMap(({ containerId, ports }) => {
      const all = endpoints.of(containerId);
      const [four, six] = [gatewayOf(all, 4), gatewayOf(all, 6)];
      const entry = four ?? six;
      const bridge = entry && networkOf(entry)?.bridge;
      if (!bridge) return [];
      const addresses = [four?.address, six?.address6].filter((address): address is string => Boolean(address));
      return [{ containerId, bridge: bridge.link, addresses, ports }];
    }),

    startProxies: async (containerId) => {
      if (!userlandProxy) return;
      const all = endpoints.of(containerId);
      const ports = all.flatMap((endpoint) => endpoint.ports);
      const entry = gatewayOf(all, 4) ?? gatewayOf(all, 6);
      if (entry) await proxies.start(containerId, entry.address || entry.address6, ports);
    },
    stopProxies: proxies.stop,
    proxied: proxies.owners,

    forgetFlows: async ({ address, ports }) => {
      const udp = ports.filter(({ protocol, hostIp }) => protocol === 'udp' && !hostIp.includes(':'));
      if (udp.length === 0) return;
      // Exit code 1: there were none; 127: the tool isn't there, and the entries end by themselves.
      await Promise.all([
        run('conntrack', ['-D', '-p', 'udp', '--reply-src', address]),
        ...udp.map(({ hostPort }) => run('conntrack', ['-D', '-p', 'udp', '--orig-port-dst', String(hostPort)])),
      ]);
    },
    end: leases.end,
    release: leases.release,
    keepOnly: leases.keepOnly,
  };
}
