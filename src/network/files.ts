import { parseAddress } from '../model/address.ts';
import { invalid } from '../model/errors.ts';

export interface HostsRequest {
  readonly hostname: string;
  readonly domainname?: string;
  /** The container's own address; absent with `none`. */
  readonly address?: string;
  /** `name:address` or `name=address`; the address may be `host-gateway`. */
  readonly extraHosts?: readonly string[];
  /** What `host-gateway` stands for. */
  readonly hostGateway?: string;
}

const always = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'ff00::0\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

/** The container's /etc/hosts. */
export function hostsFile({ hostname, domainname, address, extraHosts = [], hostGateway }: HostsRequest): string {
  const own = domainname ? `${hostname}.${domainname} ${hostname}` : hostname;
  const extra = extraHosts.map((entry) => {
    const [name, to] = parseExtraHost(entry);
    if (to === 'host-gateway' && hostGateway === undefined) {
      throw invalid(`--add-host ${entry}: host-gateway has no address without the bridge network`);
    }
    return `${to === 'host-gateway' ? hostGateway : to}\t${name}`;
  });
  return [...always, ...extra, ...(address === undefined ? [] : [`${address}\t${own}`]), ''].join('\n');
}

/** `db:10.0.0.1`, `db=10.0.0.1`, `v6:::1`, `v6=[::1]`, `host.docker.internal:host-gateway` → name and address. */
export function parseExtraHost(entry: string): [name: string, address: string] {
  const match = /^([^:=\s]+)[:=](.+)$/.exec(entry);
  const address = match?.[2]?.replace(/^\[(.*)\]$/, '$1') ?? '';
  if (!match?.[1] || (address !== 'host-gateway' && !parseAddress(address))) {
    throw invalid(`invalid --add-host ${entry}: want NAME:ADDRESS, the address an IP address or host-gateway`);
  }
  return [match[1], address];
}

export interface ResolvRequest {
  /** The host's /etc/resolv.conf. */
  readonly host: string;
  readonly dns?: readonly string[];
  readonly search?: readonly string[];
  readonly options?: readonly string[];
  /** The container shares the host's network: loopback resolvers are within its reach. */
  readonly hostNetwork?: boolean;
}

/** Where the host has no resolver that a container can reach, Docker's choice. */
const fallback = ['8.8.8.8', '8.8.4.4'];

/** The container's /etc/resolv.conf: the host's, without what a container can't reach, and with what the user set. */
export function resolvFile(request: ResolvRequest): string {
  const host = parseResolv(request.host);
  const reachable = host.nameservers.filter((server) => request.hostNetwork || !outOfReach(server));
  const nameservers = request.dns?.length ? request.dns
    : reachable.length > 0 || request.hostNetwork ? reachable : fallback;
  // A single dot asks for no search list at all.
  const search = request.search?.length ? request.search.filter((domain) => domain !== '.') : host.search;
  const options = request.options?.length ? request.options : host.options;
  for (const server of request.dns ?? []) {
    if (!parseAddress(server)) throw invalid(`invalid --dns ${server}: want an IP address`);
  }
  return [
    ...nameservers.map((server) => `nameserver ${server}`),
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []), '',
  ].join('\n');
}

function parseResolv(text: string): { nameservers: string[]; search: string[]; options: string[] } {
  const nameservers: string[] = [];
  let search: string[] = [];
  const options: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line.replace(/[#;].*$/, '').trim().split(/\s+/);
    if (keyword === 'nameserver' && values[0]) nameservers.push(values[0]);
    if (keyword === 'search' || keyword === 'domain') search = values;
    if (keyword === 'options') options.push(...values);
  }
  return { nameservers, search, options };
}

function outOfReach(server: string): boolean {
  const address = parseAddress(server.replace(/%.*$/, ''));
  if (!address) return true;
  if (address.family === 4) return address.value >> 24n === 127n;
  // fe80::/10 means something else in each namespace.
  return address.value === 1n || address.value >> 118n === 0x3fan;
}

/** The container's /etc/hostname. */
export const hostnameFile = (hostname: string): string => `${hostname}\n`;
