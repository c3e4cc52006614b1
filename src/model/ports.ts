import { invalid } from './errors.ts';
import { formatAddress, parseAddress } from './address.ts';

export type Protocol = 'tcp' | 'udp' | 'sctp';

export interface ContainerPort {
  readonly port: number;
  readonly protocol: Protocol;
}

/** A wish to publish one container port. `first`–`last`: the host ports to choose from; both 0: any free one. */
export interface PortRequest extends ContainerPort {
  /** '' means every address of the host. */
  readonly hostIp: string;
  readonly first: number;
  readonly last: number;
}

/** A wish fulfilled: one host port leads to one container port. */
export interface PortBinding extends ContainerPort {
  readonly hostIp: string;
  readonly hostPort: number;
}

/** Docker's JSON: `{"80/tcp": [{"HostIp": "", "HostPort": "8000-8010"}]}`; null publishes nothing. */
export type ApiPortMap = Record<string, readonly { HostIp?: string; HostPort?: string }[] | null>;

interface HostBinding {
  HostIp: string;
  HostPort: string;
}

interface Range {
  readonly first: number;
  readonly last: number;
}

const size = (range: Range): number => range.last - range.first + 1;

function parseRange(text: string, what: string): Range {
  const match = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(text);
  if (!match) throw invalid(`invalid ${what}: ${text}: want a number from 1 to 65535, or two with a dash between`);
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  if (first > 65535 || last > 65535 || first < 1) throw invalid(`invalid ${what}: ${text}: ports go from 1 to 65535`);
  if (last < first) throw invalid(`invalid ${what}: ${text}: the range ends before it begins`);
  return { first, last };
}

function parseProtocol(text: string): Protocol {
  const protocol = text.toLowerCase();
  if (protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp') return protocol;
  throw invalid(`invalid proto: ${text}: want tcp, udp or sctp`);
}

function parseHostIp(text: string): string {
  if (text === '') return '';
  const address = parseAddress(text);
  if (!address) throw invalid(`invalid IP address: ${text}`);
  return formatAddress(address);
}

function* count({ first, last }: Range): Generator<number> {
  for (let port = first; port <= last; port++) yield port;
}

/** `--expose 80`, `3000-3010/udp` and the keys of Docker's port maps. */
export function parseContainerPorts(text: string): ContainerPort[] {
  const [ports = '', protocol = 'tcp', ...rest] = text.split('/');
  if (rest.length > 0 || ports === '') throw invalid(`invalid port: ${text}: want PORT[/tcp|udp]`);
  return [...count(parseRange(ports, 'containerPort'))].map((port) => ({ port, protocol: parseProtocol(protocol) }));
}

/** `-p [[HOST-ADDRESS:][HOST-PORT]:]CONTAINER-PORT[/PROTOCOL]`, with ranges, IPv6 addresses in brackets. */
export function parsePublish(text: string): PortRequest[] {
  const bracketed = /^\[([^\]]*)\]:(.*)$/.exec(text);
  const parts = (bracketed?.[2] ?? text).split(':');
  const container = parts.pop() ?? '';
  const host = parts.pop() ?? '';
  const hostIp = parseHostIp(bracketed ? (bracketed[1] ?? '') : parts.join(':'));
  if (bracketed && parts.length > 0) throw invalid(`invalid port to publish: ${text}`);
  const slash = container.split('/');
  if (container === '' || slash[0] === '' || slash.length > 2) {
    throw invalid(`No port specified: ${text}: want [[HOST-ADDRESS:]HOST-PORT:]CONTAINER-PORT[/tcp|udp]`);
  }
  const protocol = parseProtocol(slash[1] ?? 'tcp');
  const inside = parseRange(slash[0] ?? '', 'containerPort');
  if (host === '') return [...count(inside)].map((port) => ({ port, protocol, hostIp, first: 0, last: 0 }));
  const outside = parseHostPorts(host);
  if (size(inside) === 1) return [{ port: inside.first, protocol, hostIp, ...outside }];
  if (outside.last === 0) return [...count(inside)].map((port) => ({ port, protocol, hostIp, first: 0, last: 0 }));
  if (size(inside) !== size(outside)) {
    throw invalid(`Invalid ranges specified for container and host Ports: ${slash[0]} and ${host}: lengths differ`);
  }
  return [...count(inside)].map((port) => {
    const hostPort = outside.first + port - inside.first;
    return { port, protocol, hostIp, first: hostPort, last: hostPort };
  });
}

function parseHostPorts(text: string): Range {
  return text === '' || text === '0' ? { first: 0, last: 0 } : parseRange(text, 'hostPort');
}

/** Wishes from Docker's JSON. */
export function requestsFromApi(map: ApiPortMap): PortRequest[] {
  return Object.entries(map).flatMap(([key, bindings]) =>
    parseContainerPorts(key).flatMap((inside) =>
      (bindings ?? []).map((binding) => ({
        ...inside, hostIp: parseHostIp(binding.HostIp ?? ''), ...parseHostPorts(binding.HostPort ?? ''),
      }))));
}

/** Wishes as Docker's JSON. */
export function requestsToApi(requests: readonly PortRequest[]): Record<string, HostBinding[]> {
  const map: Record<string, HostBinding[]> = {};
  for (const { port, protocol, hostIp, first, last } of requests) {
    const range = last > first ? `${first}-${last}` : first === 0 ? '' : `${first}`;
    (map[`${port}/${protocol}`] ??= []).push({ HostIp: hostIp, HostPort: range });
  }
  return map;
}
