import type { Op } from '../model/plan.ts';
import type { PortBinding, PortRequest, Protocol } from '../model/ports.ts';
import type { EndpointWish } from './addresses.ts';
import type { NetworkWish } from './define.ts';
import type { EndpointRecord, NetworkNames } from './endpoints.ts';
import type { RunningProcess } from './live-changes.ts';
import type { NetworkRecord } from './networks.ts';
import type { DefaultPool } from './pools.ts';

export interface NetworkOptions {
  /** What marks our links and rules: hex digits, the same for all of a data root's engines. */
  readonly engineId: string;
  /** The default network's bridge; `berth0` unless told. Another one sets our chains apart too. */
  readonly bridge?: string;
  /** Its address and subnet; `172.30.0.1/16` unless told. */
  readonly bip?: string;
  readonly mtu?: number;
  /** Serve published ports by a process as well: off unless told. */
  readonly userlandProxy?: boolean;
  /** The program and arguments before `-proto …`, as `['/…/berth', 'proxy']`. Needed with `userlandProxy`. */
  readonly proxyCommand?: readonly string[];
  readonly firewall?: 'iptables' | 'nftables';
  /** Whence networks without a wish get their subnets; Docker's private blocks in pieces of 254 addresses unless told. */
  readonly defaultPools?: readonly DefaultPool[];
  /** Milliseconds for which the default bridge and its rules outlive the last container; 500 unless told. */
  readonly linger?: number;
}

export interface AttachRequest {
  /** In the order of the links inside: eth0, eth1, …. None: the container has its loopback alone. */
  readonly endpoints: readonly EndpointWish[];
  readonly ports?: readonly PortRequest[];
}

export interface Attachment {
  readonly endpoints: readonly EndpointRecord[];
  /** For the launch plan: before anything is cloned, once init exists, in the container's namespace. */
  readonly before: readonly Op[];
  readonly host: readonly Op[];
  readonly inside: readonly Op[];
  /** Defaults for the container's namespace, under what the user asks for. */
  readonly sysctls: Readonly<Record<string, string>>;
}

export interface Network {
  readonly networks: {
    list(): NetworkRecord[];
    find(reference: string): NetworkRecord;
    get(id: string): NetworkRecord | undefined;
  };
  /** The default bridge's address: where `host-gateway` leads. */
  readonly gateway: string;
  /** A user-defined network, its bridge and rules; all or nothing. */
  create(wish: NetworkWish): Promise<NetworkRecord>;
  /** Removes a network that no container is on. */
  remove(networkId: string): Promise<void>;
  /** Leases for a container, the bridges that aren't there, and the launch's operations. On an error nothing is kept. */
  attach(containerId: string, request: AttachRequest): Promise<Attachment>;
  /** Puts a running container on one more network; its other connections stay. `ports`: those it wants published. */
  connect(containerId: string, process: RunningProcess, wish: EndpointWish, ports?: readonly PortRequest[]): Promise<EndpointRecord>;
  /** Takes a container off a network; without a process only its leases and links on the host go. */
  disconnect(containerId: string, networkId: string, process?: RunningProcess): Promise<void>;
  /** Publishes more ports of a container that runs. Nothing holds them but the rules: the keeper has its own. */
  publishMore(containerId: string, requests: readonly PortRequest[]): Promise<PortBinding[]>;
  /** Ends what leads from one host port, on all addresses, to a container that runs. */
  unpublish(containerId: string, hostPort: number, protocol: Protocol): Promise<PortBinding[]>;
  /** Opens the published ports. Runs beside the launch; must be through before the container's program starts. */
  publish(containerId: string): Promise<void>;
  /**
   * Closes ports; the links, if they are still there, and the leases of their addresses go a moment later, as do the
   * default bridge and its rules with the last container. Wait for it before the next attach.
   */
  detach(containerId: string): Promise<void>;
  /** Doesn't wait that moment: when it returns, nothing is left of a default bridge that no container uses. */
  settle(): Promise<void>;
  /** Of one container, eth0 first. */
  endpointsOf(containerId: string): readonly EndpointRecord[];
  endpointsOn(networkId: string): EndpointRecord[];
  /** What a running container can look up, for each of its networks. */
  namesOn(containerId: string): NetworkNames[];
  /** What the host can look up: everyone, on the default bridge too. */
  allNames(): NetworkNames[];
  rename(containerId: string, name: string): void;
  /** After a restart: forgets all who aren't in `living` and renders firewall and bridges anew for those who are. */
  reconcile(living: ReadonlySet<string>): Promise<void>;
}
