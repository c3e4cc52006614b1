import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, type CommandOptions, type CommandResult } from '../src/host/exec.ts';
import {
  cgroupDirectories, kill, mountsBelow, removeNetnsNames, namespaceOf, ownProcesses, removeQuietly, takeSnapshot, type Snapshot,
} from './traces.ts';

export type { Snapshot } from './traces.ts';

/**
 * A small internet of network namespaces, of which none has a way out:
 *
 * ```
 *   neighbour 198.51.100.2 ───── 198.51.100.1  host  203.0.113.1 ───── 203.0.113.2 internet
 *             2001:db8:51::2     2001:db8:51::1
 * ```
 *
 * The engine's host has its default route to "the internet"; the neighbour's leads to the host. The namespaces are
 * held by processes that end with the test, so that nothing outlives a killed run. Mounts, cgroups and processes are the
 * machine's; all of ours lie below `directory` and `cgroupParent`.
 */
export type Place = 'host' | 'neighbour' | 'internet';

export interface World {
  readonly directory: string;
  /** `/berth-test-…`, below the root of each cgroup hierarchy; for the daemon's --cgroup-parent. */
  readonly cgroupParent: string;
  /** Runs a program in a namespace to its end. Mounts and /sys/fs/cgroup stay the machine's. */
  run(place: Place, program: string, ...args: string[]): Promise<CommandResult>;
  runWith(options: CommandOptions, place: Place, program: string, ...args: string[]): Promise<CommandResult>;
  /** Like `run`, and throws where the exit code isn't 0. Returns standard output. */
  must(place: Place, program: string, ...args: string[]): Promise<string>;
  /** Starts a program in a namespace; it is killed with the world. */
  start(place: Place, program: string, ...args: string[]): ChildProcess;
  /** What to put before a command so that it runs there. */
  inside(place: Place): string[];
  /** An executable that runs `program` in a namespace with whatever arguments and descriptors it is given. */
  wrapper(place: Place, program: string): Promise<string>;
  /** Starts `berth daemon` in the host namespace and waits until it answers. */
  daemon(options?: DaemonOptions): Promise<Daemon>;
  /** What can leak, as it is now. Equal before and after, or something was left. */
  snapshot(): Promise<Snapshot>;
  destroy(): Promise<void>;
}

export interface DaemonOptions {
  /** Sets the directories of several daemons of one world apart. */
  readonly name?: string;
  readonly args?: readonly string[];
}

export interface Daemon {
  readonly pid: number;
  /** Its socket, with scheme, for -H. */
  readonly host: string;
  readonly root: string;
  readonly runDirectory: string;
  /** What it has written so far. */
  log(): string;
  /** `berth ARGS…` against this daemon, run in the host namespace. */
  berth(...args: string[]): Promise<CommandResult>;
  /** Ends it with SIGTERM (or another signal) and waits. Containers go on. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const repository = join(import.meta.dirname, '..');
export const berthPath = join(repository, 'dist/berth');
export const helperPath = join(repository, 'dist/berth-helper');
const places: readonly Place[] = ['host', 'neighbour', 'internet'];

export async function createWorld(): Promise<World> {
  const id = randomBytes(3).toString('hex');
  const directory = await mkdtemp(join(realpathSync(tmpdir()), 'bw'));
  const cgroupParent = `/berth-test-${id}`;
  const children = new Set<ChildProcess>();
  const daemons = new Set<Daemon>();
  const pids = new Map<Place, number>();

  const inside = (place: Place): string[] => ['nsenter', `--net=/proc/${pids.get(place)}/ns/net`];
  const runWith: World['runWith'] = (options, place, ...command) => {
    const [program = '', ...args] = [...inside(place), ...command];
    return run(program, args, options);
  };
  const runIn: World['run'] = (place, ...command) => runWith({}, place, ...command);
  const must: World['must'] = async (place, ...command) => {
    const result = await runIn(place, ...command);
    if (result.exitCode !== 0) throw new Error(`in ${place}: ${command.join(' ')}: ${result.stderr.trim() || result.exitCode}`);
    return result.stdout;
  };
  const start: World['start'] = (place, ...command) => {
    const [program = '', ...args] = [...inside(place), ...command];
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };

  for (const place of places) pids.set(place, await holdNamespace(children));
  const link = async (left: Place, leftName: string, right: Place, rightName: string): Promise<void> => {
    await must(left, 'ip', 'link', 'add', leftName, 'type', 'veth', 'peer', 'name', rightName, 'netns', String(pids.get(right)));
  };
  const configure = async (place: Place, device: string, ...addresses: string[]): Promise<void> => {
    for (const address of addresses) {
      await must(place, 'ip', 'addr', 'add', address, 'dev', device, ...(address.includes(':') ? ['nodad'] : []));
    }
    // Link-local addresses come some seconds later, and snapshots would differ.
    await must(place, 'ip', 'link', 'set', device, 'addrgenmode', 'none', 'up');
  };
  await link('host', 'lan0', 'neighbour', 'lan0');
  await link('host', 'wan0', 'internet', 'wan0');
  await Promise.all([
    ...places.map((place) => must(place, 'ip', 'link', 'set', 'lo', 'up')),
    configure('host', 'lan0', '198.51.100.1/24', '2001:db8:51::1/64').then(() => configure('host', 'wan0', '203.0.113.1/24')),
    configure('neighbour', 'lan0', '198.51.100.2/24', '2001:db8:51::2/64'),
    configure('internet', 'wan0', '203.0.113.2/24'),
  ]);
  await must('host', 'ip', 'route', 'add', 'default', 'via', '203.0.113.2');
  await must('neighbour', 'ip', 'route', 'add', 'default', 'via', '198.51.100.1');
  await must('internet', 'ip', 'route', 'add', '198.51.100.0/24', 'via', '203.0.113.1');

  const world: World = {
    directory, cgroupParent, run: runIn, runWith, must, start, inside,
    wrapper: async (place, program) => {
      const path = join(directory, `in-${place}-${program.split('/').pop()}`);
      await writeFile(path, `#!/bin/sh\nexec ${inside(place).join(' ')} '${program}' "$@"\n`);
      await chmod(path, 0o755);
      return path;
    },
    daemon: async (options = {}) => {
      const daemon = await startDaemon(world, options);
      daemons.add(daemon);
      return daemon;
    },
    snapshot: () => takeSnapshot(world),
    destroy: async () => {
      for (const daemon of daemons) await daemon.stop();
      // By namespace too: a proxy that outlived its engine names no directory.
      const spaces = [...pids.values()].map(namespaceOf);
      const ended = ownProcesses(directory, cgroupParent, spaces);
      for (const pid of ended) kill(pid);
      for (const child of [...children]) child.kill('SIGKILL');
      await waitUntil(() => ownProcesses(directory, cgroupParent, spaces).length === 0, 3000);
      removeNetnsNames(ended);
      for (const target of mountsBelow(directory).toReversed()) await run('umount', ['--lazy', target]);
      for (const path of cgroupDirectories(cgroupParent).toReversed()) removeQuietly(path);
      await rm(directory, { recursive: true, force: true });
    },
  };
  return world;
}

/** A process in a network namespace of its own; it dies with us. Resolves with its pid once the namespace is there. */
async function holdNamespace(children: Set<ChildProcess>): Promise<number> {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', '--net', 'sleep', '3600'], { stdio: 'ignore' });
  children.add(child);
  child.once('exit', () => children.delete(child));
  const pid = child.pid ?? 0;
  const ours = readlinkSync('/proc/self/ns/net');
  await waitUntil(() => {
    try {
      return readlinkSync(`/proc/${pid}/ns/net`) !== ours && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'sleep';
    } catch {
      return false;
    }
  }, 5000);
  return pid;
}

async function startDaemon(world: World, { name = 'a', args = [] }: DaemonOptions): Promise<Daemon> {
  const root = join(world.directory, name, 'root');
  const runDirectory = join(world.directory, name, 'run');
  await mkdir(runDirectory, { recursive: true });
  const host = `unix://${runDirectory}/berth.sock`;
  const child = world.start('host', berthPath, 'daemon', '--root', root, '--run', runDirectory, '--host', host,
    '--cgroup-parent', world.cgroupParent, ...args);
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const berth: Daemon['berth'] = (...command) => world.run('host', berthPath, '--host', host, ...command);
  const alive = (): boolean => child.exitCode === null && child.signalCode === null;
  for (let tries = 0; ; tries++) {
    if (!alive() || tries > 200) throw new Error(`berth daemon doesn't answer: ${text.trim()}`);
    if (existsSync(`${runDirectory}/berth.sock`)
      && (await run('curl', ['-sf', '--unix-socket', `${runDirectory}/berth.sock`, 'http://berth/_ping'])).exitCode === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return {
    // nsenter and the launcher exec, so the child's pid is the daemon's.
    pid: child.pid ?? 0, host, root, runDirectory, log: () => text, berth,
    stop: async (signal = 'SIGTERM') => {
      if (!alive()) return;
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Asks every 10 ms until it holds; throws after `milliseconds`. */
export async function waitUntil(holds: () => boolean | Promise<boolean>, milliseconds: number): Promise<void> {
  for (const end = performance.now() + milliseconds; !(await holds());) {
    if (performance.now() > end) throw new Error(`waited ${milliseconds} ms in vain`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
