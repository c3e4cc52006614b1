import type { Op } from '../model/plan.ts';
import { addressBytes, lastOf, type Address, type Subnet } from '../model/address.ts';

/**
 * Messages to the kernel's rtnetlink, as bytes (linux/rtnetlink.h, linux/if_link.h; little-endian as the
 * machines we run on). What isn't known while encoding, interface indexes and the container's pid, is left
 * zero and named in a patch, which C resolves in the namespace where it sends the message.
 */
export interface Message {
  readonly bytes: Uint8Array;
  readonly patches: readonly Patch[];
}

interface Patch {
  readonly offset: number;
  /** An interface's name, or `$pid`. */
  readonly value: string;
}

const type = { newLink: 16, delLink: 17, setLink: 19, newAddress: 20, newRoute: 24 } as const;
const flag = { request: 1, ack: 4, exclusive: 0x200, create: 0x400, replace: 0x100 } as const;
const ifla = {
  address: 1, name: 3, mtu: 4, link: 5, master: 10, portInfo: 12, linkInfo: 18, netnsPid: 19, alias: 20, perFamily: 26,
} as const;
const family = { unspecified: 0, inet: 2, bridge: 7, inet6: 10 } as const;
const iffUp = 1;
const nested = 0x8000;

const plain = (bytes: Uint8Array): Message => ({ bytes, patches: [] });

function join(...parts: readonly Message[]): Message {
  let offset = 0;
  const patches: Patch[] = [];
  for (const part of parts) {
    for (const patch of part.patches) patches.push({ offset: offset + patch.offset, value: patch.value });
    offset += part.bytes.length;
  }
  return { bytes: Buffer.concat(parts.map((part) => part.bytes)), patches };
}

function numbers(...fields: readonly [1 | 2 | 4, number][]): Message {
  const bytes = Buffer.alloc(fields.reduce((sum, [width]) => sum + width, 0));
  let offset = 0;
  for (const [width, value] of fields) {
    bytes.writeUIntLE(value, offset, width);
    offset += width;
  }
  return plain(bytes);
}

const u8 = (value: number): [1, number] => [1, value];
const u16 = (value: number): [2, number] => [2, value];
const u32 = (value: number): [4, number] => [4, value];

const padding = (length: number): Message => plain(Buffer.alloc((4 - (length % 4)) % 4));

function attribute(kind: number, ...payload: readonly Message[]): Message {
  const body = join(...payload);
  return join(numbers(u16(body.bytes.length + 4), u16(kind)), body, padding(body.bytes.length));
}

const nest = (kind: number, ...payload: readonly Message[]): Message => attribute(kind | nested, ...payload);
const text = (kind: number, value: string): Message => attribute(kind, plain(Buffer.from(`${value}\0`)));
const number = (kind: number, value: number): Message => attribute(kind, numbers(u32(value)));
const bytes = (kind: number, value: Uint8Array): Message => attribute(kind, plain(value));
/** Four bytes that C fills in. */
const patched = (value: string): Message => ({ bytes: Buffer.alloc(4), patches: [{ offset: 0, value }] });

/** nlmsghdr: length, type, flags, sequence number and sender, which C sets. */
function message(kind: number, flags: number, ...body: readonly Message[]): Message {
  const payload = join(...body);
  const length = 16 + payload.bytes.length;
  const header = numbers(u32(length), u16(kind), u16(flag.request | flag.ack | flags), u32(0), u32(0));
  return join(header, payload, padding(length));
}

interface LinkHeader {
  readonly family?: number;
  /** A fixed index, the name of an interface that exists, or nothing: the message names it by attribute. */
  readonly index?: number | string;
  readonly up?: boolean;
}

/** ifinfomsg. */
function linkHeader({ family: kind = family.unspecified, index = 0, up }: LinkHeader): Message {
  return join(
    numbers(u8(kind), u8(0), u16(0)),
    typeof index === 'string' ? patched(index) : numbers(u32(index)),
    numbers(u32(up ? iffUp : 0), u32(up === undefined ? 0 : iffUp)),
  );
}

export interface LinkSettings {
  readonly mtu?: number;
  /** 6 bytes. */
  readonly mac?: Uint8Array;
  readonly up?: boolean;
}

function settings({ mtu, mac }: LinkSettings): Message[] {
  return [
    ...(mtu === undefined ? [] : [number(ifla.mtu, mtu)]),
    ...(mac === undefined ? [] : [bytes(ifla.address, mac)]),
  ];
}

/** `ip link add NAME type bridge`; fails where the name is taken. */
export function createBridge(name: string, link: LinkSettings): Message {
  return message(type.newLink, flag.create | flag.exclusive,
    linkHeader({ ...(link.up ? { up: true } : {}) }),
    text(ifla.name, name), ...settings(link),
    nest(ifla.linkInfo, text(1, 'bridge')));
}

export interface VethPair {
  readonly name: string;
  readonly mtu: number;
  /** The bridge that the near end joins. */
  readonly master: string;
  readonly peerName: string;
  /** 6 bytes. */
  readonly peerMac: Uint8Array;
}

/** `ip link add NAME mtu M master BRIDGE up type veth peer name PEER mtu M address MAC netns PID`, PID being init's. */
export function createVeth(pair: VethPair): Message {
  const peer = nest(1,
    linkHeader({}), text(ifla.name, pair.peerName), number(ifla.mtu, pair.mtu), bytes(ifla.address, pair.peerMac),
    attribute(ifla.netnsPid, patched('$pid')));
  return message(type.newLink, flag.create | flag.exclusive,
    linkHeader({ up: true }),
    text(ifla.name, pair.name), number(ifla.mtu, pair.mtu), attribute(ifla.master, patched(pair.master)),
    nest(ifla.linkInfo, text(1, 'veth'), nest(2, peer)));
}

/** `ip link set NAME alias TEXT` (at most 255 bytes). */
export const setAlias = (name: string, alias: string): Message =>
  message(type.newLink, 0, linkHeader({}), text(ifla.name, name), bytes(ifla.alias, Buffer.from(alias)));

/** `ip link set NAME addrgenmode none`: no link-local IPv6 address by itself. */
export const noLinkLocal = (name: string): Message =>
  message(type.newLink, 0, linkHeader({ index: name }),
    nest(ifla.perFamily, nest(family.inet6, attribute(8, numbers(u8(1))))));

/** `ip link add link PARENT name NAME address MAC netns PID type macvlan mode MODE`, PID being init's. */
export function createMacvlan({ name, parent, mode, mac }: MacvlanLink): Message {
  return message(type.newLink, flag.create | flag.exclusive,
    linkHeader({}),
    text(ifla.name, name), bytes(ifla.address, mac), attribute(ifla.link, patched(parent)),
    attribute(ifla.netnsPid, patched('$pid')),
    nest(ifla.linkInfo, text(1, 'macvlan'), nest(2, number(1, mode))));
}

export interface MacvlanLink {
  readonly name: string;
  readonly parent: string;
  /** MACVLAN_MODE_…: 1 private, 4 bridge. */
  readonly mode: number;
  /** 6 bytes. */
  readonly mac: Uint8Array;
}

/**
 * `bridge link set dev NAME hairpin on isolated on|off`: frames may leave by the port they came from; isolated ports
 * exchange none among themselves.
 */
export const setBridgePort = (name: string, isolated: boolean): Message =>
  message(type.setLink, 0, linkHeader({ family: family.bridge, index: name }),
    nest(ifla.portInfo, attribute(4, numbers(u8(1))), ...(isolated ? [attribute(33, numbers(u8(1)))] : [])));

/** `ip link set NAME up`; 1 is `lo` in every namespace. */
export const linkUp = (link: string | 1): Message => message(type.newLink, 0, linkHeader({ index: link, up: true }));

/** `ip link set NAME master BRIDGE`. */
export const setMaster = (name: string, master: string): Message =>
  message(type.newLink, 0, linkHeader({ index: name }), attribute(ifla.master, patched(master)));

/** `ip link set NAME name NEW`; the link must be down on kernels before 6.7. */
export const renameLink = (name: string, to: string): Message =>
  message(type.newLink, 0, linkHeader({ index: name }), text(ifla.name, to));

/** `ip link del NAME`. */
export const deleteLink = (name: string): Message => message(type.delLink, 0, linkHeader({}), text(ifla.name, name));

const inet = ({ family: kind }: Address): number => (kind === 4 ? family.inet : family.inet6);

/** `ip addr add ADDRESS/PREFIX dev NAME`, in IPv4 with its broadcast address, in IPv6 without duplicate detection. */
export function addAddress(name: string, subnet: Subnet): Message {
  const own = addressBytes(subnet);
  const broadcast = addressBytes({ family: subnet.family, value: lastOf(subnet) });
  const noDuplicateDetection = 2;
  return message(type.newAddress, flag.create | flag.exclusive,
    numbers(u8(inet(subnet)), u8(subnet.prefix), u8(subnet.family === 6 ? noDuplicateDetection : 0), u8(0)),
    patched(name),
    bytes(2, own), bytes(1, own),
    ...(subnet.family === 4 && subnet.prefix < 31 ? [bytes(4, broadcast)] : []));
}

const mainTable = 254;

/** rtmsg of a default route. */
function defaultRoute(of: Address): Message {
  const byBoot = 3;
  const unicast = 1;
  return numbers(u8(inet(of)), u8(0), u8(0), u8(0), u8(mainTable), u8(byBoot), u8(0), u8(unicast), u32(0));
}

/** `ip route replace default via GATEWAY dev NAME`. */
export const setDefaultRoute = (name: string, gateway: Address): Message =>
  message(type.newRoute, flag.create | flag.replace,
    defaultRoute(gateway), bytes(5, addressBytes(gateway)), attribute(4, patched(name)));

/** Messages as one step of a plan. All patches are resolved before the first is sent. */
export function netlink(messages: readonly Message[], optional = false): Op {
  const { bytes: all, patches } = join(...messages);
  return {
    op: 'netlink', message: all, patches: patches.map(({ offset, value }) => `${offset}=${value}`),
    ...(optional ? { optional: true } : {}),
  };
}
