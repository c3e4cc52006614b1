import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmdirSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../src/host/exec.ts';
import { berthPath, createWorld } from '../world.ts';

/**
 * An engine in a world of its own, with the same image in it. `client` is what to put before Docker's words: for Berth
 * and Docker the same `docker` program, so that what differs is the engine; for podman podman.
 */
export interface Peer {
  readonly name: 'berth' | 'docker' | 'podman';
  readonly client: readonly string[];
  /** The engine's own command line. */
  readonly own: readonly string[];
  /** Flags of `run` without which it can't run everywhere: podman wants limits raised. */
  readonly runFlags: readonly string[];
  /** Stands in the command lines of all its helpers, and in nobody else's. */
  readonly directory: string;
  /** What to put before a command to run it where the engine's network is. */
  readonly inside: readonly string[];
  /** Its API, where it has one. */
  readonly socket?: string;
  readonly cgroupParent: string;
  /** The engine's own processes (not those of containers), now. */
  processes(): number[];
  stop(): Promise<void>;
}

export const sampleImage = join(import.meta.dirname, '../../build/images/busybox.tar');

export async function startBerth(): Promise<Peer> {
  const world = await createWorld();
  const daemon = await world.daemon();
  const peer: Peer = {
    name: 'berth', client: ['docker', '-H', daemon.host], own: [berthPath, '--host', daemon.host],
    socket: daemon.host.slice('unix://'.length), cgroupParent: world.cgroupParent, runFlags: [], directory: world.directory, inside: world.inside('host'),
    processes: () => [daemon.pid, ...childrenOf(daemon.pid)],
    stop: () => world.destroy(),
  };
  await must([...peer.client, 'load', '-i', sampleImage]);
  return peer;
}

/** Debian's dockerd with its bridge, its rules and its proxy, as it comes. */
export async function startDocker(): Promise<Peer> {
  const world = await createWorld();
  const directory = await mkdtemp(join(world.directory, 'docker-'));
  const socket = join(directory, 'docker.sock');
  const parent = `${world.cgroupParent}-docker`;
  const child = world.start('host', 'dockerd', '--data-root', `${directory}/root`, '--exec-root', `${directory}/exec`,
    '-H', `unix://${socket}`, '-p', `${directory}/pid`, '--cgroup-parent', parent);
  child.stdout?.resume();
  child.stderr?.resume();
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await until('dockerd', () => existsSync(socket), () => child.exitCode !== null);
  const pid = child.pid ?? 0;
  const peer: Peer = {
    name: 'docker', client: ['docker', '-H', `unix://${socket}`], own: ['docker', '-H', `unix://${socket}`], socket,
    cgroupParent: parent, runFlags: [], directory, inside: world.inside('host'),
    processes: () => [pid, ...childrenOf(pid)],
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      await run('umount', ['--quiet', '--lazy', `${directory}/exec/netns/default`]);
      for (const hierarchy of readdirSync('/sys/fs/cgroup')) removeTree(join('/sys/fs/cgroup', hierarchy, parent));
      await world.destroy();
    },
  };
  await must([...peer.client, 'load', '-i', sampleImage]);
  return peer;
}

/** Debian's podman: no daemon, so each command enters the world; its network is a bridge by CNI. */
export async function startPodman(): Promise<Peer> {
  const world = await createWorld();
  const directory = await mkdtemp(join(world.directory, 'podman-'));
  const parent = `${world.cgroupParent}-podman`;
  const networks = join(directory, 'net');
  await mkdir(networks);
  await writeFile(join(networks, '87-podman.conflist'), JSON.stringify({
    cniVersion: '0.4.0', name: 'podman', plugins: [
      { type: 'bridge', bridge: 'cni-podman0', isGateway: true, ipMasq: true, hairpinMode: true,
        ipam: { type: 'host-local', routes: [{ dst: '0.0.0.0/0' }], ranges: [[{ subnet: '10.88.0.0/16', gateway: '10.88.0.1' }]] } },
      { type: 'portmap', capabilities: { portMappings: true } }, { type: 'firewall' },
    ],
  }));
  const client = [
    ...world.inside('host'), 'podman', '--root', join(directory, 'root'), '--runroot', join(directory, 'run'),
    '--network-config-dir', networks, '--cgroup-manager', 'cgroupfs', '--tmpdir', join(directory, 'tmp'),
  ];
  await must([...client, 'load', '-i', sampleImage]);
  return {
    name: 'podman', client, own: client, cgroupParent: parent, directory, inside: world.inside('host'), processes: () => [],
    runFlags: ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'],
    stop: async () => {
      await run(client[0] ?? '', [...client.slice(1), 'rm', '--force', '--all', '--time', '0']);
      for (const line of (await run('findmnt', ['-rn', '-o', 'TARGET'])).stdout.split('\n')) {
        if (line.startsWith(directory)) await run('umount', ['--lazy', line]);
      }
      await world.destroy();
    },
  };
}

export async function must(argv: readonly string[]): Promise<string> {
  const result = await run(argv[0] ?? '', argv.slice(1));
  if (result.exitCode !== 0) throw new Error(`${argv.join(' ')}: ${result.stderr.trim() || result.exitCode}`);
  return result.stdout;
}

/** Milliseconds from the start of a process to its end, its output read and thrown away; throws where it fails. */
export function timeOf(argv: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
    let words = '';
    child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
    child.once('error', reject);
    child.once('exit', (code) => {
      const took = performance.now() - begun;
      if (code === 0) resolve(took);
      else reject(new Error(`${argv.join(' ')}: exit ${code}: ${words.trim()}`));
    });
  });
}

export function childrenOf(pid: number): number[] {
  try {
    const own = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
    return own.flatMap((child) => [child, ...childrenOf(child)]);
  } catch {
    return [];
  }
}

async function until(what: string, holds: () => boolean, dead: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 300 || dead()) throw new Error(`${what} doesn't answer`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function removeTree(cgroup: string): void {
  if (!existsSync(cgroup)) return;
  for (const entry of readdirSync(cgroup, { withFileTypes: true })) if (entry.isDirectory()) removeTree(join(cgroup, entry.name));
  rmdirSync(cgroup);
}
