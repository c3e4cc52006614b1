import { parseAddress } from '../model/address.ts';
import { invalid } from '../model/errors.ts';

export interface HostsRequest {
  readonly hostname: string;
  readonly domainname?: string;
  /** The container's own addresses; none with `none`. */
  readonly addresses?: readonly string[];
  /** Lines for containers that were linked. */
  readonly linked?: readonly string[];
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
export function hostsFile(request: HostsRequest): string {
  const { hostname, domainname = '', addresses = [], linked = [], extraHosts = [], hostGateway } = request;
  const extra = extraHosts.map((entry) => {
    const [name, to] = parseExtraHost(entry);
    if (to === 'host-gateway' && hostGateway === undefined) {
      throw invalid(`--add-host ${entry}: host-gateway has no address without the bridge network`);
    }
    return `${to === 'host-gateway' ? hostGateway : to}\t${name}`;
  });
  return [...always, ...extra, ...linked, ...ownHostLines(hostname, domainname, addresses), ''].join('\n');
}

/** A container's own names, a line for each of its addresses. */
export function ownHostLines(hostname: string, domainname: string, addresses: readonly string[]): string[] {
  const own = domainname ? `${hostname}.${domainname} ${hostname}` : hostname;
  return addresses.map((address) => `${address}\t${own}`);
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

/** The container's /etc/hostname. */
export const hostnameFile = (hostname: string): string => `${hostname}\n`;
