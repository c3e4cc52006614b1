import { createHash } from 'node:crypto';
import { lastOf, overlaps, parseSubnet, widthOf, type Family, type Subnet } from '../model/address.ts';
import { BerthError, invalid } from '../model/errors.ts';

/** A block from which networks without a wish get theirs, `size` being the prefix length of each. */
export interface DefaultPool {
  readonly base: Subnet;
  readonly size: number;
}

/**
 * Docker's private blocks, cut into pieces of 254 addresses instead of its 65 534 and 4 094, so that 4 096 networks fit
 * where Docker has room for 31.
 */
export const defaultPools: readonly DefaultPool[] = ['172.17.0.0/16', '172.18.0.0/15', '172.20.0.0/14',
  '172.24.0.0/13', '192.168.0.0/16'].map((base) => ({ base: parseSubnet(base) as Subnet, size: 24 }));

/** `base=10.200.0.0/16,size=24`, as `--default-address-pool` has it. */
export function parseDefaultPool(text: string): DefaultPool {
  const fields = new Map(text.split(',').map((part) => part.trim().split('=', 2) as [string, string]));
  const base = parseSubnet(fields.get('base') ?? '');
  const size = Number(fields.get('size'));
  const known = [...fields.keys()].every((name) => name === 'base' || name === 'size');
  if (!base || !known || !Number.isInteger(size) || size < base.prefix || size > widthOf(base.family) - 2) {
    throw invalid(`invalid default address pool ${text}: want base=SUBNET,size=LENGTH, as in `
      + 'base=10.200.0.0/16,size=24, the length from the subnet\'s own on');
  }
  return { base: { ...base, value: base.network }, size };
}

/** The /48 of unique local addresses (RFC 4193) that is this engine's: 40 bits that nobody else is likely to have. */
export function uniqueLocalPool(engineId: string): DefaultPool {
  const global = BigInt(`0x${createHash('sha256').update(`ula/${engineId}`).digest('hex').slice(0, 10)}`);
  const network = ((0xfdn << 40n) | global) << 80n;
  return { base: { family: 6, value: network, network, prefix: 48 }, size: 64 };
}

/** The first piece of the pools that overlaps with nothing that is `taken`. */
export function freeSubnet(family: Family, pools: readonly DefaultPool[], taken: readonly Subnet[]): Subnet {
  const others = taken.filter((subnet) => subnet.family === family);
  // Nearly all that is taken are pieces of these pools themselves; a set finds those at once.
  const exact = new Set(others.map(({ network, prefix }) => `${network}/${prefix}`));
  for (const { base, size } of pools) {
    if (base.family !== family) continue;
    const step = 1n << BigInt(widthOf(family) - size);
    for (let network = base.network; network <= lastOf(base); network += step) {
      if (exact.has(`${network}/${size}`)) continue;
      const candidate: Subnet = { family, network, value: network + 1n, prefix: size };
      if (!others.some((other) => overlaps(other, candidate))) return candidate;
    }
  }
  throw new BerthError('not-found', `could not find an available, non-overlapping IPv${family} address pool among the `
    + 'defaults to assign to the network: remove networks, or name a --subnet');
}
