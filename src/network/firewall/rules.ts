import { formatSubnet, parseAddress } from '../../model/address.ts';
import type { PortBinding } from '../../model/ports.ts';
import type { BridgeSettings } from '../networks.ts';

/**
 * The firewall that an engine wants, as data that knows no backend.
 *
 * ```
 *  in from anywhere ─► raw/guard: what claims to be for or from 127/8 but didn't come through lo is dropped
 *                      nat/dnat:  published port → container           (PREROUTING; from the host itself: OUTPUT)
 *                      filter/forward, into a bridge: replies, published ports, its own containers; all else is dropped
 *                                      out of a bridge: accepted
 *                      nat/source: what leaves a subnet takes the host's address; so does what comes back to the bridge
 *                                  through a published port, else the answer would bypass us
 * ```
 */
export interface FirewallState {
  readonly bridges: readonly BridgeSettings[];
  readonly endpoints: readonly FirewallEndpoint[];
  /** Published ports are served by proxies too: 127.0.0.1 and the containers themselves go there, not through NAT. */
  readonly userlandProxy: boolean;
  /** Forwarding is on for our sake alone: what no rule accepts isn't forwarded, so that the host is no router. */
  readonly closed: boolean;
}

export interface FirewallEndpoint {
  readonly containerId: string;
  readonly bridge: string;
  readonly address: string;
  readonly ports: readonly PortBinding[];
}

export type Table = 'raw' | 'nat' | 'filter';
/** The kernel's own hooks that ours hang from. */
export type Hook = 'PREROUTING' | 'OUTPUT' | 'POSTROUTING' | 'FORWARD';
/** Chains that belong to the engine. `user` is filled by the machine's owner alone. */
export type OwnChain = 'guard' | 'dnat' | 'forward' | 'user';

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
  guard: 'raw', dnat: 'nat', forward: 'filter', user: 'filter',
};
export const isOwnChain = (chain: Hook | OwnChain): chain is OwnChain => chain in ownChains;

const loopback = '127.0.0.0/8';

/** Every rule of this state, in the order in which a packet must meet those of one chain. Empty without bridges. */
export function desiredRules(state: FirewallState): Rule[] {
  if (state.bridges.length === 0) return [];
  return [...guards(state), ...hooks(state), ...sourceNat(state), ...forwarding(state), ...publishing(state)];
}

function guards({ bridges }: FirewallState): Rule[] {
  const drop = (match: Match): Rule => ({ table: 'raw', chain: 'guard', match, verdict: { go: 'drop' } });
  return [
    { table: 'raw', chain: 'PREROUTING', match: {}, verdict: { go: 'chain', chain: 'guard' } },
    // DNAT comes before the kernel's check for martians, so a neighbour with a route to 127/8 would reach
    // ports published on 127.0.0.1 alone (moby#45610).
    drop({ notIn: 'lo', destination: loopback }),
    // The bridge lets 127/8 through (route_localnet); a container must not borrow it as its source.
    ...bridges.map(({ link }) => drop({ in: link, source: loopback })),
  ];
}

function hooks({ userlandProxy }: FirewallState): Rule[] {
  const toDnat = { go: 'chain', chain: 'dnat' } as const;
  return [
    { table: 'nat', chain: 'PREROUTING', match: { toHost: true }, verdict: toDnat },
    {
      table: 'nat', chain: 'OUTPUT', verdict: toDnat,
      match: userlandProxy ? { toHost: true, notDestination: loopback } : { toHost: true },
    },
    { table: 'filter', chain: 'FORWARD', match: {}, verdict: { go: 'chain', chain: 'user' } },
    { table: 'filter', chain: 'FORWARD', match: {}, verdict: { go: 'chain', chain: 'forward' } },
  ];
}

function sourceNat({ bridges, userlandProxy }: FirewallState): Rule[] {
  const masquerade = (match: Match): Rule =>
    ({ table: 'nat', chain: 'POSTROUTING', match, verdict: { go: 'masquerade' } });
  return bridges.flatMap((bridge) => {
    const source = formatSubnet(bridge.subnet);
    return [
      ...(bridge.masquerade ? [masquerade({ source, notOut: bridge.link })] : []),
      ...(userlandProxy ? [] : [
        masquerade({ source, out: bridge.link, connection: 'dnat' }),
        masquerade({ source: loopback, out: bridge.link }),
      ]),
    ];
  });
}

function forwarding({ bridges }: FirewallState): Rule[] {
  const rule = (match: Match, go: 'accept' | 'drop'): Rule =>
    ({ table: 'filter', chain: 'forward', match, verdict: { go } });
  return [
    // All ways in stand before any way out, so that leaving one bridge is no way into another.
    ...bridges.flatMap(({ link, icc }) => [
      rule({ out: link, connection: 'known' }, 'accept'),
      rule({ out: link, connection: 'dnat' }, 'accept'),
      rule({ in: link, out: link }, icc ? 'accept' : 'drop'),
      rule({ out: link }, 'drop'),
    ]),
    ...bridges.map(({ link }) => rule({ in: link }, 'accept')),
  ];
}

function publishing({ endpoints, userlandProxy }: FirewallState): Rule[] {
  return endpoints.flatMap((endpoint) => endpoint.ports.flatMap((binding): Rule[] => {
    // NAT doesn't cross families: what comes in by IPv6 for an IPv4 container is the proxy's.
    if (parseAddress(binding.hostIp)?.family !== 4) return [];
    return [{
      table: 'nat', chain: 'dnat',
      match: {
        ...(userlandProxy ? { notIn: endpoint.bridge } : {}),
        ...(binding.hostIp === '0.0.0.0' ? {} : { destination: `${binding.hostIp}/32` }),
        protocol: binding.protocol, port: binding.hostPort,
      },
      verdict: { go: 'dnat', address: endpoint.address, port: binding.port },
    }];
  }));
}
