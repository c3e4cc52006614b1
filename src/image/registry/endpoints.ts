import { contains, parseAddress, parseSubnet } from '../../model/address.ts';
import { invalid } from '../../model/errors.ts';

/** How registries are reached; the daemon's options. */
export interface RegistryOptions {
  /** `registry.lan:5000`, `registry.lan`, `10.0.0.0/8`: spoken to without verified TLS, or without TLS. */
  readonly insecure: readonly string[];
  /** In the order in which they are tried. */
  readonly mirrors: readonly Mirror[];
  /** Folders in the layout of /etc/docker/certs.d; all are read. */
  readonly certificates: readonly string[];
  /** Layers at a time. */
  readonly maxDownloads: number;
  readonly maxUploads: number;
  readonly proxies: ProxyOptions;
  /** Hosts that a registry may name for its tokens beyond those of its own domain: `registry.a=login.b`. */
  readonly tokenHosts: readonly string[];
  /** Milliseconds before a second attempt, doubled with each; 300 unless told. */
  readonly firstWait?: number;
  /** Milliseconds of silence after which a connection counts as broken; 60 000 unless told. */
  readonly idle?: number;
}

export interface Mirror {
  /** The registry it stands for: `docker.io` unless told. */
  readonly registry: string;
  readonly url: URL;
}

export interface ProxyOptions {
  readonly http?: string;
  readonly https?: string;
  /** As in NO_PROXY: hosts, `.domains`, addresses, `10.0.0.0/8`, `*`. */
  readonly none: readonly string[];
}

/** A place to ask for a registry's images. */
export interface Endpoint {
  /** The registry's name in references: `docker.io`. */
  readonly registry: string;
  /** Origin and path before `/v2/`. */
  readonly base: URL;
  readonly mirror: boolean;
  /** Certificates aren't verified. */
  readonly unverified: boolean;
}

export const noRegistryOptions: RegistryOptions = {
  insecure: [], mirrors: [], certificates: ['/etc/docker/certs.d', '/etc/berth/certs.d'], maxDownloads: 3,
  maxUploads: 5, proxies: { none: [] }, tokenHosts: [],
};

const hubHost = 'registry-1.docker.io';

/** `http://mirror:5000`, or `registry.lan=http://mirror:5000`. */
export function parseMirror(text: string): Mirror {
  const [, registry = 'docker.io', address = ''] = /^(?:([^=/]+)=)?(.*)$/s.exec(text) ?? [];
  const url = URL.parse(address.includes('://') ? address : `https://${address}`);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) {
    throw invalid(`invalid mirror: ${text.slice(0, 200)}: [REGISTRY=]http(s)://HOST[:PORT][/PATH] is expected`);
  }
  return { registry, url };
}

/** Where to ask for a registry's images, first things first. Nobody pushes to a mirror. */
export function endpointsOf(registry: string, options: RegistryOptions, use: 'pull' | 'push'): Endpoint[] {
  const mirrors = use === 'push' ? [] : options.mirrors.filter((mirror) => mirror.registry === registry);
  const host = registry === 'docker.io' ? hubHost : registry;
  const isInsecure = isInsecureHost(registry, options.insecure);
  const own = new URL(`https://${host}/`);
  const plain = new URL(`http://${host}/`);
  return [
    ...mirrors.map(({ url }) => ({
      registry, base: url, mirror: true, unverified: isInsecureHost(url.host, options.insecure),
    })),
    { registry, base: own, mirror: false, unverified: isInsecure },
    ...(isInsecure ? [{ registry, base: plain, mirror: false, unverified: true }] : []),
  ];
}

/** Docker's rule: what is listed, and loopback always. */
export function isInsecureHost(host: string, listed: readonly string[]): boolean {
  const name = hostnameOf(host);
  if (isLoopback(name)) return true;
  return listed.some((entry) => {
    const bare = entry.replace(/^https?:\/\//, '').replace(/\/$/, '');
    return bare === host || bare === name || inRange(name, bare);
  });
}

/** Which proxy a URL goes through; loopback never does. */
export function proxyFor(url: URL, { http, https, none }: ProxyOptions): string | undefined {
  const proxy = url.protocol === 'https:' ? https : http;
  const name = hostnameOf(url.host);
  if (!proxy || isLoopback(name)) return undefined;
  const direct = none.some((entry) => {
    if (entry === '*') return true;
    const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (port !== undefined && port !== (url.port || (url.protocol === 'https:' ? '443' : '80'))) return false;
    const domain = host.replace(/^\*?\./, '');
    return name === host || (domain !== '' && (name.endsWith(`.${domain}`) || name === domain)) || inRange(name, host);
  });
  return direct ? undefined : proxy;
}

/** `[::1]:5000` → `::1`. */
export const hostnameOf = (host: string): string =>
  (/^\[(.*)\](?::\d+)?$/.exec(host)?.[1] ?? host.replace(/:\d+$/, '')).toLowerCase();

function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || inRange(name, '127.0.0.0/8');
}

function inRange(name: string, range: string): boolean {
  const address = parseAddress(name);
  const subnet = range.includes('/') ? parseSubnet(range) : undefined;
  return address !== undefined && subnet !== undefined && contains(subnet, address);
}
