import { arch, cpus, hostname, release } from 'node:os';
import * as files from '../host/files.ts';
import { isAlive } from '../model/container.ts';
import type { Context } from './context.ts';

/** The version of this program, as package.json has it. */
export const version = '0.1.0';

export interface HostDescription {
  readonly name: string;
  readonly kernel: string;
  readonly operatingSystem: string;
  readonly osVersion: string;
  /** `x86_64`. */
  readonly machine: string;
  /** Go's word for it, as Docker says: `amd64`. */
  readonly goArch: string;
  readonly cpus: number;
  readonly memory: number;
  readonly forwarding: boolean;
}

export async function describeHost(): Promise<HostDescription> {
  const [release_, memory, forwarding] = await Promise.all([
    files.readTextIfAny('/etc/os-release'),
    files.readText('/proc/meminfo'),
    files.readTextIfAny('/proc/sys/net/ipv4/ip_forward'),
  ]);
  const field = (name: string): string =>
    (new RegExp(`^${name}=(.*)$`, 'm').exec(release_ ?? '')?.[1] ?? '').replace(/^"(.*)"$/, '$1');
  const machine = arch();
  return {
    name: hostname(),
    kernel: release(),
    operatingSystem: field('PRETTY_NAME') || 'Linux',
    osVersion: field('VERSION_ID'),
    machine: machine === 'x64' ? 'x86_64' : machine === 'arm64' ? 'aarch64' : machine,
    goArch: machine === 'x64' ? 'amd64' : machine,
    cpus: cpus().length,
    memory: Number(/^MemTotal:\s+(\d+)/m.exec(memory)?.[1] ?? 0) * 1024,
    forwarding: forwarding?.trim() === '1',
  };
}

export interface Counts {
  readonly all: number;
  readonly running: number;
  readonly paused: number;
  readonly stopped: number;
}

export function countContainers(context: Context): Counts {
  const records = context.records.all();
  const paused = records.filter(({ state }) => state.status === 'paused').length;
  const alive = records.filter(({ state }) => isAlive(state) || state.status === 'restarting').length;
  return { all: records.length, running: alive - paused, paused, stopped: records.length - alive };
}

/** Bytes under a directory of the engine's own (a container's upper directory): file sizes, links not followed. */
export async function sizeOf(directory: string): Promise<number> {
  let sum = 0;
  for (const name of await files.list(directory)) {
    const stat = await files.lstat(`${directory}/${name}`).catch(() => undefined);
    if (!stat) continue;
    sum += stat.isDirectory() ? await sizeOf(`${directory}/${name}`) : stat.isFile() ? stat.size : 0;
  }
  return sum;
}
