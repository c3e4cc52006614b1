import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { apiServer, type ServerOptions } from './api/server.ts';
import { Engine } from './engine/engine.ts';
import { readText, remove } from './host/files.ts';
import { HalfOpenWatch } from './host/half-open.ts';
import { listen, parseListenAddress, type ListenAddress } from './host/listen.ts';
import { invalid, messageOf } from './model/errors.ts';
import { registryOptions } from './daemon-registries.ts';
import { parseDaemonOptions, type DaemonOptions } from './daemon-options.ts';

/** Where the programs that were built with this one are. */
export interface Programs {
  readonly helper: string;
  /** The first process of containers run with `--init`. */
  readonly init: string;
  /** How this program starts itself as a userland proxy: words before `-proto …`. */
  readonly proxyCommand: readonly string[];
}

const log = (line: string): void =>
  void process.stderr.write(`${new Date().toISOString()} ${line.replaceAll('\n', ' ')}\n`);

/** The bundle (.mjs) lies in a folder beside what was built, wherever that is installed; the sources (.ts) in src. */
function builtPrograms(): Programs {
  const built = (name: string): string =>
    fileURLToPath(new URL(import.meta.url.endsWith('.mjs') ? `../${name}` : `../dist/${name}`, import.meta.url));
  return { helper: process.env.BERTH_HELPER ?? built('berth-helper'), init: built('docker-init'), proxyCommand: [built('berth'), 'proxy'] };
}

const nameOf = (address: ListenAddress): string =>
  address.kind === 'unix' ? `unix://${address.path}` : `tcp://${address.host}:${address.port}`;

/** `berth daemon …`: the engine behind its API, in the foreground. Resolves with the exit code. */
export async function runDaemon(argv: readonly string[], programs: Programs = builtPrograms()): Promise<number> {
  const options = parseDaemonOptions(argv);
  if ('exitCode' in options) return options.exitCode;
  if (process.getuid?.() !== 0) {
    process.stderr.write('berth daemon needs root (namespaces, mounts, cgroups, the bridge): try sudo berth daemon\n');
    return 1;
  }
  // Clients' regular expressions (name filters) go to V8's linear engine before they can hold everyone up.
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
  try {
    return await serve(options, programs);
  } catch (error) {
    process.stderr.write(`berth daemon: ${messageOf(error)}\n`);
    if (options.debug && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    return 1;
  }
}

function imageGcOf({ imageGcHigh: high, imageGcLow }: DaemonOptions): { imageGc?: { high: number; low: number } } {
  if (high === undefined) {
    if (imageGcLow !== undefined) throw invalid('--image-gc-low needs --image-gc-high');
    return {};
  }
  const low = imageGcLow ?? Math.max(0, high - 10);
  if (low > high) throw invalid(`--image-gc-low ${low} is above --image-gc-high ${high}`);
  return { imageGc: { high, low } };
}

/** The certificates, where both sides are to show one. */
async function tlsOf({ tlsverify, tlscacert, tlscert, tlskey }: DaemonOptions): Promise<ServerOptions['tls']> {
  if (!tlsverify && !tlscacert && !tlscert && !tlskey) return undefined;
  if (!tlsverify || !tlscacert || !tlscert || !tlskey)
    throw invalid('--tlsverify, --tlscacert, --tlscert and --tlskey belong together: who may connect is told by certificate');
  const [ca, cert, key] = await Promise.all([tlscacert, tlscert, tlskey].map(readText));
  return { ca: ca ?? '', cert: cert ?? '', key: key ?? '' };
}

function accessOf(address: ListenAddress, tls: ServerOptions['tls']): ServerOptions {
  const { role } = address;
  if (address.kind === 'unix') return { access: { role } };
  if (tls) return { access: { role }, tls };
  const host = hostname().toLowerCase();
  return { access: { role, names: [...new Set([address.host.toLowerCase(), host, host.split('.')[0] ?? host])] } };
}

async function serve(options: DaemonOptions, programs: Programs): Promise<number> {
  const addresses = options.hosts.map(parseListenAddress);
  const tls = await tlsOf(options);
  for (const address of addresses) {
    if (address.kind !== 'tcp' || tls) continue;
    if (!options.insecureTcp) {
      throw invalid(
        `--host ${nameOf(address)}: TCP needs --tlsverify --tlscacert --tlscert --tlskey, ` +
          'or --insecure-tcp if whoever gets there may be root here',
      );
    }
    log(`warning: ${nameOf(address)} is open to whoever reaches it, and that is root on this host`);
  }
  const asked = Promise.withResolvers<string>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => asked.resolve(signal));
  // A terminal that closes, or a log reader that goes, ends neither the daemon nor anything else.
  process.on('SIGHUP', () => {});
  process.stderr.on('error', () => {});

  const { bip, hostDns } = options;
  const engine = await Engine.open({
    root: options.root,
    run: options.run,
    helperProgram: programs.helper,
    initProgram: programs.init,
    proxyCommand: programs.proxyCommand,
    bridge: options.bridge,
    userlandProxy: options.userlandProxy,
    firewall: options.firewall,
    cgroupParent: options.cgroupParent,
    debug: options.debug,
    registries: registryOptions(options, process.env),
    log,
    ...(bip ? { bip } : {}),
    ...imageGcOf(options),
    ...(options.defaultAddressPool.length > 0 ? { defaultPools: options.defaultAddressPool } : {}),
    ...(hostDns ? { hostDns } : {}),
  });
  const watch = new HalfOpenWatch(engine.context.helper);
  const servers = addresses.map((address) => ({ address, api: apiServer(engine, { watch, ...accessOf(address, tls) }) }));
  try {
    for (const { address, api } of servers) {
      await listen(api.server, address);
      log(`serving the Docker Engine API on ${nameOf(address)}`);
    }
    log(`${await asked.promise}: stopping; containers run on`);
  } finally {
    for (const { api } of servers) api.close();
    await engine.close();
    for (const { address } of servers) if (address.kind === 'unix') await remove(address.path);
  }
  return 0;
}
