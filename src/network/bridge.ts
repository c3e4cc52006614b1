import { createHash } from 'node:crypto';
import { formatAddress, formatSubnet, lastOf, overlaps, parseSubnet, type Family, type Subnet } from '../model/address.ts';
import { conflict, invalid } from '../model/errors.ts';
import type { Op } from '../model/plan.ts';
import type { BridgeSettings } from './networks.ts';
import { addAddress, createBridge, deleteLink, linkUp, netlink, setAlias } from './netlink.ts';

/** Whose a bridge is; kept as the link's alias. */
export const bridgeAlias = (engineId: string): string => `berth:${engineId}`;

/** A stable MAC: otherwise a bridge takes the lowest of its ports', and its neighbours' ARP entries go stale. */
export function bridgeMac(engineId: string, name: string): Uint8Array {
  const digest = createHash('sha256').update(`${engineId}/${name}`).digest();
  return Uint8Array.from([0x02, 0x42, digest[0] ?? 0, digest[1] ?? 0, digest[2] ?? 0, digest[3] ?? 0]);
}

/** Makes the bridge with its gateway address, up. Fails where the name is taken. Run in the engine's own namespace. */
export function createBridgeOps(engineId: string, bridge: BridgeSettings): Op[] {
  const { link } = bridge;
  return [
    netlink([createBridge(link, { mac: bridgeMac(engineId, link), mtu: bridge.mtu })]),
    netlink([setAlias(link, bridgeAlias(engineId))]),
    ...ipv6Sysctls(bridge),
    netlink([...bridge.subnets.map((subnet) => addAddress(link, subnet)), linkUp(link)]),
    ...bridgeSysctls(link),
  ];
}

/** Puts right what may be missing on a bridge of ours that outlived its engine. */
export function repairBridgeOps(bridge: BridgeSettings): Op[] {
  return [
    ...ipv6Sysctls(bridge),
    ...bridge.subnets.map((subnet) => netlink([addAddress(bridge.link, subnet)], true)),
    netlink([linkUp(bridge.link)]),
    ...bridgeSysctls(bridge.link),
  ];
}

/** What reaches a published port by 127.0.0.1 crosses the bridge with that source until NAT rewrites it. */
function bridgeSysctls(link: string): Op[] {
  return [{ op: 'write', path: `/proc/sys/net/ipv4/conf/${link}/route_localnet`, data: '1' }];
}

const hasIPv6 = ({ subnets }: BridgeSettings): boolean => subnets.some(({ family }) => family === 6);

/** IPv6 is off unless the network has it, and is never set by what a container announces. */
function ipv6Sysctls(bridge: BridgeSettings): Op[] {
  const of = (name: string, data: string): Op =>
    ({ op: 'write', path: `/proc/sys/net/ipv6/conf/${bridge.link}/${name}`, data, optional: !hasIPv6(bridge) });
  return [of('accept_ra', '0'), of('disable_ipv6', hasIPv6(bridge) ? '0' : '1')];
}

export const forwardingPath: Readonly<Record<Family, string>> = {
  4: '/proc/sys/net/ipv4/ip_forward', 6: '/proc/sys/net/ipv6/conf/all/forwarding',
};
export const setForwarding = (family: Family, on: boolean): Op =>
  ({ op: 'write', path: forwardingPath[family], data: on ? '1' : '0' });

export const deleteBridgeOps = (link: string): Op[] => [netlink([deleteLink(link)], true)];

/** A link as `ip -json link show` prints it, as far as we read it. */
export interface LinkInfo {
  readonly ifname: string;
  readonly ifalias?: string;
  readonly linkinfo?: { readonly info_kind?: string };
}

/** Refuses a link that bears our bridge's name and isn't ours. */
export function checkOwner(link: LinkInfo, engineId: string): void {
  if (link.linkinfo?.info_kind === 'bridge' && link.ifalias === bridgeAlias(engineId)) return;
  const kind = link.linkinfo?.info_kind ?? 'link';
  throw conflict(`bridge ${link.ifname}: a ${kind} of that name exists and isn't this engine's: `
    + `choose another name, or remove it with \`ip link del ${link.ifname}\``);
}

export interface Route {
  readonly device: string;
  readonly subnet: Subnet;
}

/** Routes of the main table from the text of /proc/net/route (hex in host byte order), without the default route. */
export function parseRoutes(text: string): Route[] {
  return text.split('\n').slice(1).flatMap((line) => {
    const [device = '', destination = '', , , , , , mask = ''] = line.split('\t');
    const number = (hex: string): bigint => BigInt(Buffer.from(hex, 'hex').readUInt32LE());
    if (device === '' || !/^[0-9A-F]{8}$/i.test(destination) || !/^[0-9A-F]{8}$/i.test(mask)) return [];
    const prefix = number(mask).toString(2).replaceAll('0', '').length;
    if (prefix === 0) return [];
    const subnet = parseSubnet(`${formatAddress({ family: 4, value: number(destination) })}/${prefix}`);
    return subnet ? [{ device, subnet }] : [];
  });
}

/** Routes of all tables from the text of /proc/net/ipv6_route, without default, multicast and link-local ones. */
export function parseRoutes6(text: string): Route[] {
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const [destination = '', length = ''] = words;
    const device = words[9] ?? '';
    const prefix = Number.parseInt(length, 16);
    if (!/^[0-9a-f]{32}$/.test(destination) || !(prefix > 0) || device === 'lo' || /^f[ef]/.test(destination)) return [];
    const address = { family: 6, value: BigInt(`0x${destination}`) } as const;
    const subnet = parseSubnet(`${formatAddress(address)}/${prefix}`);
    return subnet ? [{ device, subnet }] : [];
  });
}

/** Refuses a subnet that the host already routes elsewhere. */
export function checkOverlap(bridge: BridgeSettings, routes: readonly Route[]): void {
  for (const subnet of bridge.subnets) {
    const clash = routes.find((route) => route.device !== bridge.link && overlaps(route.subnet, subnet));
    if (!clash) continue;
    throw conflict(`subnet ${formatSubnet(subnet)} of bridge ${bridge.link} overlaps with `
      + `${formatSubnet(clash.subnet)}, which the host reaches through ${clash.device}: `
      + 'choose another with --bip ADDRESS/LENGTH or --subnet');
  }
}

/** Checks what `--bridge`, `--bip` and `--mtu` say. */
export function bridgeSettings(link: string, bip: string, mtu: number): BridgeSettings {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/.test(link)) {
    throw invalid(`invalid --bridge ${link}: an interface name has 1 to 15 letters, digits, dots, dashes, underscores`);
  }
  const subnet = parseSubnet(bip);
  const wrong = (why: string): Error => invalid(`invalid --bip ${bip}: ${why}`);
  if (!subnet || subnet.family !== 4) throw wrong('want an IPv4 address with a prefix length, as 172.30.0.1/16');
  if (subnet.prefix > 29 || subnet.prefix < 8) throw wrong('the prefix length must be from 8 to 29');
  if (subnet.value === subnet.network || subnet.value === lastOf(subnet)) {
    throw wrong(`the bridge's own address can't be the subnet's first or last one`);
  }
  if (!Number.isInteger(mtu) || mtu < 576 || mtu > 65535) throw invalid(`invalid --mtu ${mtu}: want 576 to 65535`);
  return { link, subnets: [subnet], mtu, icc: true, masquerade: true, internal: false, hostIp: '' };
}
