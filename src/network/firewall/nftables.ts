import { formatSubnet, parseAddress, type Family } from '../../model/address.ts';
import type { BridgeSettings } from '../networks.ts';
import type { FirewallState } from './rules.ts';

/**
 * The firewall of `rules.ts` as one table of nf_tables, in which nothing is tried one after the other: the bridge and the
 * port are looked up in maps, so the thousandth published port costs a packet, and the one who publishes it, what the
 * first did.
 *
 * ```
 *  guard        prerouting, raw      for or from 127/8 and not through lo: dropped
 *  prerouting, output        dnat    ─► publish: address, protocol and port ─► container
 *  forward                           internal bridges; into a bridge ─► into-LINK; out of a bridge: accepted
 *  postrouting  srcnat               source's subnet ─► from-LINK
 * ```
 *
 * To accept here is not to accept for all: a table of somebody else's may drop what this one lets through, and nobody's
 * `accept` overrules a drop here. An administrator's own rules therefore need no chain of ours: any table of theirs counts.
 */
export interface Ruleset {
  /** `berth`, or with the name of another default bridge. */
  readonly table: string;
  /** All but the published ports: chains, rules, sets, as the body of a table. */
  readonly base: string;
  /** Published ports: map → key → value, as nft writes them. */
  readonly ports: ReadonlyMap<string, string>;
}

export const tableName = (suffix: string): string => suffix === '' ? 'berth' : `berth-${suffix}`;

/** undefined: no bridge, so no table. */
export function renderRuleset(state: FirewallState, table: string): Ruleset | undefined {
  return state.bridges.length === 0 ? undefined : { table, base: renderBase(state), ports: renderPorts(state) };
}

const families: readonly Family[] = [4, 6];
const ip = (family: Family): string => family === 4 ? 'ip' : 'ip6';
const loopback = (family: Family): string => family === 4 ? '127.0.0.0/8' : '::1';
const everywhere: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

function renderBase({ bridges, userlandProxy, closed }: FirewallState): string {
  const open = bridges.filter(({ internal }) => !internal);
  const internal = bridges.filter((bridge) => bridge.internal);
  return [
    ...families.flatMap((family) => {
      const address = `ipv${family}_addr`;
      return [
        `map ports${family} { type inet_proto . inet_service : ${address} . inet_service; }`,
        `map ports${family}at { type ${address} . inet_proto . inet_service : ${address} . inet_service; }`,
        map(`from${family}`, `${address} : verdict; flags interval`, open.flatMap(({ link, subnets }) => subnets
          .filter((subnet) => subnet.family === family)
          .map((subnet) => `${formatSubnet(subnet)} : goto from-${link}`))),
      ];
    }),
    map('into', 'ifname : verdict', bridges.map(({ link }) => `"${link}" : goto into-${link}`)),
    map('inside', 'ifname : verdict', internal.map(({ link }) => `"${link}" : jump inside-${link}`)),
    `set bridges { type ifname; ${elements(bridges.map(({ link }) => `"${link}"`))}}`,
    ...bridges.map((bridge) => intoChain(bridge)),
    ...open.map((bridge) => fromChain(bridge, userlandProxy)),
    ...internal.map(({ link }) => chain(`inside-${link}`, [`oifname != "${link}" drop`])),
    chain('guard', [
      'type filter hook prerouting priority raw',
      // DNAT comes before the kernel's check for martians, so a neighbour with a route to 127/8 would reach ports
      // published on 127.0.0.1 alone (moby#45610).
      ...families.map((family) => `iifname != "lo" ${ip(family)} daddr ${loopback(family)} drop`),
      // The bridge lets 127/8 through (route_localnet); a container must not borrow it as its source.
      ...families.map((family) => `iifname @bridges ${ip(family)} saddr ${loopback(family)} drop`),
    ]),
    chain('publish', [
      // Containers reach published ports through the proxies.
      ...(userlandProxy ? ['iifname @bridges return'] : []),
      ...families.flatMap((family) => [
        `dnat ${ip(family)} to ${ip(family)} daddr . meta l4proto . th dport map @ports${family}at`,
        `dnat ${ip(family)} to meta l4proto . th dport map @ports${family}`,
      ]),
    ]),
    chain('prerouting', ['type nat hook prerouting priority dstnat', 'fib daddr type local jump publish']),
    chain('output', [
      'type nat hook output priority -100',
      // IPv6 has no route_localnet: what asks for ::1 can't be led out of the host.
      'ip6 daddr ::1 return', ...(userlandProxy ? ['ip daddr 127.0.0.0/8 return'] : []),
      'fib daddr type local jump publish',
    ]),
    chain('postrouting', [
      'type nat hook postrouting priority srcnat',
      ...(userlandProxy ? [] : ['ip saddr 127.0.0.0/8 oifname @bridges masquerade']),
      ...families.map((family) => `${ip(family)} saddr vmap @from${family}`),
    ]),
    chain('forward', [
      'type filter hook forward priority filter',
      'iifname vmap @inside', 'oifname vmap @into', 'iifname @bridges accept',
      // Forwarding is on for our sake alone: the host is no router for others.
      ...closed.map((family) => `meta nfproto ipv${family} drop`),
    ]),
  ].join('\n');
}

function intoChain({ link, icc, internal }: BridgeSettings): string {
  return chain(`into-${link}`, [
    ...(internal ? [`iifname != "${link}" drop`] : ['ct state established,related accept', 'ct status dnat accept']),
    `iifname "${link}" ${icc ? 'accept' : 'drop'}`,
    'drop',
  ]);
}

/** What leaves a subnet takes the host's address; so does what comes back to the bridge through a published port. */
function fromChain({ link, masquerade }: BridgeSettings, userlandProxy: boolean): string {
  return chain(`from-${link}`, [
    ...(masquerade ? [`oifname != "${link}" masquerade`] : []),
    ...(userlandProxy ? [] : [`oifname "${link}" ct status dnat masquerade`]),
  ]);
}

const chain = (name: string, rules: readonly string[]): string => `chain ${name} {\n${rules.map((rule) => `  ${rule};\n`).join('')}}`;
const elements = (list: readonly string[]): string => list.length === 0 ? '' : `elements = { ${list.join(', ')} }; `;
const map = (name: string, type: string, list: readonly string[]): string => `map ${name} { type ${type}; ${elements(list)}}`;

function renderPorts({ endpoints }: FirewallState): Map<string, string> {
  const ports = new Map<string, string>();
  for (const { addresses, ports: bindings } of endpoints) {
    for (const { hostIp, hostPort, protocol, port } of bindings) {
      const family = parseAddress(hostIp)?.family;
      const address = addresses.find((text) => parseAddress(text)?.family === family);
      // NAT doesn't cross families: what comes in by IPv6 for an IPv4 container is the proxy's.
      if (family === undefined || address === undefined) continue;
      const [name, key] = everywhere.has(hostIp)
        ? [`ports${family}`, `${protocol} . ${hostPort}`]
        : [`ports${family}at`, `${hostIp} . ${protocol} . ${hostPort}`];
      ports.set(`${name} { ${key}`, `${address} . ${port}`);
    }
  }
  return ports;
}

/** The whole, in place of whatever stood there, in one step. */
export const renderWhole = (ruleset: Ruleset): string => [
  renderRemoval(ruleset.table), `table inet ${ruleset.table} {\n${ruleset.base}\n}`, ...additions(ruleset.table, ruleset.ports), '',
].join('\n');

/** Works whether or not the table is there. */
export const renderRemoval = (table: string): string => `table inet ${table}\ndelete table inet ${table}`;

/**
 * The step between rulesets that differ only in ports, '' where they don't differ; undefined: the whole must be rendered.
 * What isn't as it was left makes the batch fail.
 */
export function renderDifference(before: Ruleset, after: Ruleset): string | undefined {
  if (before.base !== after.base || before.table !== after.table) return undefined;
  const gone = [...before.ports].filter(([key, value]) => after.ports.get(key) !== value);
  const come = [...after.ports].filter(([key, value]) => before.ports.get(key) !== value);
  return [
    ...gone.map(([key]) => `delete element inet ${after.table} ${key} }`),
    ...additions(after.table, come),
  ].map((line) => `${line}\n`).join('');
}

const additions = (table: string, ports: Iterable<readonly [string, string]>): string[] =>
  [...ports].map(([key, value]) => `add element inet ${table} ${key} : ${value} }`);
