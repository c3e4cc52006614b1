import { isAlive, type ContainerRecord } from '../model/container.ts';
import { BerthError, invalid } from '../model/errors.ts';
import type { EndpointRequest } from '../model/host-config.ts';
import type { NetworkRecord } from '../network/network.ts';
import type { Context } from './context.ts';
import { checkEndpoint, endpointWish, recorded } from './endpoint-wishes.ts';
import { changeHosts } from './etc-files.ts';
import { renewNames } from './name-service.ts';
import { publishedOf, wantedPorts } from './networking.ts';
import { tellNetwork } from './networks.ts';
import { waitForStart } from './stop.ts';

/** Puts a container on one more network: now where it runs, else from its next start on. */
export function connectContainer(
  context: Context,
  network: NetworkRecord,
  reference: string,
  request: EndpointRequest,
): Promise<void> {
  return inTurn(context, reference, async (record) => {
    checkEndpoint(request);
    checkModes(record, network);
    const wish = endpointWish(record, network, request);
    const { EndpointsConfig: asked } = record.networkingConfig;
    const networkingConfig = { EndpointsConfig: { ...asked, [network.name]: request } };
    if (!isAlive(record.state)) {
      context.records.update(record.id, { networkingConfig });
      tellNetwork(context, network, 'connect', record.id);
      return;
    }
    const process = { pid: record.state.pid, startTime: BigInt(record.state.startTime) };
    const endpoint = await context.network.connect(record.id, process, wish, wantedPorts(record));
    const current = context.records.get(record.id);
    if (!current || !isAlive(current.state)) return; // it ended meanwhile, and what was made ended with it
    context.records.update(record.id, {
      networkingConfig,
      endpoints: { ...current.endpoints, [network.name]: recorded(endpoint) },
      ports: publishedOf(context.network.endpointsOf(record.id)),
    });
    await changeHosts(context, record, recorded(endpoint), 'add');
    await renewNames(context, record, process);
    tellNetwork(context, network, 'connect', record.id);
  });
}

/** Takes a container off a network; with `force` one that is gone is no error. */
export async function disconnectContainer(
  context: Context,
  network: NetworkRecord,
  reference: string,
  force: boolean,
): Promise<void> {
  return inTurn(context, reference, async (record) => {
    if (network.driver === 'host' || record.hostConfig.NetworkMode === 'host') throw hostOnly();
    const { [network.name]: asked, ...others } = record.networkingConfig.EndpointsConfig;
    const endpoint = record.endpoints[network.name];
    if (!asked && !endpoint && !force) {
      throw new BerthError('internal', `container ${record.id} is not connected to network ${network.name}`);
    }
    if (isAlive(record.state)) {
      const process = { pid: record.state.pid, startTime: BigInt(record.state.startTime) };
      await context.network.disconnect(record.id, network.id, process);
      await renewNames(context, record, process);
    }
    const current = context.records.get(record.id);
    if (!current) return;
    const { [network.name]: _, ...endpoints } = current.endpoints;
    context.records.update(record.id, {
      networkingConfig: { EndpointsConfig: others },
      endpoints,
      ...(isAlive(current.state) ? { ports: publishedOf(context.network.endpointsOf(record.id)) } : {}),
    });
    if (endpoint) await changeHosts(context, record, endpoint, 'remove');
    tellNetwork(context, network, 'disconnect', record.id);
  });
}

function checkModes(record: ContainerRecord, network: NetworkRecord): void {
  if (network.driver === 'host') throw hostOnly();
  const { NetworkMode: mode } = record.hostConfig;
  if (mode === 'host' || mode.startsWith('container:')) {
    throw invalid('container sharing network namespace with another container or host cannot be connected to any other '
      + 'network');
  }
  const onNone = Object.hasOwn(record.networkingConfig.EndpointsConfig, 'none');
  if (onNone || (network.driver === 'null' && Object.keys(record.networkingConfig.EndpointsConfig).length > 0)) {
    throw invalid('container cannot be connected to multiple networks with one of the networks in private (none) mode');
  }
}

const hostOnly = (): BerthError =>
  invalid('container cannot be disconnected from host network or connected to host network');

/** One change of a container's networks at a time, and none while it starts. */
export function inTurn(context: Context, reference: string, work: (record: ContainerRecord) => Promise<void>): Promise<void> {
  const { id } = context.records.find(reference);
  const live = context.live.of(id);
  const mine = (live.networkChange ?? Promise.resolve()).catch(() => undefined).then(async () => {
    await waitForStart(context, context.records.find(id));
    await work(context.records.find(id));
  });
  live.networkChange = mine;
  return mine;
}
