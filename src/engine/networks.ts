import type { ContainerRecord, EndpointRecord } from '../model/container.ts';
import { BerthError, invalid, messageOf } from '../model/errors.ts';
import type { NetworkRecord, NetworkWish } from '../network/network.ts';
import { parseTime } from './clock.ts';
import type { Context } from './context.ts';
import { membersOf } from './endpoint-wishes.ts';
import { booleanFilter, labelsPass, passes, untilFilter, type Filters } from './filters.ts';

export type { NetworkRecord, NetworkWish } from '../network/network.ts';

export const networkFilters = ['dangling', 'driver', 'id', 'label', 'label!', 'name', 'scope', 'type'];
export const networkPruneFilters = ['label', 'label!', 'until'];

/** A network and the running containers on it. */
export interface NetworkView {
  readonly network: NetworkRecord;
  readonly members: readonly { readonly record: ContainerRecord; readonly endpoint: EndpointRecord }[];
}

export function listNetworks(context: Context, filters: Filters): NetworkView[] {
  for (const type of filters.get('type') ?? []) {
    if (type !== 'custom' && type !== 'builtin') throw invalid(`invalid filter: 'type'='${type}'`);
  }
  const dangling = booleanFilter(filters, 'dangling');
  return context.network.networks.list().filter((network) =>
    passes(filters, 'id', (value) => network.id.startsWith(value)) &&
    passes(filters, 'name', (value) => network.name.includes(value)) &&
    passes(filters, 'driver', (value) => network.driver === value) &&
    passes(filters, 'scope', (value) => value === 'local') &&
    passes(filters, 'type', (value) => network.predefined === (value === 'builtin')) &&
    (dangling === undefined || dangling === isDangling(context, network)) &&
    labelsPass(filters, network.labels),
  ).map((network) => ({ network, members: [] }));
}

/** User-defined, and nobody is on it now. */
const isDangling = (context: Context, { predefined, id }: NetworkRecord): boolean =>
  !predefined && context.network.endpointsOn(id).length === 0;

export function viewNetwork(context: Context, reference: string): NetworkView {
  const network = context.network.networks.find(reference);
  return { network, members: membersOf(context, network.id) };
}

export async function createNetwork(context: Context, wish: NetworkWish): Promise<NetworkRecord> {
  const network = await context.network.create(wish);
  tellNetwork(context, network, 'create');
  return network;
}

export async function removeNetwork(context: Context, reference: string): Promise<void> {
  const network = context.network.networks.find(reference);
  await context.network.remove(network.id);
  tellNetwork(context, network, 'destroy');
}

/** Removes every network that no container is on, one that doesn't run now neither; gives their names. */
export async function pruneNetworks(context: Context, filters: Filters): Promise<string[]> {
  const limit = untilFilter(filters);
  const wanted = new Set(context.records.all().flatMap(({ networkingConfig }) => Object.keys(networkingConfig.EndpointsConfig)));
  const removed: string[] = [];
  for (const network of context.network.networks.list()) {
    if (network.predefined || wanted.has(network.name) || !isDangling(context, network)) continue;
    if (!labelsPass(filters, network.labels)) continue;
    if (limit !== undefined && (parseTime(network.created) ?? 0n) >= limit) continue;
    try {
      await removeNetwork(context, network.id);
      removed.push(network.name);
    } catch (error) {
      // Somebody came meanwhile, or it is gone already; all else is told, and the others still go.
      const expected = error instanceof BerthError && (error.kind === 'forbidden' || error.kind === 'not-found');
      if (!expected) context.options.log(`network ${network.name}: ${messageOf(error)}`);
    }
  }
  return removed;
}

/** Tells an event of a network, with the attributes that Docker gives. */
export function tellNetwork(
  context: Context,
  network: NetworkRecord,
  action: 'create' | 'destroy' | 'connect' | 'disconnect',
  container?: string,
): void {
  const type = network.driver;
  context.events.emit('network', action, network.id, { ...(container ? { container } : {}), name: network.name, type });
}

/** Tells that a container came to, or left, each of these networks. */
export function tellEndpoints(
  context: Context,
  { id }: ContainerRecord,
  endpoints: Readonly<Record<string, EndpointRecord>>,
  action: 'connect' | 'disconnect',
): void {
  for (const { networkId } of Object.values(endpoints)) {
    const network = context.network.networks.get(networkId);
    if (network) tellNetwork(context, network, action, id);
  }
}
