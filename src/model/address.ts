/** Internet addresses as numbers: what IPAM, rules and messages to the kernel all need. */
export type Family = 4 | 6;

export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** A block of addresses. `address` is the one that was written, `network` the block's first. */
export interface Subnet extends Address {
  readonly network: bigint;
  readonly prefix: number;
}

export const widthOf = (family: Family): number => (family === 4 ? 32 : 128);

/** The address that a text names, in the usual notations of IPv4 and IPv6; undefined where it names none. */
export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parse6(text) : parse4(text);
}

function parse4(text: string): Address | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    // A leading zero is octal to some and decimal to others; refuse it.
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256n + BigInt(part);
  }
  return { family: 4, value };
}

function parse6(text: string): Address | undefined {
  let body = text;
  const dotted = /^(.*:)([0-9.]+)$/.exec(text);
  if (dotted?.[2]?.includes('.')) {
    const tail = parse4(dotted[2]);
    if (!tail) return undefined;
    body = `${dotted[1]}${(tail.value >> 16n).toString(16)}:${(tail.value & 0xffffn).toString(16)}`;
  }
  const halves = body.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  let value = 0n;
  for (const group of [...head, ...Array<string>(missing).fill('0'), ...tail]) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
    value = value * 65536n + BigInt(`0x${group}`);
  }
  return { family: 6, value };
}

/** The canonical text (RFC 5952 for IPv6). */
export function formatAddress({ family, value }: Address): string {
  const bytes = addressBytes({ family, value });
  if (family === 4) return bytes.join('.');
  const pair = (i: number): number => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0);
  const groups = Array.from({ length: 8 }, (_, i) => pair(i).toString(16));
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}

/** Network byte order: 4 or 16 bytes. */
export function addressBytes({ family, value }: Address): Uint8Array {
  const length = widthOf(family) / 8;
  return Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * (length - 1 - i))) & 0xffn));
}

/** `172.30.0.1/16` → a subnet; undefined where the text isn't one. */
export function parseSubnet(text: string): Subnet | undefined {
  const [host = '', length = '', ...rest] = text.split('/');
  const address = parseAddress(host);
  if (!address || rest.length > 0 || !/^[0-9]{1,3}$/.test(length)) return undefined;
  const prefix = Number(length);
  const width = widthOf(address.family);
  if (prefix > width) return undefined;
  const shift = BigInt(width - prefix);
  return { ...address, prefix, network: (address.value >> shift) << shift };
}

export const formatSubnet = (subnet: Subnet): string =>
  `${formatAddress({ family: subnet.family, value: subnet.network })}/${subnet.prefix}`;

/** The last address of a block: in IPv4 its broadcast address. */
export const lastOf = (subnet: Subnet): bigint =>
  subnet.network + (1n << BigInt(widthOf(subnet.family) - subnet.prefix)) - 1n;

export const contains = (subnet: Subnet, address: Address): boolean =>
  subnet.family === address.family && address.value >= subnet.network && address.value <= lastOf(subnet);

export const overlaps = (a: Subnet, b: Subnet): boolean =>
  a.family === b.family && a.network <= lastOf(b) && b.network <= lastOf(a);
