import { encode, type Packet } from 'dns-packet';
import { receive, type Query } from '../../../../src/network/dns/message.ts';
import type { NamedEndpoint, NetworkNames } from '../../../../src/network/endpoints.ts';

/** A question as a client sends it. */
export const question = (name: string, type = 'A', more: Partial<Packet> = {}): Buffer =>
  encode({ type: 'query', id: 7, flags: 256, questions: [{ type: type as 'A', name, class: 'IN' }], ...more });

export function queryOf(bytes: Buffer): Query {
  const received = receive(bytes);
  if (received.kind !== 'query') throw new Error(`not a query: ${received.kind}`);
  return received.query;
}

export const member = (name: string, ipv4: string, more: Partial<NamedEndpoint> = {}): NamedEndpoint =>
  ({ containerId: name.padEnd(64, '0'), name, shortId: name.padEnd(12, '0'), aliases: [], ipv4, ...more });

export const network = (networkName: string, members: readonly NamedEndpoint[], more: Partial<NetworkNames> = {}): NetworkNames =>
  ({ networkId: `id of ${networkName}`, networkName, resolves: true, internal: false, members, links: {}, ...more });
