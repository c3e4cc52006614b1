/**
 * The small NAT in a container's namespace that leads 127.0.0.11:53 to its name server, as the bytes of one nf_tables
 * batch (linux/netfilter/nf_tables.h): what `nft -f` sends for
 *
 * ```
 * table ip berth-dns; delete table ip berth-dns     (where an earlier engine's may stand)
 * table ip berth-dns {
 *   chain output {
 *     type nat hook output priority -100
 *     ip daddr 127.0.0.11 udp dport 53 dnat to :PORT
 *     ip daddr 127.0.0.11 tcp dport 53 dnat to :PORT
 *   }
 * }
 * ```
 *
 * The server's real port is any free one, so that a container may run a name server of its own on 0.0.0.0:53. Sent by
 * the helper, a start spawns no `nft`, and needs none.
 */
export interface Redirect {
  readonly batch: Buffer;
  /** Where C puts the port, two bytes in network order. */
  readonly portOffsets: readonly number[];
}

/** What the container's resolv.conf names. */
export const resolverAddress = '127.0.0.11';

/** `resolverAddress` in network order. */
export const resolverBytes: Uint8Array = Uint8Array.from(resolverAddress.split('.').map(Number));
const table = 'berth-dns';
const chain = 'output';
const placeholder = 0xfffe;

const flag = { request: 1, ack: 4, create: 0x400, append: 0x800 } as const;
const subsystem = 10 << 8;
const type = {
  begin: 16, end: 17, newTable: subsystem, deleteTable: subsystem + 2, newChain: subsystem + 3, newRule: subsystem + 6,
} as const;
const inet = 2;
const protocols = { udp: 17, tcp: 6 } as const;

/**
 * `again`: an earlier engine's may stand there, and is replaced. Not for a new container's sake: after a deletion the
 * kernel has us wait some 10 ms until all processors have seen it.
 */
export function renderRedirect(again: boolean): Redirect {
  const named = text(1, table);
  const hook = nest(4, number(1, 3), number(2, -100));
  const batch = Buffer.concat([
    message(type.begin, 0, 0),
    ...(again
      ? [message(type.newTable, inet, flag.ack, named, number(2, 0)), message(type.deleteTable, inet, flag.ack, named)]
      : []),
    message(type.newTable, inet, flag.ack, named, number(2, 0)),
    message(type.newChain, inet, flag.ack | flag.create, named, text(3, chain), text(7, 'nat'), number(5, 1), hook),
    ...Object.values(protocols).map((protocol) =>
      message(type.newRule, inet, flag.ack | flag.create | flag.append, named, text(2, chain), toPort(protocol))),
    message(type.end, 0, 0),
  ]);
  const portOffsets: number[] = [];
  const marked = immediate(placeholder);
  for (let at = batch.indexOf(marked); at >= 0; at = batch.indexOf(marked, at + 1)) {
    const offset = at + marked.indexOf(bigEndian16(placeholder));
    batch.fill(0, offset, offset + 2);
    portOffsets.push(offset);
  }
  return { batch, portOffsets };
}

/** `ip daddr 127.0.0.11 udp dport 53 dnat to :PORT`. */
function toPort(protocol: number): Buffer {
  const networkHeader = 1;
  const transportHeader = 2;
  return nest(4,
    load(networkHeader, 16, 4), equals(resolverBytes),
    expression('meta', number(2, 16), number(1, 1)), equals(Uint8Array.of(protocol)),
    load(transportHeader, 2, 2), equals(bigEndian16(53)),
    immediate(placeholder),
    // Destination NAT in IPv4, the port from register 1.
    expression('nat', number(1, 1), number(2, inet), number(5, 1), number(7, 2)));
}

const load = (base: number, offset: number, length: number): Buffer =>
  expression('payload', number(1, 1), number(2, base), number(3, offset), number(4, length));
const equals = (value: Uint8Array): Buffer =>
  expression('cmp', number(1, 1), number(2, 0), nest(3, attribute(1, value)));
const immediate = (port: number): Buffer =>
  expression('immediate', number(1, 1), nest(2, attribute(1, bigEndian16(port))));
const expression = (name: string, ...fields: Buffer[]): Buffer => nest(1, text(1, name), nest(2, ...fields));

function attribute(kind: number, ...payload: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(payload);
  const head = Buffer.alloc(4);
  head.writeUInt16LE(4 + body.length, 0);
  head.writeUInt16LE(kind, 2);
  return Buffer.concat([head, body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
}

const nest = (kind: number, ...payload: Buffer[]): Buffer => attribute(kind | 0x8000, ...payload);
const text = (kind: number, value: string): Buffer => attribute(kind, Buffer.from(`${value}\0`));
/** nf_tables has its numbers in network order. */
function number(kind: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return attribute(kind, bytes);
}

function bigEndian16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** nlmsghdr and nfgenmsg. Begin and end of a batch name the subsystem; sequence numbers are C's to set. */
function message(kind: number, family: number, flags: number, ...attributes: Buffer[]): Buffer {
  const body = Buffer.concat(attributes);
  const head = Buffer.alloc(20);
  head.writeUInt32LE(20 + body.length, 0);
  head.writeUInt16LE(kind, 4);
  head.writeUInt16LE(flag.request | flags, 6);
  head.writeUInt8(family, 16);
  head.writeUInt16BE(family === 0 ? subsystem >> 8 : 0, 18);
  return Buffer.concat([head, body]);
}
