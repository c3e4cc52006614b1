import { createHash } from 'node:crypto';
import type { Address, Subnet } from '../model/address.ts';
import type { Op } from '../model/plan.ts';
import { macBytes } from './ipam.ts';
import {
  addAddress, addDefaultRoute, createVeth, deleteLink, linkUp, netlink, noLinkLocal, setAlias, setHairpin,
} from './netlink.ts';

/** What starts the name of every veth end of ours on the host. */
export const vethPrefix = 'bv';
/** What starts the alias of a veth end; the container's id follows. */
export const aliasPrefix = 'berth:';

export interface EndpointSettings {
  readonly containerId: string;
  readonly bridge: string;
  readonly mtu: number;
  /** The container's address within its subnet. */
  readonly address: Subnet;
  readonly gateway: Address;
  readonly mac: string;
  /** The kernel has IPv6, which is to be kept off. */
  readonly ipv6Known: boolean;
}

/** The host's end: `bv` and ten hex digits, from the container's id, so that it can be found without a record. */
export function vethName(containerId: string): string {
  return vethPrefix + createHash('sha256').update(containerId).digest('hex').slice(0, 10);
}

/** Run by the keeper once the container's namespace exists: one end on the bridge, the other inside as `eth0`. */
export function hostOps(endpoint: EndpointSettings): Op[] {
  const name = vethName(endpoint.containerId);
  return [
    netlink([createVeth({
      name, mtu: endpoint.mtu, master: endpoint.bridge, peerName: 'eth0', peerMac: macBytes(endpoint.mac),
    })]),
    // Only now has the link an index to put into the messages.
    netlink([
      setAlias(name, `${aliasPrefix}${endpoint.containerId}`), setHairpin(name),
      ...(endpoint.ipv6Known ? [noLinkLocal(name)] : []),
    ]),
  ];
}

/** Run by init in the container's namespace. IPv6 goes off before the link is up, so that nothing is ever announced. */
export function insideOps(endpoint: EndpointSettings): Op[] {
  return [
    ...(endpoint.ipv6Known ? withoutIPv6 : []),
    netlink([
      linkUp(1), addAddress('eth0', endpoint.address), linkUp('eth0'), addDefaultRoute('eth0', endpoint.gateway),
    ]),
  ];
}

/** A container with `--network none` has its loopback, and nothing else. */
export const loopbackOps = (): Op[] => [netlink([linkUp(1)])];

const withoutIPv6: Op[] = ['all', 'default'].map((which) => ({
  op: 'write', path: `/proc/sys/net/ipv6/conf/${which}/disable_ipv6`, data: '1',
}));

/** Usually the link went with the container's namespace; then this fails, and that is fine. */
export const detachOps = (containerId: string): Op[] => [netlink([deleteLink(vethName(containerId))], true)];
