import { inspectNetwork, withPrefix, type NetworkRecord } from '../network/network.ts';
import type { Context } from './context.ts';
import { passes, type Filters } from './filters.ts';

export const networkFilters = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'];

/** The networks as Docker's API shows them. `members`: with the containers that are on each. */
export function listNetworks(context: Context, filters: Filters): Record<string, unknown>[] {
  return context.network.networks
    .list()
    .filter(
      (network) =>
        passes(filters, 'id', (value) => network.id.startsWith(value)) &&
        passes(filters, 'name', (value) => network.name.includes(value)) &&
        passes(filters, 'driver', (value) => network.driver === value) &&
        passes(filters, 'scope', (value) => value === 'local') &&
        passes(filters, 'type', (value) => value === 'builtin') &&
        passes(filters, 'dangling', (value) => value === 'false' || value === '0') &&
        passes(filters, 'label', () => false),
    )
    .map((network) => describeNetwork(context, network));
}

export function describeNetwork(context: Context, network: NetworkRecord): Record<string, unknown> {
  const members = context.network
    .endpoints()
    .filter((endpoint) => endpoint.networkId === network.id)
    .map((endpoint) => ({
      containerId: endpoint.containerId,
      name: context.records.get(endpoint.containerId)?.name ?? '',
      endpointId: endpoint.endpointId,
      mac: endpoint.mac,
      address: withPrefix(endpoint),
    }));
  return inspectNetwork(network, members);
}
