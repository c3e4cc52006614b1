import {
  bindUdp, connectTcp, connectUdp, listenTcp, type DatagramSocket, type Endpoint, type Socket,
} from '../host/sockets.ts';
import { parseAddress } from '../model/address.ts';
import { codeOf, invalid, messageOf } from '../model/errors.ts';

/** One port of the host, served by copying. */
export interface ProxyMapping {
  readonly protocol: 'tcp' | 'udp';
  readonly host: Endpoint;
  readonly container: Endpoint;
}

export interface Proxy {
  close(): Promise<void>;
}

/** Seconds without a datagram in either direction after which a UDP client is forgotten. */
const udpIdle = 90;
/** Clients at a time; more than these wait in the kernel's queue (TCP) or are dropped (UDP). */
const mostClients = 16384;

/** Serves one mapping until closed. Rejects with a clear line where the host port can't be bound. */
export async function startProxy(mapping: ProxyMapping, idleSeconds = udpIdle): Promise<Proxy> {
  try {
    return await (mapping.protocol === 'tcp' ? proxyTcp(mapping) : proxyUdp(mapping, idleSeconds));
  } catch (error) {
    throw new Error(`listen on ${show(mapping.host)}/${mapping.protocol}: ${explain(error)}`, { cause: error });
  }
}

const show = ({ address, port }: Endpoint): string => `${address.includes(':') ? `[${address}]` : address}:${port}`;

function explain(error: unknown): string {
  switch (codeOf(error)) {
    case 'EADDRINUSE': return 'address already in use';
    case 'EACCES': return 'permission denied: ports below 1024 need root';
    case 'EADDRNOTAVAIL': return 'the host has no such address';
    default: return messageOf(error);
  }
}

async function proxyTcp({ host, container }: ProxyMapping): Promise<Proxy> {
  const open = new Set<Socket>();
  const server = await listenTcp(host, (client) => {
    const service = connectTcp(container);
    open.add(client).add(service);
    // pipe() passes the end of one direction on and leaves the other flowing; a failure of one is one for the other.
    client.on('error', () => abort(service)).on('close', () => open.delete(client));
    service.on('error', () => abort(client)).on('close', () => open.delete(service));
    service.once('connect', () => {
      client.pipe(service);
      service.pipe(client);
      client.resume();
    });
    client.on('close', () => service.readableEnded || service.destroy());
  });
  server.maxConnections = mostClients;
  return {
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of open) socket.destroy();
    }),
  };
}

function abort(socket: Socket): void {
  if (socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
}

interface Flow {
  readonly upstream: Promise<DatagramSocket | undefined>;
  lastUsed: number;
}

async function proxyUdp({ host, container }: ProxyMapping, idleSeconds: number): Promise<Proxy> {
  const listener = await bindUdp(host);
  const flows = new Map<string, Flow>();
  const drop = (key: string): void => {
    const flow = flows.get(key);
    flows.delete(key);
    void flow?.upstream.then((socket) => socket?.close());
  };
  const openFlow = (key: string, client: Endpoint): Flow => {
    const upstream = connectUdp(container).then((socket) => {
      socket.on('message', (data) => {
        const flow = flows.get(key);
        if (flow) flow.lastUsed = performance.now();
        listener.send(data, client.port, client.address);
      });
      // ECONNREFUSED: nobody listens inside yet. The next datagram tries again.
      socket.on('error', () => undefined);
      return socket;
    }, () => undefined);
    const flow = { upstream, lastUsed: performance.now() };
    flows.set(key, flow);
    return flow;
  };
  listener.on('message', (data, { address, port }) => {
    const key = `${address} ${port}`;
    let flow = flows.get(key);
    if (!flow && flows.size >= mostClients) return;
    flow ??= openFlow(key, { address, port });
    flow.lastUsed = performance.now();
    void flow.upstream.then((socket) => {
      if (socket && flows.get(key) === flow) socket.send(data, () => undefined);
    });
  });
  listener.on('error', () => undefined);
  const sweep = setInterval(() => {
    const oldest = performance.now() - idleSeconds * 1000;
    for (const [key, flow] of flows) if (flow.lastUsed < oldest) drop(key);
  }, Math.max(idleSeconds * 250, 50));
  return {
    close: () => new Promise((resolve) => {
      clearInterval(sweep);
      for (const key of flows.keys()) drop(key);
      listener.close(() => resolve());
    }),
  };
}

const usage = 'usage: berth proxy -proto tcp|udp -host-ip ADDRESS -host-port PORT -container-ip ADDRESS '
  + '-container-port PORT';
const help = `${usage}

Copies what comes to a port of the host to a container and back. Repeat from -proto on for more ports.
Example: berth proxy -proto tcp -host-ip 0.0.0.0 -host-port 10080 -container-ip 172.17.0.2 -container-port 80
`;

/** docker-proxy's flags. `-proto` begins a mapping, so that one process can serve several. */
export function parseProxyArgs(argv: readonly string[]): ProxyMapping[] {
  const groups: Map<string, string>[] = [];
  for (let i = 0; i < argv.length; i++) {
    const flag = /^--?(proto|host-ip|host-port|container-ip|container-port)(?:=(.*))?$/.exec(argv[i] ?? '');
    if (!flag?.[1]) throw invalid(`unknown argument ${argv[i]}; ${usage}`);
    const value = flag[2] ?? argv[++i];
    if (value === undefined) throw invalid(`flag needs an argument: -${flag[1]}; ${usage}`);
    if (flag[1] === 'proto' || groups.length === 0) groups.push(new Map());
    groups.at(-1)?.set(flag[1], value);
  }
  if (groups.length === 0) throw invalid(usage);
  return groups.map((group) => {
    const protocol = group.get('proto') ?? 'tcp';
    if (protocol !== 'tcp' && protocol !== 'udp') throw invalid(`-proto ${protocol}: want tcp or udp`);
    const endpoint = (side: 'host' | 'container', fallback?: string): Endpoint => {
      const address = group.get(`${side}-ip`) ?? fallback;
      const port = group.get(`${side}-port`);
      if (address === undefined) throw invalid(`-${side}-ip is missing; ${usage}`);
      if (port === undefined) throw invalid(`-${side}-port is missing; ${usage}`);
      if (!parseAddress(address)) throw invalid(`-${side}-ip ${address}: not an IP address`);
      if (!/^[0-9]{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
        throw invalid(`-${side}-port ${port}: want a number from 1 to 65535`);
      }
      return { address, port: Number(port) };
    };
    return { protocol, host: endpoint('host', '0.0.0.0'), container: endpoint('container') };
  });
}

/** The arguments that make `parseProxyArgs` return these mappings. */
export const proxyArgs = (mappings: readonly ProxyMapping[]): string[] =>
  mappings.flatMap(({ protocol, host, container }) => [
    '-proto', protocol, '-host-ip', host.address, '-host-port', String(host.port),
    '-container-ip', container.address, '-container-port', String(container.port),
  ]);

/**
 * `berth proxy`: serves until SIGTERM or SIGINT. Says one line on standard output for each port once it listens on all.
 * Returns the exit code: 0 after a signal, 1 where a port can't be bound, 2 for bad arguments.
 */
export async function proxyMain(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(help);
    return 0;
  }
  const proxies: Proxy[] = [];
  try {
    const mappings = parseProxyArgs(argv);
    const ended = new Promise<void>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
    });
    for (const mapping of mappings) proxies.push(await startProxy(mapping));
    process.stdout.on('error', () => undefined); // whoever waited for the line may be gone
    process.stdout.write(mappings.map(({ protocol, host, container }) =>
      `${show(host)}/${protocol} -> ${show(container)}\n`).join(''));
    await ended;
    return 0;
  } catch (error) {
    process.stderr.write(`berth proxy: ${messageOf(error)}\n`);
    return error instanceof Error && 'kind' in error ? 2 : 1;
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.close()));
  }
}
