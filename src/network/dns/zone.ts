import { addressBytes, parseAddress } from '../../model/address.ts';
import type { NamedEndpoint, NetworkNames } from '../endpoints.ts';
import { internet, recordType, type LocalRecord, type Query } from './message.ts';

/**
 * The records that the networks of one asker have for a question: none where the name is known and has none of that
 * type; undefined where the name isn't ours. `turn` says with which of several addresses to begin.
 */
export function localRecords(
  networks: readonly NetworkNames[], query: Query, turn: number,
): readonly LocalRecord[] | undefined {
  if (query.class !== internet) return undefined;
  const own = networks.filter(({ resolves }) => resolves);
  if (query.type === recordType.ptr) return pointers(own, query.key);
  const found = findName(own, query.key);
  if (!found) return undefined;
  const records = found.flatMap(({ ipv4, ipv6 }): LocalRecord[] => [
    ...(ipv4 && (query.type === recordType.a || query.type === recordType.any) ? [{ type: 'A', data: ipv4 } as const] : []),
    ...(ipv6 && (query.type === recordType.aaaa || query.type === recordType.any) ? [{ type: 'AAAA', data: ipv6 } as const] : []),
  ]);
  const start = records.length === 0 ? 0 : turn % records.length;
  return [...records.slice(start), ...records.slice(0, start)];
}

/**
 * `a.b.c` is `a.b.c` on any of the networks, else `a.b` on network `c`, else `a` on network `b.c`: names and networks
 * may both have dots. The first network that knows it answers.
 */
function findName(networks: readonly NetworkNames[], key: string): readonly NamedEndpoint[] | undefined {
  for (let dot = key.length; dot > 0; dot = key.lastIndexOf('.', dot - 1)) {
    const name = key.slice(0, dot);
    const on = dot === key.length ? networks : networks.filter(({ networkName }) => networkName.toLowerCase() === key.slice(dot + 1));
    for (const network of on) {
      const found = membersNamed(network, name);
      if (found.length > 0) return found;
    }
  }
  return undefined;
}

function membersNamed({ members, links }: NetworkNames, name: string): readonly NamedEndpoint[] {
  const link = Object.entries(links).find(([alias]) => alias.toLowerCase() === name)?.[1].toLowerCase();
  const linked = link === undefined
    ? []
    : members.filter((member) => isCalled(member, link) || member.containerId === link);
  return linked.length > 0 ? linked : members.filter((member) => isCalled(member, name));
}

/** A whole id, 64 digits, is too long for a label (63). */
const isCalled = ({ name, shortId, aliases }: NamedEndpoint, key: string): boolean =>
  name.toLowerCase() === key || shortId === key || aliases.some((alias) => alias.toLowerCase() === key);

function pointers(networks: readonly NetworkNames[], key: string): readonly LocalRecord[] | undefined {
  for (const { networkName, members } of networks) {
    for (const { name, ipv4, ipv6 } of members) {
      if ([ipv4, ipv6].some((address) => address !== undefined && reverseName(address) === key))
        return [{ type: 'PTR', data: `${name}.${networkName}` }];
    }
  }
  return undefined;
}

/** `2.0.30.172.in-addr.arpa`; for IPv6 the 32 digits in reverse. */
export function reverseName(text: string): string | undefined {
  const address = parseAddress(text);
  if (!address) return undefined;
  const bytes = [...addressBytes(address)];
  if (address.family === 4) return `${bytes.toReversed().join('.')}.in-addr.arpa`;
  const digits = bytes.flatMap((byte) => [byte >> 4, byte & 15]).map((digit) => digit.toString(16));
  return `${digits.toReversed().join('.')}.ip6.arpa`;
}
