import { createHash } from 'node:crypto';
import { parseAddress, parseSubnet, type Address, type Subnet } from '../model/address.ts';
import { BerthError } from '../model/errors.ts';
import type { Op } from '../model/plan.ts';
import type { EndpointRecord } from './endpoints.ts';
import { macBytes } from './ipam.ts';
import {
  addAddress, createMacvlan, createVeth, deleteLink, linkUp, netlink, noLinkLocal, setAlias,
  setBridgePort, setDefaultRoute, type Message,
} from './netlink.ts';
import type { NetworkRecord } from './networks.ts';

/** What starts the name of every veth end of ours on the host. */
export const vethPrefix = 'bv';
/** What starts the alias of a veth end; the container's id follows. */
export const aliasPrefix = 'berth:';

/** The host's end: `bv` and ten hex digits, from the ids, so that it can be found without a record. */
export function vethName({ containerId, networkId }: Pick<EndpointRecord, 'containerId' | 'networkId'>): string {
  return vethPrefix + createHash('sha256').update(`${containerId}/${networkId}`).digest('hex').slice(0, 10);
}

/** Run by the keeper (or, later, the helper) once the container's namespace exists: the link, with one end inside. */
export function hostOps(endpoint: EndpointRecord, network: NetworkRecord, ipv6Known: boolean): Op[] {
  const { bridge, macvlan } = network;
  const mac = macBytes(endpoint.mac);
  if (macvlan) {
    return [netlink([createMacvlan({ name: endpoint.device, parent: macvlan.parent, mode: macvlan.mode, mac })])];
  }
  if (!bridge) return [];
  const name = vethName(endpoint);
  return [
    netlink([createVeth({ name, mtu: bridge.mtu, master: bridge.link, peerName: endpoint.device, peerMac: mac })]),
    // Only now has the link an index to put into the messages.
    netlink([
      setAlias(name, `${aliasPrefix}${endpoint.containerId}`),
      // Frames between containers cross no firewall where the bridge doesn't call it; isolated ports exchange none.
      setBridgePort(name, !bridge.icc),
      ...(ipv6Known ? [noLinkLocal(name)] : []),
    ]),
  ];
}

/**
 * Run by init in the container's namespace: loopback, then each endpoint's addresses, then the default routes. IPv6 goes
 * off before any link is up where no network has it, so that nothing is ever announced.
 */
export function insideOps(endpoints: readonly EndpointRecord[], ipv6Known: boolean): Op[] {
  const ipv6 = endpoints.some(({ address6 }) => address6 !== '');
  return [
    ...(ipv6Known ? [disableIPv6('all', !ipv6), disableIPv6('default', true)] : []),
    netlink([linkUp(1)]),
    ...endpoints.flatMap((endpoint) => addressOps(endpoint, ipv6Known)),
    ...routeOps(gatewayOf(endpoints, 4), gatewayOf(endpoints, 6)),
  ];
}

/** One endpoint's link inside: its addresses, up. Not yet any default route. */
export function addressOps(endpoint: EndpointRecord, ipv6Known: boolean): Op[] {
  const { device } = endpoint;
  return [
    ...(ipv6Known ? [
      { op: 'write', path: `/proc/sys/net/ipv6/conf/${device}/accept_ra`, data: '0', optional: true } satisfies Op,
      disableIPv6(device, endpoint.address6 === ''),
    ] : []),
    netlink([...subnetsOf(endpoint).map((subnet) => addAddress(device, subnet)), linkUp(device)]),
  ];
}

/** The default routes as they are to be from now on; a family without a gateway stays as it is. */
export function routeOps(by4: EndpointRecord | undefined, by6: EndpointRecord | undefined): Op[] {
  const messages: Message[] = [];
  if (by4) messages.push(setDefaultRoute(by4.device, addressIn(by4.gateway)));
  if (by6) messages.push(setDefaultRoute(by6.device, addressIn(by6.gateway6)));
  return messages.length === 0 ? [] : [netlink(messages)];
}

/**
 * Who gives the default route: the highest priority, among equals the first network
 * by name. One without a way out never does.
 */
export function gatewayOf(endpoints: readonly EndpointRecord[], family: 4 | 6): EndpointRecord | undefined {
  const gateway = (endpoint: EndpointRecord): string => (family === 4 ? endpoint.gateway : endpoint.gateway6);
  return endpoints.filter((endpoint) => gateway(endpoint) !== '').sort((a, b) =>
    b.gatewayPriority - a.gatewayPriority || (a.networkName < b.networkName ? -1 : 1))[0];
}

/** A container with `--network none` has its loopback, and nothing else. */
export const loopbackOps = (): Op[] => [netlink([linkUp(1)])];

/** Usually the link went with the container's namespace; then this fails, and that is fine. */
export const detachOps = (endpoint: Pick<EndpointRecord, 'containerId' | 'networkId'>): Op[] =>
  [netlink([deleteLink(vethName(endpoint))], true)];

/** Operations of a launch for a process that runs already: what the keeper would put in is put in here. */
export function withPid(ops: readonly Op[], pid: number): Op[] {
  return ops.map((op) => {
    if (op.op !== 'netlink') return op;
    const message = Buffer.from(op.message);
    const patches = op.patches.filter((patch) => {
      const [offset, value] = patch.split('=');
      if (value === '$pid') message.writeUInt32LE(pid, Number(offset));
      return value !== '$pid';
    });
    return { ...op, message, patches };
  });
}

const disableIPv6 = (which: string, off: boolean): Op =>
  ({ op: 'write', path: `/proc/sys/net/ipv6/conf/${which}/disable_ipv6`, data: off ? '1' : '0' });

export function subnetsOf(endpoint: EndpointRecord): Subnet[] {
  const texts = [
    ...(endpoint.address === '' ? [] : [`${endpoint.address}/${endpoint.prefixLength}`]),
    ...(endpoint.address6 === '' ? [] : [`${endpoint.address6}/${endpoint.prefixLength6}`]),
  ];
  return texts.map((text) => parseSubnet(text) ?? unreadable(text));
}

function addressIn(text: string): Address {
  return parseAddress(text) ?? unreadable(text);
}

function unreadable(text: string): never {
  throw new BerthError('internal', `the record of address ${text} can't be read`);
}
