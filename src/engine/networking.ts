import { isAlive, type ContainerRecord, type EndpointRecord, type PublishedPort } from '../model/container.ts';
import { BerthError, conflict, unavailable } from '../model/errors.ts';
import { parseContainerPorts, requestsFromApi, type PortRequest } from '../model/ports.ts';
import type { Attachment } from '../network/network.ts';
import type { Context } from './context.ts';

export type NetworkMode =
  { readonly kind: 'bridge' | 'none' | 'host' } | { readonly kind: 'container'; readonly container: string };

/** HostConfig.NetworkMode; an unknown network is not found. */
export function networkModeOf(context: Context, text: string): NetworkMode {
  if (text === 'host' || text === 'none') return { kind: text };
  if (text.startsWith('container:')) return { kind: 'container', container: text.slice('container:'.length) };
  const network = context.network.networks.find(text);
  return { kind: network.driver === 'host' ? 'host' : network.driver === 'null' ? 'none' : 'bridge' };
}

/** A container's network for one run. */
export interface Attached {
  readonly mode: NetworkMode;
  readonly attachment?: Attachment;
  /** Network name → endpoint, for the record. */
  readonly endpoints: Record<string, EndpointRecord>;
  readonly published: readonly PublishedPort[];
  /** With `container:NAME`: whose network it is. */
  readonly owner?: ContainerRecord & { state: { pid: number; startTime: string } };
}

/** Leases and operations for one run. On an error nothing is kept. */
export async function attachNetwork(context: Context, record: ContainerRecord): Promise<Attached> {
  const mode = networkModeOf(context, record.hostConfig.NetworkMode);
  if (mode.kind === 'host') return { mode, endpoints: {}, published: [] };
  if (mode.kind === 'container') {
    return { mode, endpoints: {}, published: [], owner: runningContainer(context, mode.container, 'network') };
  }
  const wish =
    record.networkingConfig.EndpointsConfig[record.hostConfig.NetworkMode] ??
    record.networkingConfig.EndpointsConfig.bridge;
  const address = wish?.IPAMConfig?.IPv4Address;
  const mac = wish?.MacAddress || record.config.MacAddress;
  const ports = mode.kind === 'bridge' ? wantedPorts(record) : [];
  const attachment = await context.network
    .attach(record.id, { network: mode.kind, ports, ...(address ? { address } : {}), ...(mac ? { mac } : {}) })
    .catch((error: unknown) => {
      // The words by which scripts know a port that can't be had.
      if (ports.length === 0 || !(error instanceof BerthError) || error.kind !== 'unavailable') throw error;
      throw unavailable(
        `driver failed programming external connectivity on endpoint ${record.name} (${record.id}): ${error.message}`,
        error,
      );
    });
  const { endpoint } = attachment;
  if (!endpoint) {
    const none = context.network.networks.find('none');
    return {
      mode,
      attachment,
      published: [],
      endpoints: { none: { networkId: none.id, endpointId: '', gateway: '', address: '', prefixLength: 0, mac: '' } },
    };
  }
  return {
    mode,
    attachment,
    endpoints: {
      bridge: {
        networkId: endpoint.networkId,
        endpointId: endpoint.endpointId,
        gateway: endpoint.gateway,
        address: endpoint.address,
        prefixLength: endpoint.prefixLength,
        mac: endpoint.mac,
      },
    },
    published: endpoint.ports.map(({ port, protocol, hostIp, hostPort }) => ({
      port: `${port}/${protocol}`,
      hostIp,
      hostPort,
    })),
  };
}

/** `-p` of this container, and with `-P` whatever is exposed and has no binding. */
export function wantedPorts({ config, hostConfig }: Pick<ContainerRecord, 'config' | 'hostConfig'>): PortRequest[] {
  const wanted = requestsFromApi(hostConfig.PortBindings);
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
