import { randomBytes } from 'node:crypto';
import { exists, readTextIfAny } from '../host/files.ts';
import type { Database } from '../host/database.ts';
import { canBind } from '../host/sockets.ts';
import { formatAddress, parseAddress } from '../model/address.ts';
import { BerthError, invalid } from '../model/errors.ts';
import type { Op } from '../model/plan.ts';
import type { PortBinding, PortRequest } from '../model/ports.ts';
import { detachOps, hostOps, insideOps, loopbackOps } from './attach.ts';
import { bridgeSettings } from './bridge.ts';
import { openBridgeKeeper, type HostOps } from './bridge-keeper.ts';
import { openEndpoints, type EndpointRecord } from './endpoints.ts';
import { openIptables, type Footprint, type Run } from './firewall/firewall.ts';
import type { FirewallState } from './firewall/rules.ts';
import { macBytes, macOf, openIpam } from './ipam.ts';
import { openMemories } from './memory.ts';
import { openNetworks, type NetworkRecord } from './networks.ts';
import { ephemeralRange, holdPorts, openPortLeases, type Probe } from './ports.ts';
import { openProxies } from './proxies.ts';

export type { EndpointRecord } from './endpoints.ts';
export { inspectNetwork, type NetworkRecord } from './networks.ts';
export type { HostOps } from './bridge-keeper.ts';

export interface NetworkOptions {
  /** What marks our links and rules: hex digits, the same for all of a data root's engines. */
  readonly engineId: string;
  /** The bridge's name; `berth0` unless told. Another one sets our chains apart too. */
  readonly bridge?: string;
  /** The bridge's address and subnet; `172.30.0.1/16` unless told. */
  readonly bip?: string;
  readonly mtu?: number;
  /** Serve published ports by a process as well: off unless told. */
  readonly userlandProxy?: boolean;
  /** The program and arguments before `-proto …`, as `['/…/berth', 'proxy']`. Needed with `userlandProxy`. */
  readonly proxyCommand?: readonly string[];
  readonly firewall?: 'iptables' | 'nftables';
  /** Milliseconds for which bridge and rules outlive the last container, for the next one; 500 unless told. */
  readonly linger?: number;
}

export interface AttachRequest {
  readonly network: 'bridge' | 'none';
  readonly ports?: readonly PortRequest[];
  /** A wish (`--ip`). */
  readonly address?: string;
  /** A wish (`--mac-address`); otherwise it follows from the address. */
  readonly mac?: string;
}

export interface Attachment {
  /** Absent with `none`. */
  readonly endpoint?: EndpointRecord;
  /** For the launch plan: before anything is cloned, once init exists, in the container's namespace. */
  readonly before: readonly Op[];
  readonly host: readonly Op[];
  readonly inside: readonly Op[];
  /** Defaults for the container's namespace, under what the user asks for. */
  readonly sysctls: Readonly<Record<string, string>>;
}

export interface Network {
  readonly networks: { list(): NetworkRecord[]; find(reference: string): NetworkRecord };
  /** The bridge's address: where `host-gateway` leads. */
  readonly gateway: string;
  /** Leases for a container, the bridge if it isn't there, and the launch's operations. On an error nothing is kept. */
  attach(containerId: string, request: AttachRequest): Promise<Attachment>;
  /** Opens the published ports. Runs beside the launch; must be through before the container's program starts. */
  publish(containerId: string): Promise<void>;
  /**
   * Closes ports, removes the veth pair if it is still there, ends leases. Bridge and rules follow the last container
   * in a moment. Wait for it before the next attach.
   */
  detach(containerId: string): Promise<void>;
  /** Doesn't wait that moment: when it returns, nothing is left of a network that no container uses. */
  settle(): Promise<void>;
  endpoint(containerId: string): EndpointRecord | undefined;
  endpoints(): EndpointRecord[];
  /** After a restart: forgets all who aren't in `living` and renders firewall and bridge anew for those who are. */
  reconcile(living: ReadonlySet<string>): Promise<void>;
}

export interface NetworkParts {
  readonly database: Database;
  readonly helper: HostOps;
  readonly run: Run;
  readonly options: NetworkOptions;
}

const defaultBridge = 'berth0';

/**
 * The network of one engine. A start reads: `attach` (leases, operations as data), then the launch carries the
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
  const ipam = openIpam(database);
  const leases = openPortLeases(database);
  const endpoints = openEndpoints(database);
  const proxies = openProxies(database, options.proxyCommand ?? []);
  const owner = { engineId: options.engineId, suffix: bridge.link === defaultBridge ? '' : bridge.link };
  const firewall = openIptables(run, owner, {
    get: () => memories.get<Footprint>('firewall'), set: (value) => memories.set('firewall', value),
  });
  const keeper = openBridgeKeeper({ bridge, engineId: options.engineId, helper, run, memories });
  const gatewayAddress = { family: bridge.subnet.family, value: bridge.subnet.value };
  const gateway = formatAddress(gatewayAddress);
  const networkId = networks.find('bridge').id;
  ipam.define(networkId, bridge.subnet, [gatewayAddress]);

  const idle: { timer?: NodeJS.Timeout } = {};
  const publishing = new Map<string, Promise<unknown>>();
  const inUse = (): boolean => endpoints.list().length > 0;

  const probe: Probe = ({ address, protocol, port }) =>
    protocol === 'sctp' ? Promise.resolve(true) : canBind(protocol, { address, port });

  function firewallState(): FirewallState {
    const all = endpoints.list();
    return {
      bridges: [bridge], userlandProxy, closed: keeper.openedForwarding(),
      endpoints: all.map(({ containerId, address, ports }) => ({ containerId, bridge: bridge.link, address, ports })),
    };
  }

  async function attachToBridge(containerId: string, request: AttachRequest): Promise<Attachment> {
    await detach(containerId); // what an interrupted start may have left
    try {
      const address = ipam.lease(networkId, bridge.subnet, containerId, request.address);
      const mac = request.mac ?? macOf(address);
      macBytes(mac);
      const text = formatAddress(address);
      const record = (ports: readonly PortBinding[]): EndpointRecord => ({
        containerId, networkId, endpointId: randomBytes(32).toString('hex'), address: text, gateway,
        prefixLength: bridge.subnet.prefix, mac, ports,
      });
      endpoints.put(record([])); // from here on the bridge is needed
      clearTimeout(idle.timer);
      const bindings = leasePorts(containerId, request.ports ?? []);
      const [ports] = await Promise.all([bindings, keeper.ensure()]);
      const endpoint = record(ports);
      endpoints.put(endpoint);
      const settings = {
        containerId, bridge: bridge.link, mtu: bridge.mtu, gateway: gatewayAddress, mac,
        address: { ...bridge.subnet, ...address },
        ipv6Known: await exists('/proc/sys/net/ipv6'),
      };
      return {
        endpoint, sysctls: settings.ipv6Known ? noIPv6 : {},
        before: userlandProxy ? [] : holdPorts(ports), host: hostOps(settings), inside: insideOps(settings),
      };
    } catch (error) {
      await detach(containerId).catch(() => undefined);
      throw error;
    }
  }

  async function leasePorts(containerId: string, requests: readonly PortRequest[]): Promise<PortBinding[]> {
    if (requests.length === 0) return [];
    const range = ephemeralRange(await readTextIfAny('/proc/sys/net/ipv4/ip_local_port_range'));
    for (const { hostIp, first } of requests) {
      if (userlandProxy || parseAddress(hostIp)?.family !== 6) continue;
      throw invalid(`publish [${hostIp}]:${first || ''}: an IPv6 host address needs --userland-proxy=true`);
    }
    const ipv6 = userlandProxy && await exists('/proc/net/if_inet6');
    return leases.lease(containerId, requests, { probe, ephemeral: range, ipv6 });
  }

  async function detach(containerId: string): Promise<void> {
    const endpoint = endpoints.get(containerId);
    await publishing.get(containerId)?.catch(() => undefined); // a proxy on its way would be nobody's
    await proxies.stop(containerId);
    if (endpoint) {
      endpoints.remove(containerId);
      const results = await Promise.allSettled([
        endpoint.ports.length > 0 ? firewall.apply(firewallState()).then(() => forgetFlows(endpoint)) : undefined,
        helper.apply(detachOps(containerId)),
      ]);
      releaseLeases(containerId);
      if (!inUse()) idle.timer = setTimeout(() => void settle().catch(() => undefined), options.linger ?? 500).unref();
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    } else {
      releaseLeases(containerId);
    }
  }

  function releaseLeases(containerId: string): void {
    ipam.release(containerId);
    leases.release(containerId);
  }

  /** Without this a UDP client that never pauses keeps its old way, or its lack of one (moby#8795). */
  async function forgetFlows({ address, ports }: EndpointRecord): Promise<void> {
    const udp = ports.filter(({ protocol, hostIp }) => protocol === 'udp' && !hostIp.includes(':'));
    if (udp.length === 0) return;
    // Exit code 1: there were none; 127: the tool isn't there, and the entries end by themselves.
    await Promise.all([
      run('conntrack', ['-D', '-p', 'udp', '--reply-src', address]),
      ...udp.map(({ hostPort }) => run('conntrack', ['-D', '-p', 'udp', '--orig-port-dst', String(hostPort)])),
    ]);
  }

  /** A start that comes meanwhile waits, and makes all of it again. */
  async function settle(): Promise<void> {
    clearTimeout(idle.timer);
    if (inUse()) return;
    await keeper.remove(() => !inUse(),
      (stillClosed) => firewall.apply({ bridges: [], endpoints: [], userlandProxy, closed: stillClosed }));
  }

  return {
    networks,
    gateway,
    attach: async (containerId, request) => request.network === 'bridge'
      ? attachToBridge(containerId, request)
      : { before: [], host: [], inside: loopbackOps(), sysctls: {} },
    publish: async (containerId) => {
      const endpoint = endpoints.get(containerId);
      if (!endpoint) return;
      const work = Promise.all([
        firewall.apply(firewallState()).then(() => forgetFlows(endpoint)),
        userlandProxy ? proxies.start(containerId, endpoint.address, endpoint.ports) : undefined,
      ]);
      publishing.set(containerId, work);
      await work.finally(() => publishing.delete(containerId));
    },
    detach,
    endpoint: endpoints.get,
    endpoints: endpoints.list,
    reconcile: async (living) => {
      const gone = [...new Set([...endpoints.list().map(({ containerId }) => containerId), ...proxies.owners()])]
        .filter((id) => !living.has(id));
      for (const id of gone) {
        await proxies.stop(id);
        endpoints.remove(id);
        await helper.apply(detachOps(id));
      }
      ipam.keepOnly(living);
      leases.keepOnly(living);
      if (!inUse()) return settle();
      await keeper.ensure();
      await firewall.repair(firewallState());
    },
    settle,
  };
}

const noIPv6 = { 'net.ipv6.conf.all.disable_ipv6': '1', 'net.ipv6.conf.default.disable_ipv6': '1' };

/** `172.30.0.2/16`, as the API shows a member's address. */
export const withPrefix = ({ address, prefixLength }: EndpointRecord): string => `${address}/${prefixLength}`;
