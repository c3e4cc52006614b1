import { parseAddress } from '../../model/address.ts';
import { invalid } from '../../model/errors.ts';
import { resolverAddress } from './redirect.ts';

export interface ResolvRequest {
  /** The host's /etc/resolv.conf. */
  readonly host: string;
  readonly dns?: readonly string[];
  readonly search?: readonly string[];
  readonly options?: readonly string[];
  /** The container shares the host's network: loopback resolvers are within its reach. */
  readonly hostNetwork?: boolean;
  /** The container has a name server of its own, which asks the others for it. */
  readonly embedded?: boolean;
}

/** Where the host has no resolver that a container can reach, Docker's choice. */
const fallback = ['8.8.8.8', '8.8.4.4'];

/** The container's /etc/resolv.conf: the host's, without what a container can't reach, and with what the user set. */
export function resolvFile(request: ResolvRequest): string {
  const host = parseResolv(request.host);
  const reachable = host.nameservers.filter((server) => request.hostNetwork || !outOfReach(server));
  const nameservers = request.embedded ? [resolverAddress]
    : request.dns?.length ? request.dns
    : reachable.length > 0 || request.hostNetwork ? reachable : fallback;
  // A single dot asks for no search list at all.
  const search = request.search?.length ? request.search.filter((domain) => domain !== '.') : host.search;
  const given = request.options?.length ? request.options : host.options;
  // So that a container's name is asked for as it is before the search list is tried.
  const options = request.embedded && !given.some((option) => option.startsWith('ndots:')) ? [...given, 'ndots:0'] : given;
  for (const server of request.dns ?? []) {
    if (!parseAddress(server)) throw invalid(`invalid --dns ${server}: want an IP address`);
  }
  return [
    ...nameservers.map((server) => `nameserver ${server}`),
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []), '',
  ].join('\n');
}

/**
 * Whom a container's name server asks for outside names, from the host's namespace: so a resolver on the host's loopback
 * will do.
 */
export function outsideServers({ host, dns }: Pick<ResolvRequest, 'host' | 'dns'>): readonly string[] {
  if (dns?.length) return dns;
  const { nameservers } = parseResolv(host);
  return nameservers.length > 0 ? nameservers : fallback;
}

/** The user wants names without enough dots to stay inside (`--dns-option ndots:2`). */
export const setsNdots = (options: readonly string[]): boolean =>
  options.some((option) => Number(/^ndots:(\d+)$/.exec(option)?.[1] ?? 0) > 0);

/** The host's resolv.conf names nobody but systemd's own resolver on its loopback, whose servers stand elsewhere. */
export const isStub = (host: string): boolean => {
  const { nameservers } = parseResolv(host);
  return nameservers.length > 0 && nameservers.every((server) => server === '127.0.0.53');
};

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
