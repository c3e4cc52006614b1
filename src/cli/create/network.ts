/** Flags about networks, names and addresses → Docker's JSON. */
import { isIP } from 'node:net';
import type { ContainerCreateRequest, EndpointSettings, NetworkingConfig } from '../../api/wire/docker.ts';
import { messageOf } from '../../model/errors.ts';
import { parseContainerPorts, parsePublish, requestsToApi } from '../../model/ports.ts';
import { UsageError } from '../errors.ts';
import { parseInteger } from '../flags.ts';
import type { ContainerOptions } from './flags.ts';

export function parsePair(value: string): readonly [string, string] {
  const equals = value.indexOf('=');
  if (equals === 0 || value === '') throw new Error('expected NAME=value');
  return equals < 0 ? [value, ''] : [value.slice(0, equals), value.slice(equals + 1)];
}

/** `name:address`, also `name=address`; `host-gateway` stands for the host's address. */
export function parseHost(value: string): string {
  const match = /^([^:=]+)[:=](.+)$/.exec(value);
  const [, name = '', address = ''] = match ?? [];
  const bare = address.replace(/^\[(.*)\]$/, '$1');
  if (match === null) throw new Error('bad format for add-host: expected HOST:ADDRESS');
  if (bare !== 'host-gateway' && isIP(bare) === 0) throw new Error(`invalid IP address in add-host: "${address}"`);
  return `${name}:${bare}`;
}

export function parseNameserver(value: string): string {
  const address = value.trim();
  if (isIP(address) === 0) throw new Error(`IP address is not correctly formatted: ${value}`);
  return address;
}

export function parseSysctl(value: string): readonly [string, string] {
  const [name, setting] = parsePair(value);
  const kernel = /^kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced|domainname)$/;
  const allowed = kernel.test(name) || /^(net|fs\.mqueue)\..+$/.test(name);
  if (!value.includes('=')) throw new Error(`sysctl '${value}' is not allowed: expected NAME=value`);
  if (!allowed) {
    throw new Error(`sysctl '${name}' is not allowed: it is not of a namespace of the container's`);
  }
  return [name, setting];
}

export function parseLink(value: string): string {
  if (!/^[^:]+(:[^:]+)?$/.test(value)) throw new Error('bad format for links: expected CONTAINER[:ALIAS]');
  return value;
}

type Ports = Pick<ContainerCreateRequest, 'ExposedPorts'> & { PortBindings: ReturnType<typeof requestsToApi> };

/** What is published is exposed, too. */
export function portsOf({ publish, expose }: ContainerOptions): Ports {
  const guard = <T>(flag: string, read: () => T): T => {
    try {
      return read();
    } catch (error) {
      throw new UsageError(`${flag}: ${messageOf(error)}`);
    }
  };
  const requests = publish.flatMap((spec) => guard(`invalid argument "${spec}" for "-p, --publish" flag`, () =>
    spec.includes('=') ? parseLongPublish(spec) : parsePublish(spec)));
  const exposed = new Set(requests.map(({ port, protocol }) => `${port}/${protocol}`));
  for (const spec of expose) {
    if (spec.includes(':')) {
      throw new UsageError(`invalid port format for --expose: ${spec}: want PORT[-PORT][/tcp|udp]`);
    }
    const ports = guard(`invalid range format for --expose: ${spec}`, () => parseContainerPorts(spec));
    for (const { port, protocol } of ports) {
      exposed.add(`${port}/${protocol}`);
    }
  }
  const PortBindings = requestsToApi(requests);
  if (exposed.size === 0) return { PortBindings };
  return { ExposedPorts: Object.fromEntries([...exposed].map((key) => [key, {}])), PortBindings };
}

/** `target=80,published=8080,protocol=tcp`. */
function parseLongPublish(spec: string): ReturnType<typeof parsePublish> {
  const fields = new Map(spec.split(',').map((part) => parsePair(part)));
  const unknown = [...fields.keys()].find((key) => !['target', 'published', 'protocol', 'mode'].includes(key));
  if (unknown !== undefined) throw new Error(`invalid field key ${unknown}`);
  const target = parseInteger(fields.get('target') ?? '');
  const inside = `${target}/${fields.get('protocol') ?? 'tcp'}`;
  return parsePublish(fields.has('published') ? `${fields.get('published')}:${inside}` : inside);
}

export interface NetworkPart {
  mode: string;
  networking: NetworkingConfig;
}

/** `--network NAME`, or `name=NAME,alias=…,ip=…`, with the flags that speak of the first one. */
export function networkOf(options: ContainerOptions): NetworkPart {
  const asked = options.network.length === 0 ? ['default'] : options.network;
  const endpoints: Record<string, EndpointSettings> = {};
  const names = asked.map((spec) => {
    const { name, endpoint } = parseNetwork(spec);
    if (Object.hasOwn(endpoints, name)) throw new UsageError(`network "${name}" is specified multiple times`);
    endpoints[name] = endpoint;
    return name;
  });
  const [mode = 'default'] = names;
  const owned = !['default', 'bridge', 'host', 'none'].includes(mode) && !mode.startsWith('container:');
  if (names.length > 1 && names.some((name) => ['host', 'none'].includes(name) || name.startsWith('container:'))) {
    throw new UsageError('conflicting options: cannot attach both user-defined and non-user-defined network-modes');
  }
  if (options.networkAlias.length > 0 && !owned) {
    throw new UsageError('network-scoped aliases are only supported for user-defined networks');
  }
  checkAddress('--ip', options.ip, 4);
  checkAddress('--ip6', options.ip6, 6);
  for (const address of options.linkLocalIp) checkAddress('--link-local-ip', address, 0);
  if (options.macAddress !== '' && !/^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(options.macAddress)) {
    throw new UsageError(`${options.macAddress} is not a valid mac address: expected one such as 92:d0:c6:0a:29:33`);
  }
  fillFirst(endpoints[mode] ?? {}, options, owned);
  // These have no endpoint of their own.
  const bare = mode === 'host' || mode === 'none' || mode.startsWith('container:');
  return { mode, networking: { EndpointsConfig: bare ? {} : endpoints } };
}

function fillFirst(first: EndpointSettings, options: ContainerOptions, owned: boolean): void {
  if (options.ip !== '' || options.ip6 !== '' || options.linkLocalIp.length > 0) {
    first.IPAMConfig = {
      ...first.IPAMConfig,
      ...(options.ip === '' ? {} : { IPv4Address: options.ip }),
      ...(options.ip6 === '' ? {} : { IPv6Address: options.ip6 }),
      ...(options.linkLocalIp.length === 0 ? {} : { LinkLocalIPs: options.linkLocalIp }),
    };
  }
  if (options.networkAlias.length > 0) first.Aliases = [...(first.Aliases ?? []), ...options.networkAlias];
  if (options.macAddress !== '') first.MacAddress = options.macAddress;
  if (options.link.length > 0 && owned) first.Links = options.link;
}

function checkAddress(flag: string, address: string, family: 0 | 4 | 6): void {
  if (address === '') return;
  const found = isIP(address);
  if (found !== 0 && (family === 0 || found === family)) return;
  const wanted = family === 0 ? 'an IP address' : `an IPv${family} address`;
  throw new UsageError(`invalid argument "${address}" for "${flag}" flag: expected ${wanted}`);
}

function parseNetwork(spec: string): { name: string; endpoint: EndpointSettings } {
  if (!/^\w[\w-]*=/.test(spec)) return { name: spec, endpoint: {} };
  const endpoint: EndpointSettings = {};
  let name = '';
  for (const part of spec.split(',')) {
    const [key, value] = parsePair(part);
    switch (key.toLowerCase()) {
      case 'name':
        name = value;
        break;
      case 'alias':
        (endpoint.Aliases ??= []).push(value);
        break;
      case 'ip':
        endpoint.IPAMConfig = { ...endpoint.IPAMConfig, IPv4Address: value };
        break;
      case 'ip6':
        endpoint.IPAMConfig = { ...endpoint.IPAMConfig, IPv6Address: value };
        break;
      case 'mac-address':
        endpoint.MacAddress = value;
        break;
      case 'link-local-ip':
        ((endpoint.IPAMConfig ??= {}).LinkLocalIPs ??= []).push(value);
        break;
      case 'driver-opt': {
        const [option, setting] = parsePair(value);
        (endpoint.DriverOpts ??= {})[option] = setting;
        break;
      }
      case 'gw-priority':
        endpoint.GwPriority = Number(value);
        break;
      default:
        throw new UsageError(`invalid field key ${key} in --network ${spec}`);
    }
  }
  if (name === '') throw new UsageError(`network name is not specified in --network ${spec}`);
  return { name, endpoint };
}
