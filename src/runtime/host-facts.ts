import { arch, release } from 'node:os';
import { list, mkdir, readText, readTextIfAny, rmdir } from '../host/files.ts';
import { unavailable } from '../model/errors.ts';
import { type CgroupLayout, parseCgroupMounts } from './cgroups/layout.ts';
import { capabilityNames, rlimitNames } from './linux.ts';

/** What the spec depends on and only the host can tell. Read once when the engine starts, by `detectHost`. */
export interface HostFacts {
  readonly architecture: 'x86_64' | 'aarch64';
  /** [6, 18] for 6.18.44. */
  readonly kernel: readonly [number, number];
  /** Numbers of the CPUs and memory nodes that are online. */
  readonly cpus: readonly number[];
  readonly memoryNodes: readonly number[];
  /** The engine's own bounding set: no container can have more. */
  readonly capabilities: bigint;
  /** The engine's hard limits by `RLIMIT_…` name, -1 for unlimited: without CAP_SYS_RESOURCE no container can have more. */
  readonly hardLimits: Readonly<Record<string, number>>;
  readonly cgroups: CgroupLayout;
}

/** Looks at the host. `cgroupParent`: `/berth`, the group under which containers get theirs. */
export async function detectHost(cgroupParent = '/berth'): Promise<HostFacts> {
  const [status, limits, mountinfo, cpus, nodes] = await Promise.all([
    readText('/proc/self/status'),
    readText('/proc/self/limits'),
    readText('/proc/self/mountinfo'),
    readText('/sys/devices/system/cpu/online'),
    readTextIfAny('/sys/devices/system/node/online'),
  ]);
  return {
    architecture: architectureOf(arch()),
    kernel: kernelOf(release()),
    cpus: parseNumberList(cpus) ?? [0],
    memoryNodes: parseNumberList(nodes ?? '0') ?? [0],
    capabilities: parseBounding(status),
    hardLimits: parseHardLimits(limits),
    cgroups: await detectCgroups(mountinfo, cgroupParent),
  };
}

function architectureOf(name: string): HostFacts['architecture'] {
  if (name === 'x64') return 'x86_64';
  if (name === 'arm64') return 'aarch64';
  throw unavailable(`run containers on ${name}: only x86-64 and arm64 machines are supported`);
}

export function kernelOf(text: string): [number, number] {
  const [major = 0, minor = 0] = text.split(/[.-]/).map(Number);
  return [major, minor];
}

export function parseBounding(status: string): bigint {
  const hex = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return hex === undefined ? (1n << BigInt(capabilityNames.length)) - 1n : BigInt(`0x${hex}`);
}

/** The lines of /proc/self/limits by RLIMIT_ name. */
const limitTitles: Readonly<Record<string, (typeof rlimitNames)[number]>> = {
  'Max cpu time': 'CPU', 'Max file size': 'FSIZE', 'Max data size': 'DATA', 'Max stack size': 'STACK', 'Max core file size': 'CORE',
  'Max resident set': 'RSS', 'Max processes': 'NPROC', 'Max open files': 'NOFILE', 'Max locked memory': 'MEMLOCK',
  'Max address space': 'AS', 'Max file locks': 'LOCKS', 'Max pending signals': 'SIGPENDING', 'Max msgqueue size': 'MSGQUEUE',
  'Max nice priority': 'NICE', 'Max realtime priority': 'RTPRIO', 'Max realtime timeout': 'RTTIME',
};

export function parseHardLimits(text: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const [, title, hard] = /^(Max [a-z ]+?)\s{2,}\S+\s+(\S+)/.exec(line) ?? [];
    const name = title === undefined ? undefined : limitTitles[title];
    if (name !== undefined && hard !== undefined) found[`RLIMIT_${name}`] = hard === 'unlimited' ? -1 : Number(hard);
  }
  return found;
}

/**
 * `0-2,5` → [0, 1, 2, 5]. Undefined where it is no such list, or one reaches beyond 65535: a list is never made
 * longer than a machine could be (CVE-2018-20699).
 */
export function parseNumberList(text: string): number[] | undefined {
  const numbers = new Set<number>();
  for (const part of text.trim().split(',')) {
    const [, first, last] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim()) ?? [];
    if (first === undefined) return undefined;
    const [from, to] = [Number(first), Number(last ?? first)];
    if (to < from || to > 65535) return undefined;
    for (let number = from; number <= to; number++) numbers.add(number);
  }
  return [...numbers].sort((a, b) => a - b);
}

async function detectCgroups(mountinfo: string, parent: string): Promise<CgroupLayout> {
  const { kind, hierarchies, unifiedMountPoint } = parseCgroupMounts(mountinfo);
  const trees = kind === 'v2' && unifiedMountPoint !== undefined
    ? [unifiedMountPoint]
    : hierarchies.map(({ mountPoint }) => mountPoint);
  const cpuset = hierarchies.find(({ controllers }) => controllers.includes('cpuset'))?.mountPoint;
  const text = async (path: string | undefined): Promise<string> => (path === undefined ? '' : (await readTextIfAny(path))?.trim() ?? '');
  const controllers = (await text(unifiedMountPoint && `${unifiedMountPoint}/cgroup.controllers`)).split(' ').filter(Boolean);
  const files = new Set([
    ...(await Promise.all(trees.map(childFiles))).flat(),
    // A v2 root that hands nothing on yet gives the probe no limit files; the first container makes it hand them on.
    ...(kind === 'v2' ? controllers.flatMap((name) => v2Files[name] ?? []) : []),
  ]);
  return {
    kind,
    hierarchies,
    ...(unifiedMountPoint !== undefined && {
      unified: { mountPoint: unifiedMountPoint, controllers },
    }),
    files,
    parent,
    cpuset: {
      cpus: await text(cpuset && `${cpuset}/cpuset.cpus`),
      mems: await text(cpuset && `${cpuset}/cpuset.mems`),
    },
  };
}

const v2Files: Readonly<Record<string, readonly string[]>> = {
  cpu: ['cpu.weight', 'cpu.max'], cpuset: ['cpuset.cpus', 'cpuset.mems'], memory: ['memory.max', 'memory.low'],
  io: ['io.max'], pids: ['pids.max'],
};

/** The limit files that a child group has; a root lacks most of them, so a child is made for a moment. */
async function childFiles(tree: string): Promise<string[]> {
  const probe = `${tree}/berth-probe-${process.pid}`;
  try {
    await mkdir(probe);
  } catch {
    return await list(tree); // a read-only tree: what its root shows
  }
  try {
    return await list(probe);
  } finally {
    await rmdir(probe);
  }
}
