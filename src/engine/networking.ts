import { isAlive, type ContainerRecord, type EndpointRecord, type PublishedPort } from '../model/container.ts';
import { BerthError, conflict, unavailable } from '../model/errors.ts';
import { parseContainerPorts, requestsFromApi, type PortRequest } from '../model/ports.ts';
import type { Attachment, EndpointRecord as NetworkEndpoint } from '../network/network.ts';
import type { Context } from './context.ts';
import { bareEndpoint, endpointWishes, recorded } from './endpoint-wishes.ts';
import { linksOf, noLinks, type Linked } from './links.ts';
import { randomId } from './names.ts';

export type NetworkMode =
  { readonly kind: 'bridge' | 'none' | 'host' } | { readonly kind: 'container'; readonly container: string };

/** HostConfig.NetworkMode; an unknown network is not found. `bridge` stands for every network with links of its own. */
export function networkModeOf(context: Context, text: string): NetworkMode {
  if (text === 'host' || text === 'none') return { kind: text };
  if (text.startsWith('container:')) return { kind: 'container', container: text.slice('container:'.length) };
  const network = context.network.networks.find(text);
  return { kind: network.driver === 'host' ? 'host' : network.driver === 'null' ? 'none' : 'bridge' };
}

/** A container's networks for one run. */
export interface Attached {
  readonly mode: NetworkMode;
  readonly attachment?: Attachment;
  /** Network name → endpoint, for the record. */
  readonly endpoints: Record<string, EndpointRecord>;
  readonly published: readonly PublishedPort[];
  /** With `container:NAME`: whose network it is. */
  readonly owner?: ContainerRecord & { state: { pid: number; startTime: string } };
  /** What `--link` on the default network adds to /etc/hosts and to the environment. */
  readonly linked: Linked;
}

/** Leases and operations for one run. On an error nothing is kept. */
export async function attachNetwork(context: Context, record: ContainerRecord): Promise<Attached> {
  const mode = networkModeOf(context, record.hostConfig.NetworkMode);
  const alone = { mode, published: [], linked: noLinks };
  if (mode.kind === 'container') {
    return { ...alone, endpoints: {}, owner: runningContainer(context, mode.container, 'network') };
  }
  const bare = (name: string): Record<string, EndpointRecord> =>
    ({ [name]: bareEndpoint(context.network.networks.find(name).id, randomId()) });
  if (mode.kind === 'host') return { ...alone, endpoints: bare('host') };
  const wishes = endpointWishes(context, record);
  const linked = linksOf(context, record);
  const ports = wishes.length > 0 ? wantedPorts(record) : [];
  const attachment = await context.network.attach(record.id, { endpoints: wishes, ports })
    .catch((error: unknown) => Promise.reject(portFailure(record, ports, error)));
  const { endpoints } = attachment;
  if (endpoints.length === 0) return { ...alone, attachment, endpoints: bare('none') };
  return {
    mode, attachment, linked,
    endpoints: Object.fromEntries(endpoints.map((endpoint) => [endpoint.networkName, recorded(endpoint)])),
    published: publishedOf(endpoints),
  };
}

/** The words by which scripts know a port that can't be had. */
function portFailure(record: ContainerRecord, ports: readonly PortRequest[], error: unknown): unknown {
  if (ports.length === 0 || !(error instanceof BerthError) || error.kind !== 'unavailable') return error;
  return unavailable(
    `driver failed programming external connectivity on endpoint ${record.name} (${record.id}): ${error.message}`,
    error,
  );
}

export const publishedOf = (endpoints: readonly NetworkEndpoint[]): PublishedPort[] =>
  endpoints.flatMap(({ ports }) => ports).map(({ port, protocol, hostIp, hostPort }) => ({
    port: `${port}/${protocol}`,
    hostIp,
    hostPort,
  }));

/** `-p` of this container, and with `-P` whatever is exposed and has no binding. */
export function wantedPorts({ config, hostConfig }: Pick<ContainerRecord, 'config' | 'hostConfig'>): PortRequest[] {
  const wanted = requestsFromApi(hostConfig.PortBindings ?? {});
  if (hostConfig.PublishAllPorts) {
    for (const key of Object.keys(config.ExposedPorts ?? {})) {
      for (const { port, protocol } of parseContainerPorts(key)) {
        if (wanted.some((other) => other.port === port && other.protocol === protocol)) continue;
        wanted.push({ port, protocol, hostIp: '', first: 0, last: 0 });
      }
    }
  }
  return wanted;
}

/** A container whose namespace another wants to join. */
export function runningContainer(
  context: Context,
  reference: string,
  what: string,
): ContainerRecord & { state: { pid: number; startTime: string } } {
  const other = context.records.find(reference);
  if (other.state.status === 'restarting') {
    throw conflict(`container ${other.id} is restarting, wait until the container is running`);
  }
  if (!isAlive(other.state))
    throw conflict(
      `cannot join ${what} namespace of a non running container: container ${other.id} is ${other.state.status}`,
    );
  return other as ContainerRecord & { state: { pid: number; startTime: string } };
}
