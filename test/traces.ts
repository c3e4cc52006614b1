import { existsSync, readdirSync, readFileSync, readlinkSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from './world.ts';

/** What an engine leaves in the kernel of a world, and how to find and remove it. */
export interface Snapshot {
  readonly links: string[];
  readonly addresses: string[];
  readonly routes: string[];
  readonly iptables: string;
  readonly ip6tables: string;
  readonly forwarding: string;
  readonly netnsNames: string[];
  readonly mounts: string[];
  readonly cgroups: string[];
  readonly processes: string[];
}

/** What can leak, as it is now. */
export async function takeSnapshot(world: World): Promise<Snapshot> {
  const json = async (...args: string[]): Promise<Record<string, unknown>[]> =>
    JSON.parse(await world.must('host', 'ip', '-json', ...args) || '[]') as Record<string, unknown>[];
  const links = await json('link', 'show');
  const addresses = await json('addr', 'show');
  return {
    links: links.map(({ ifname }) => String(ifname)).toSorted(),
    addresses: addresses.flatMap(({ ifname, addr_info }) =>
      (addr_info as { local: string; prefixlen: number }[]).map((one) => `${ifname} ${one.local}/${one.prefixlen}`)).toSorted(),
    routes: (await world.must('host', 'ip', 'route', 'show')).trim().split('\n').toSorted(),
    iptables: await savedRules(world, 'iptables-save'),
    ip6tables: await savedRules(world, 'ip6tables-save'),
    forwarding: (await world.must('host', 'cat', '/proc/sys/net/ipv4/ip_forward')).trim(),
    netnsNames: existsSync('/run/netns') ? readdirSync('/run/netns').toSorted() : [],
    mounts: mountsBelow(world.directory),
    cgroups: cgroupDirectories(world.cgroupParent),
    processes: ownProcesses(world.directory, world.cgroupParent).map((pid) => `${pid} ${commandOf(pid)}`),
  };
}

/** Without dates and packet counts. */
async function savedRules(world: World, program: string): Promise<string> {
  const text = await world.must('host', program);
  return text.split('\n').filter((line) => !line.startsWith('#')).map((line) => line.replace(/\[\d+:\d+\]$/, '')).join('\n').trim();
}

export const mountsBelow = (directory: string): string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8').split('\n').map((line) => line.split(' ')[4] ?? '')
    .filter((target) => target.startsWith(`${directory}/`));

/** Directories of this parent in every hierarchy, parents first. */
export function cgroupDirectories(parent: string): string[] {
  const roots = ['/sys/fs/cgroup', ...listDirectories('/sys/fs/cgroup')];
  const found: string[] = [];
  const walk = (path: string): void => {
    if (!existsSync(path)) return;
    found.push(path);
    for (const child of listDirectories(path)) walk(child);
  };
  for (const root of roots) walk(root + parent);
  return found;
}

function listDirectories(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
  } catch {
    return [];
  }
}

/** Takes the names below /run/netns away that containers had which were ended with their world. */
export function removeNetnsNames(pids: readonly number[]): void {
  const targets = new Set(pids.map((pid) => `/proc/${pid}/ns/net`));
  for (const name of existsSync('/run/netns') ? readdirSync('/run/netns') : []) {
    const path = join('/run/netns', name);
    try {
      if (targets.has(readlinkSync(path))) unlinkSync(path);
    } catch {
      // a name that is a mount, as `ip netns add` makes it
    }
  }
}

/** Processes in the world's cgroups or network namespaces, and those that name its directory in their arguments. */
export function ownProcesses(directory: string, cgroupParent: string, spaces: readonly (string | undefined)[] = []): number[] {
  const found = new Set<number>();
  for (const path of cgroupDirectories(cgroupParent)) {
    try {
      for (const line of readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n')) if (line !== '') found.add(Number(line));
    } catch {
      // gone meanwhile
    }
  }
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const space = namespaceOf(Number(name));
    if (commandOf(Number(name)).includes(directory) || (space && spaces.includes(space))) found.add(Number(name));
  }
  return [...found].toSorted((a, b) => a - b);
}

export function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone meanwhile
  }
}

export function removeQuietly(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // busy or gone: the next snapshot shows it
  }
}
