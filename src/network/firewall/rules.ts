import { formatSubnet, parseAddress, type Family } from '../../model/address.ts';
import type { PortBinding } from '../../model/ports.ts';
import type { BridgeSettings } from '../networks.ts';

/**
 * The firewall that an engine wants, as data that knows no backend.
 *
 * ```
 *  in from anywhere ─► raw/guard: what claims to be for or from 127/8 but didn't come through lo is dropped
 *                      nat/dnat:  published port → container           (PREROUTING; from the host itself: OUTPUT)
 *                      filter/user        the machine's owner's own
 *                      filter/isolation   into or out of an internal network: dropped
 *                      filter/forward     into a bridge: replies, published ports, its own containers; all else is dropped
 *                      filter/out         out of a bridge: accepted
 *                      nat/source: what leaves a subnet takes the host's address; so does what comes back to the bridge
 *                                  through a published port, else the answer would bypass us
 * ```
 *
 * No rule of a chain depends on the order of the bridges in it: a network's rules come and go at the end of each chain,
 * and none of the others' is touched. Only a bridge's own rules must keep their order.
 */
export interface FirewallState {
  readonly bridges: readonly BridgeSettings[];
  readonly endpoints: readonly FirewallEndpoint[];
  /** Published ports are served by proxies too: 127.0.0.1 and the containers themselves go there, not through NAT. */
  readonly userlandProxy: boolean;
  /** Families that are forwarded for our sake alone: there what no rule accepts isn't, so that the host is no router. */
  readonly closed: readonly Family[];
}

export interface FirewallEndpoint {
  readonly containerId: string;
  readonly bridge: string;
  /** At most one a family. */
  readonly addresses: readonly string[];
  readonly ports: readonly PortBinding[];
}

export type Table = 'raw' | 'nat' | 'filter';
/** The kernel's own hooks that ours hang from. */
export type Hook = 'PREROUTING' | 'OUTPUT' | 'POSTROUTING' | 'FORWARD';
/** Chains that belong to the engine. `user` is filled by the machine's owner alone. */
export type OwnChain = 'guard' | 'dnat' | 'user' | 'isolation' | 'forward' | 'out';

export interface Match {
  readonly in?: string;
  readonly notIn?: string;
  readonly out?: string;
  readonly notOut?: string;
  readonly source?: string;
  readonly destination?: string;
  readonly notDestination?: string;
  /** The destination is an address of this host. */
  readonly toHost?: boolean;
  readonly protocol?: 'tcp' | 'udp' | 'sctp';
  readonly port?: number;
  /** What connection tracking says; `dnat`: the destination was rewritten. */
  readonly connection?: 'known' | 'dnat';
}

export type Verdict =
  | { readonly go: 'accept' | 'drop' | 'return' | 'masquerade' }
  | { readonly go: 'chain'; readonly chain: OwnChain }
  | { readonly go: 'dnat'; readonly address: string; readonly port: number };

export interface Rule {
  readonly table: Table;
  readonly chain: Hook | OwnChain;
  readonly match: Match;
  readonly verdict: Verdict;
}

export const ownChains: Readonly<Record<OwnChain, Table>> = {
  guard: 'raw', dnat: 'nat', user: 'filter', isolation: 'filter', forward: 'filter', out: 'filter',
};
export const isOwnChain = (chain: Hook | OwnChain): chain is OwnChain => chain in ownChains;

const loopbacks: Readonly<Record<Family, string>> = { 4: '127.0.0.0/8', 6: '::1/128' };
const everywhere: Readonly<Record<Family, string>> = { 4: '0.0.0.0', 6: '::' };

/**
 * Every rule of this state for one family, in the order in which a packet must meet those of one chain. Empty where no
 * bridge has the family.
 */
export function desiredRules(state: FirewallState, family: Family = 4): Rule[] {
  const bridges = state.bridges.filter(({ subnets }) => subnets.some((subnet) => subnet.family === family));
  if (bridges.length === 0) return [];
  const own = { ...state, bridges };
  return [
    ...guards(own, family), ...hooks(own, family), ...sourceNat(own, family), ...forwarding(own),
    ...publishing(own, family),
  ];
}

function guards({ bridges }: FirewallState, family: Family): Rule[] {
  const drop = (match: Match): Rule => ({ table: 'raw', chain: 'guard', match, verdict: { go: 'drop' } });
  const loopback = loopbacks[family];
  return [
    { table: 'raw', chain: 'PREROUTING', match: {}, verdict: { go: 'chain', chain: 'guard' } },
    // DNAT comes before the kernel's check for martians, so a neighbour with a route to 127/8 would reach
    // ports published on 127.0.0.1 alone (moby#45610).
    drop({ notIn: 'lo', destination: loopback }),
    // The bridge lets 127/8 through (route_localnet); a container must not borrow it as its source.
    ...bridges.map(({ link }) => drop({ in: link, source: loopback })),
  ];
}

function hooks({ userlandProxy }: FirewallState, family: Family): Rule[] {
  const to = (chain: OwnChain): Verdict => ({ go: 'chain', chain });
  // IPv6 has no route_localnet: what asks for ::1 can't be led out of the host.
  const direct = userlandProxy || family === 6;
  return [
    { table: 'nat', chain: 'PREROUTING', match: { toHost: true }, verdict: to('dnat') },
    {
      table: 'nat', chain: 'OUTPUT', verdict: to('dnat'),
      match: direct ? { toHost: true, notDestination: loopbacks[family] } : { toHost: true },
    },
    ...(['user', 'isolation', 'forward', 'out'] as const).map((chain): Rule =>
      ({ table: 'filter', chain: 'FORWARD', match: {}, verdict: to(chain) })),
  ];
}

function sourceNat({ bridges, userlandProxy }: FirewallState, family: Family): Rule[] {
  const masquerade = (match: Match): Rule =>
    ({ table: 'nat', chain: 'POSTROUTING', match, verdict: { go: 'masquerade' } });
  return bridges.filter(({ internal }) => !internal).flatMap(({ link, subnets, masquerade: masked }) =>
    subnets.filter((subnet) => subnet.family === family).flatMap((subnet) => {
      const source = formatSubnet(subnet);
      return [
        ...(masked ? [masquerade({ source, notOut: link })] : []),
        ...(userlandProxy ? [] : [masquerade({ source, out: link, connection: 'dnat' })]),
        ...(userlandProxy || family === 6 ? [] : [masquerade({ source: loopbacks[family], out: link })]),
      ];
    }));
}

function forwarding({ bridges }: FirewallState): Rule[] {
  const rule = (chain: OwnChain, match: Match, go: 'accept' | 'drop'): Rule =>
    ({ table: 'filter', chain, match, verdict: { go } });
  return bridges.flatMap(({ link, icc, internal }) => {
    const among = rule('forward', { in: link, out: link }, icc ? 'accept' : 'drop');
    if (internal) {
      return [
        rule('isolation', { in: link, notOut: link }, 'drop'), rule('isolation', { notIn: link, out: link }, 'drop'), among,
      ];
    }
    return [
      rule('forward', { out: link, connection: 'known' }, 'accept'),
      rule('forward', { out: link, connection: 'dnat' }, 'accept'),
      among,
      rule('forward', { out: link }, 'drop'),
      rule('out', { in: link }, 'accept'),
    ];
  });
}

function publishing({ endpoints, userlandProxy }: FirewallState, family: Family): Rule[] {
  return endpoints.flatMap((endpoint) => {
    const address = endpoint.addresses.find((text) => parseAddress(text)?.family === family);
    return endpoint.ports.flatMap((binding): Rule[] => {
      // NAT doesn't cross families: what comes in by IPv6 for an IPv4 container is the proxy's.
      if (address === undefined || parseAddress(binding.hostIp)?.family !== family) return [];
      const width = family === 4 ? 32 : 128;
      return [{
        table: 'nat', chain: 'dnat',
        match: {
          ...(userlandProxy ? { notIn: endpoint.bridge } : {}),
          ...(binding.hostIp === everywhere[family] ? {} : { destination: `${binding.hostIp}/${width}` }),
          protocol: binding.protocol, port: binding.hostPort,
        },
        verdict: { go: 'dnat', address, port: binding.port },
      }];
    });
  });
}
