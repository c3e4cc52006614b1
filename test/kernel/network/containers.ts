import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { run, type CommandResult } from '../../../src/host/exec.ts';
import type { PortRequest } from '../../../src/model/ports.ts';
import type {
  EndpointRecord, EndpointWish, NetworkOptions, NetworkRecord, NetworkWish,
} from '../../../src/network/network.ts';
import { berthPath, helperPath, waitUntil, type World } from '../../world.ts';

export { berthPath };

/** The network of an engine without the engine: a driver process in the world's host namespace. */
export interface NetworkUnderTest {
  /** On the default bridge, or on the networks that `wishes` name; gives eth0's endpoint. */
  start(container: Container, attach?: Start): Promise<EndpointRecord>;
  connect(container: Container, network: string, more?: Partial<EndpointWish>): Promise<EndpointRecord>;
  disconnect(container: Container, network: string): Promise<void>;
  create(name: string, more?: Partial<NetworkWish>): Promise<NetworkRecord>;
  stop(container: Container): Promise<void>;
  call(request: Record<string, unknown>): Promise<unknown>;
  /** A process in a network namespace of its own. */
  container(): Promise<Container>;
  /** kill -9 of the driver, and a new one on the same records. */
  crash(): Promise<void>;
  end(): Promise<void>;
}

export interface Start {
  readonly networks?: readonly string[];
  readonly ports?: readonly PortRequest[];
  readonly address?: string;
}

export interface Container {
  readonly id: string;
  readonly pid: number;
  readonly inner: string;
  run(program: string, ...args: string[]): Promise<CommandResult>;
  start(program: string, ...args: string[]): ChildProcess;
}

export function openNetworkUnderTest(world: World, helper: string, options: Partial<NetworkOptions> = {}, name = 'n'): NetworkUnderTest {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const state = { next: 1, driver: startDriver() };

  function startDriver(): ChildProcess {
    const setup = { helper, database: join(world.directory, `${name}.db`), options: { engineId: `eng-${name}`, ...options } };
    const driver = world.start('host', process.execPath, join(import.meta.dirname, '../../fixtures/network-driver.ts'), JSON.stringify(setup));
    let errors = '';
    driver.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    if (driver.stdout) {
      createInterface({ input: driver.stdout }).on('line', (line) => {
        const answer = JSON.parse(line) as { number: number; value?: unknown; error?: string };
        const waiter = waiting.get(answer.number);
        if (answer.error === undefined) waiter?.resolve(answer.value);
        else waiter?.reject(new Error(answer.error));
      });
    }
    driver.once('exit', () => {
      for (const waiter of waiting.values()) waiter.reject(new Error(`the driver ended: ${errors}`));
      waiting.clear();
    });
    return driver;
  }

  const call: NetworkUnderTest['call'] = (request) => new Promise((resolve, reject) => {
    const number = state.next++;
    waiting.set(number, { resolve, reject });
    state.driver.stdin?.write(`${JSON.stringify({ number, ...request })}\n`);
  });
  const ended = (): Promise<void> => new Promise((resolve) => state.driver.once('exit', () => resolve()));

  return {
    call,
    start: async ({ id, pid, inner }, { networks = ['bridge'], ports = [], ...more } = {}) => {
      const endpoints = networks.map((network) => ({ network, name: `c${pid}`, ...more }));
      const answer = await call({ call: 'start', id, pid, inner, attach: { endpoints, ports } });
      const [first] = (answer as { endpoints: EndpointRecord[] }).endpoints;
      if (!first) throw new Error('no endpoint');
      // What a test asks of a published container is at its first endpoint, wherever the default route is.
      return { ...first, ports: (answer as { endpoints: EndpointRecord[] }).endpoints.flatMap((endpoint) => endpoint.ports) };
    },
    connect: async ({ id, pid }, network, more) => await call({
      call: 'connect', id, pid, attach: { endpoints: [{ network, name: `c${pid}`, ...more }] },
    }) as EndpointRecord,
    disconnect: async ({ id, pid }, network) => void await call({ call: 'disconnect', id, pid, network }),
    create: async (name, more) => await call({
      call: 'create',
      wish: {
        name, driver: 'bridge', internal: false, attachable: false, ipv4: true, ipv6: false, ipamDriver: '', pools: [],
        options: {}, labels: {}, ...more,
      },
    }) as NetworkRecord,
    stop: async ({ id }) => void await call({ call: 'stop', id }),
    container: () => makeContainer(world),
    crash: async () => {
      const gone = ended();
      state.driver.kill('SIGKILL');
      await gone;
      state.driver = startDriver();
    },
    end: async () => {
      const gone = ended();
      state.driver.stdin?.end();
      await gone;
    },
  };
}

export async function makeContainer(world: World): Promise<Container> {
  const child = world.start('host', 'unshare', '--net', 'sleep', '600');
  const pid = child.pid ?? 0;
  const ours = readlinkSync('/proc/self/ns/net');
  const hosts = (await world.must('host', 'readlink', '/proc/self/ns/net')).trim();
  await waitUntil(() => ![ours, hosts].includes(readlinkSync(`/proc/${pid}/ns/net`)), 5000);
  const inner = join(world.directory, `inner-${pid}`);
  await writeFile(inner, `#!/bin/sh\nexec nsenter --net=/proc/${pid}/ns/net '${helperPath}' "$@"\n`);
  await chmod(inner, 0o755);
  const inside = ['nsenter', `--net=/proc/${pid}/ns/net`];
  return {
    id: randomBytes(32).toString('hex'), pid, inner,
    run: (program, ...args) => run('nsenter', [`--net=/proc/${pid}/ns/net`, program, ...args]),
    // `world.start` first enters the host's namespace, then this one; all that counts is the last.
    start: (program, ...args) => world.start('host', inside[0] ?? '', ...inside.slice(1), program, ...args),
  };
}

/** A page on a port, from a namespace: says who asked. */
export const answerer = (protocol: 'tcp' | 'udp', port: number, name: string): string[] => [process.execPath, '-e', protocol === 'tcp'
  ? `require('net').createServer((s) => { s.on('error', () => {}); s.end('${name} ' + s.remoteAddress + '\\n'); }).listen(${port}, '0.0.0.0', () => console.log('up'))`
  : `const s = require('dgram').createSocket('udp4'); s.on('message', (m, r) => s.send('${name} ' + r.address, r.port, r.address)); s.bind(${port}, '0.0.0.0', () => console.log('up'))`];

/** Asks `address`:`port` and returns what came back, or `refused`, `silent` (nothing within the time). */
export const asker = (protocol: 'tcp' | 'udp', address: string, port: number, milliseconds = 700): string[] => [process.execPath, '-e', protocol === 'tcp'
  ? `const s = require('net').connect(${port}, '${address}'); let t = ''; const end = (x) => { console.log(x); process.exit(); };
     s.on('data', (d) => t += d).on('end', () => end(t.trim())).on('error', (e) => end(e.code === 'ECONNREFUSED' ? 'refused' : e.code)); setTimeout(() => end('silent'), ${milliseconds})`
  : `const s = require('dgram').createSocket('${address.includes(':') ? 'udp6' : 'udp4'}'); const end = (x) => { console.log(x); process.exit(); };
     s.on('message', (d) => end(String(d).trim())).on('error', (e) => end(e.code)); s.connect(${port}, '${address}', () => { s.send('?'); setTimeout(() => s.send('?'), 200); }); setTimeout(() => end('silent'), ${milliseconds})`];

export function serving(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
}
