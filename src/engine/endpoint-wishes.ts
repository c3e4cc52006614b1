import { isAlive, type ContainerRecord, type EndpointRecord } from '../model/container.ts';
import { parseAddress } from '../model/address.ts';
import { invalid } from '../model/errors.ts';
import type { EndpointRequest, NetworkingConfig } from '../model/host-config.ts';
import { shortId } from '../model/ids.ts';
import type { EndpointRecord as NetworkEndpoint, EndpointWish, NetworkRecord } from '../network/network.ts';
import type { Context } from './context.ts';

/** Networks of these modes are chosen by name; `host` and `container:…` share somebody's. */
export const hasOwnNetwork = (mode: string): boolean => mode !== 'host' && !mode.startsWith('container:');

/** A create's networks by their names: that of the mode is among them, and clients' `default` is `bridge`. */
export function networksAsked(context: Context, mode: string, asked: NetworkingConfig): NetworkingConfig {
  const named = Object.entries(asked.EndpointsConfig).map(([key, endpoint]) => [nameOf(context, key), endpoint] as const);
  for (const [, endpoint] of named) checkEndpoint(endpoint);
  const own = hasOwnNetwork(mode) ? { [nameOf(context, mode)]: {} } : {};
  return { EndpointsConfig: { ...own, ...Object.fromEntries(named) } };
}

/** That there is no such network is told at start, as Docker does. */
function nameOf(context: Context, reference: string): string {
  try {
    return context.network.networks.find(reference).name;
  } catch {
    return reference;
  }
}

/** What can be judged of one network's wish from its words alone. */
export function checkEndpoint({ IPAMConfig, Links }: EndpointRequest): void {
  const { IPv4Address: four = '', IPv6Address: six = '', LinkLocalIPs: local } = IPAMConfig ?? {};
  if (four !== '' && parseAddress(four)?.family !== 4) throw invalid(`invalid IPv4 address: ${four}`);
  if (six !== '' && parseAddress(six)?.family !== 6) throw invalid(`invalid IPv6 address: ${six}`);
  for (const text of local ?? []) if (!parseAddress(text)) throw invalid(`invalid link-local IP address: ${text}`);
  for (const link of Links ?? []) parseLink(link);
}

/** `web:db` → container `web` under the name `db`; `/web:/own/db`, as inspect writes it, is understood too. */
export function parseLink(text: string): { container: string; alias: string } {
  const [container = '', given, ...rest] = text.split(':');
  const alias = (given ?? container).split('/').at(-1) ?? '';
  if (rest.length > 0 || container === '' || alias === '') throw invalid(`bad format for links: ${text}`);
  return { container: container.replace(/^\//, ''), alias };
}

/** The networks of a container, in the order of their links: that of its mode first, the others by name. */
export function endpointWishes(context: Context, record: ContainerRecord): EndpointWish[] {
  const { hostConfig, networkingConfig, config } = record;
  const { networks } = context.network;
  const main = hostConfig.NetworkMode;
  const asked = Object.entries(networkingConfig.EndpointsConfig);
  const entries: (readonly [string, EndpointRequest])[] = asked.length === 0 ? [[main, {}]] : asked;
  const found = entries.map(([key, request]) => ({ network: networks.find(key), request }))
    .filter(({ network }) => network.driver !== 'null' && network.driver !== 'host');
  const isMain = ({ name, id }: NetworkRecord): boolean => name === main || id === main || id.startsWith(main);
  found.sort((a, b) => Number(isMain(b.network)) - Number(isMain(a.network)) || (a.network.name < b.network.name ? -1 : 1));
  return found.map(({ network, request }) => endpointWish(record, network,
    isMain(network) && config.MacAddress ? { MacAddress: config.MacAddress, ...request } : request));
}

/** One network's wish in the network's words; refuses what Docker refuses. */
export function endpointWish(record: ContainerRecord, network: NetworkRecord, request: EndpointRequest): EndpointWish {
  const { IPv4Address: four = '', IPv6Address: six = '' } = request.IPAMConfig ?? {};
  if (four !== '' || six !== '') {
    if (network.predefined) throw invalid('user specified IP address is supported on user defined networks only');
    for (const [text, family] of [[four, 4], [six, 6]] as const) {
      if (text === '' || network.pools.some(({ subnet, asked }) => asked && subnet.includes(':') === (family === 6))) continue;
      throw invalid('user specified IP address is supported only when connecting to networks with user configured subnets');
    }
  }
  if (network.predefined && (request.Aliases?.length ?? 0) > 0) {
    throw invalid('network-scoped alias is supported only for containers in user defined networks');
  }
  const { Hostname: hostname } = record.config;
  const aliases = [...request.Aliases ?? [], ...(hostname && hostname !== shortId(record.id) ? [hostname] : [])];
  const links = (request.Links ?? []).map(parseLink);
  return {
    network: network.id, name: record.name, aliases: [...new Set(aliases)],
    links: Object.fromEntries(links.map(({ container, alias }) => [alias, container])),
    gatewayPriority: request.GwPriority ?? 0,
    ...(four ? { address: four } : {}), ...(six ? { address6: six } : {}),
    ...(request.MacAddress ? { mac: request.MacAddress.replaceAll('-', ':') } : {}),
  };
}

/** An endpoint as the container's record has it. */
export function recorded(endpoint: NetworkEndpoint): EndpointRecord {
  const { networkId, endpointId, gateway, address, prefixLength, mac, gateway6, address6, prefixLength6 } = endpoint;
  return { networkId, endpointId, gateway, address, prefixLength, mac, gateway6, address6, prefixLength6 };
}

/** A place on `host` or `none`: it has an id, and no address. */
export const bareEndpoint = (networkId: string, endpointId: string): EndpointRecord => ({
  networkId, endpointId, gateway: '', address: '', prefixLength: 0, mac: '', gateway6: '', address6: '', prefixLength6: 0,
});

/** Running containers that are on a network, with their places. */
export function membersOf(context: Context, networkId: string): { record: ContainerRecord; endpoint: EndpointRecord }[] {
  return context.records.all().filter(({ state }) => isAlive(state)).flatMap((record) =>
    Object.values(record.endpoints).filter((endpoint) => endpoint.networkId === networkId)
      .map((endpoint) => ({ record, endpoint })));
}
