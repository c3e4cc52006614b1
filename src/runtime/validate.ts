import { invalid } from '../model/errors.ts';
import type { OciMount, OciSpec } from '../model/oci.ts';
import { type HostFacts, parseNumberList } from './host-facts.ts';
import { capabilityNames, rlimitNames } from './linux.ts';

/** What is wrong with a spec in one line, or undefined. */
interface Check {
  readonly name: string;
  readonly find: (spec: OciSpec, host: HostFacts) => string | undefined;
}

/** Throws `invalid` with the first thing that is wrong: nothing of a spec reaches a plan unseen. */
export function validate(spec: OciSpec, host: HostFacts): void {
  for (const { find } of checks) {
    const fault = find(spec, host);
    if (fault !== undefined) throw invalid(fault);
  }
}

const maxString = 64 * 1024;
/** The kernel's MAX_ARG_STRLEN. */
const maxArgument = 128 * 1024;
const maxId = 2 ** 31 - 1;
const maxGroups = 1024;
const maxHostname = 64;

const isAbsolute = (path: string): boolean => path.startsWith('/');
const climbs = (path: string): boolean => path.split('/').includes('..');
/** The first item that something is said of. */
function first<T>(items: Iterable<T> | undefined, say: (item: T) => string | undefined): string | undefined {
  for (const item of items ?? []) {
    const fault = say(item);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const checks: readonly Check[] = [
  { name: 'strings', find: (spec) => checkStrings(spec) },
  { name: 'command', find: ({ process }) => (process.args.length === 0 || process.args[0] === '' ? 'no command specified' : undefined) },
  {
    name: 'arguments',
    find: ({ process }) => first([...process.args, ...process.env], (text) =>
      Buffer.byteLength(text) >= maxArgument ? `argument or environment variable ${text.slice(0, 40)}… is longer than ${maxArgument} bytes` : undefined),
  },
  {
    name: 'working directory',
    find: ({ process }) =>
      isAbsolute(process.cwd) ? undefined : `the working directory '${process.cwd}' is invalid, it needs to be an absolute path`,
  },
  {
    name: 'root',
    find: ({ root }) => (isAbsolute(root.path) && root.path !== '/' ? undefined : `root path '${root.path}' is not an absolute path below /`),
  },
  {
    name: 'mount targets',
    find: ({ mounts }) => first(mounts, ({ destination }) => {
      if (!isAbsolute(destination) || climbs(destination)) {
        return `invalid mount target '${destination}': it must be an absolute path without '..'`;
      }
      return destination === '/' ? "invalid mount target: destination can't be '/'" : undefined;
    }),
  },
  {
    name: 'bind sources',
    find: ({ mounts }) => first(mounts, ({ type, source = '', destination }) =>
      type === 'bind' && !isAbsolute(source) ? `bind source '${source}' of ${destination} is not an absolute path` : undefined),
  },
  { name: 'mounts over /proc', find: ({ mounts }) => first(mounts, overProc) },
  { name: 'mounts over /sys', find: ({ mounts }) => first(mounts, overSys) },
  {
    name: 'masked and read-only paths',
    find: ({ linux }) => first([...(linux.maskedPaths ?? []), ...(linux.readonlyPaths ?? [])], (path) =>
      isAbsolute(path) && !climbs(path) ? undefined : `masked or read-only path '${path}' is not an absolute path without '..'`),
  },
  {
    name: 'user',
    find: ({ process: { user } }) => first([user.uid, user.gid, ...(user.additionalGids ?? [])], (id) =>
      Number.isInteger(id) && id >= 0 && id <= maxId ? undefined : `uids and gids must be in range 0-${maxId}, not ${id}`),
  },
  {
    name: 'groups',
    find: ({ process: { user } }) =>
      (user.additionalGids?.length ?? 0) > maxGroups ? `${user.additionalGids?.length} supplementary groups are more than ${maxGroups}` : undefined,
  },
  {
    name: 'capabilities',
    find: ({ process }) => first(Object.values(process.capabilities ?? {}).flat() as string[], (name) =>
      (capabilityNames as readonly string[]).includes(name.replace(/^CAP_/, '')) ? undefined : `unknown capability: "${name}"`),
  },
  {
    name: 'rlimits',
    find: ({ process }) => first(process.rlimits, ({ type, soft, hard }) => {
      const name = type.replace(/^RLIMIT_/, '');
      if (!(rlimitNames as readonly string[]).includes(name)) return `invalid ulimit type: ${name.toLowerCase()}`;
      if (!Number.isInteger(soft) || !Number.isInteger(hard) || soft < -1 || hard < -1) {
        return `ulimit ${name.toLowerCase()}: ${soft}:${hard} are not limits: use whole numbers, -1 for unlimited`;
      }
      return hard !== -1 && (soft === -1 || soft > hard)
        ? `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}` : undefined;
    }),
  },
  {
    name: 'oom score',
    find: ({ process: { oomScoreAdj: score = 0 } }) => (Number.isInteger(score) && score >= -1000 && score <= 1000
      ? undefined : `Invalid value ${score}, range for oom score adj is [-1000, 1000]`),
  },
  {
    name: 'hostname',
    find: ({ hostname = '', domainname = '' }) => first([hostname, domainname], (name) =>
      Buffer.byteLength(name) > maxHostname ? `invalid hostname: ${name.slice(0, 80)}… is longer than ${maxHostname} bytes` : undefined),
  },
  { name: 'namespaces', find: (spec) => checkNamespaces(spec) },
  {
    name: 'cgroup path',
    find: ({ linux: { cgroupsPath: path = '/berth' } }) =>
      isAbsolute(path) && !climbs(path) && /^(\/[^/]+)+$/.test(path) ? undefined : `cgroup path '${path}' is not an absolute path below /`,
  },
  {
    name: 'devices',
    find: ({ linux }) => first(linux.devices, ({ path, type, major, minor }) => {
      if (!isAbsolute(path) || climbs(path) || path === '/') return `invalid device path '${path}'`;
      return type === 'p' || (number(major, 4095) && number(minor, 1048575)) ? undefined : `invalid device number ${major}:${minor} of ${path}`;
    }),
  },
  {
    name: 'device rules',
    find: ({ linux }) => first(linux.resources?.devices, ({ access = 'rwm', major = 0, minor = 0 }) =>
      /^[rwm]{1,3}$/.test(access) && number(major, 4095) && number(minor, 1048575)
        ? undefined : `invalid device rule ${major}:${minor} '${access}': access is some of r, w and m`),
  },
  {
    name: 'cpuset cpus',
    find: ({ linux }, host) => checkList('cpus', linux.resources?.cpu?.cpus, host.cpus, 'Requested CPUs are not available'),
  },
  {
    name: 'cpuset mems',
    find: ({ linux }, host) =>
      checkList('mems', linux.resources?.cpu?.mems, host.memoryNodes, 'Requested memory nodes are not available'),
  },
  { name: 'sysctls', find: (spec) => first(Object.keys(spec.linux.sysctl ?? {}), (name) => checkSysctl(spec, name)) },
];

const number = (value: number, most: number): boolean => Number.isInteger(value) && value >= 0 && value <= most;

/** No field is longer than 64 KiB (a length that overflowed was CVE-2021-43784) or holds a NUL byte; arguments have a limit of their own. */
function checkStrings(spec: OciSpec): string | undefined {
  const visit = (value: unknown, path: string): string | undefined => {
    if (typeof value === 'string') {
      if (value.includes('\0')) return `${path} holds a NUL byte`;
      const free = path.startsWith('process.args') || path.startsWith('process.env');
      return !free && Buffer.byteLength(value) > maxString ? `${path} is longer than ${maxString} bytes` : undefined;
    }
    if (typeof value !== 'object' || value === null) return undefined;
    return first(Object.entries(value), ([key, item]) => {
      if (key.length > maxString || key.includes('\0')) return `a key of ${path} is too long or holds a NUL byte`;
      return visit(item, path === '' ? key : `${path}.${key}`);
    });
  };
  const { seccomp: _own, ...linux } = spec.linux; // built from known names; its size is the compiler's to judge
  return visit({ ...spec, linux }, '');
}

/** Files that lxcfs and its like replace; anything else there would uncover or fake what the kernel says. */
const replaceable = new Set([
  'cpuinfo', 'diskstats', 'meminfo', 'stat', 'swaps', 'uptime', 'loadavg', 'slabinfo', 'net/dev', 'sys/kernel/ns_last_pid',
  'sys/crypto/fips_enabled',
]);

function overProc({ destination, type, source }: OciMount): string | undefined {
  if (destination === '/proc') {
    return type === 'proc' || (type === 'bind' && source === '/proc') ? undefined : '"/proc" cannot be mounted over: only the host\'s /proc can be bound there';
  }
  if (!destination.startsWith('/proc/') || replaceable.has(destination.slice('/proc/'.length))) return undefined;
  return `"${destination}" cannot be mounted because it is inside "/proc"`;
}

function overSys({ destination, type, source = '' }: OciMount): string | undefined {
  if (destination !== '/sys' && !destination.startsWith('/sys/')) return undefined;
  const kernels = type === 'sysfs' || type === 'cgroup' || (type === 'tmpfs' && destination !== '/sys');
  const bound = type === 'bind' && (source === '/sys' || source.startsWith('/sys/')) && !climbs(source);
  return kernels || bound ? undefined : `"${destination}" cannot be mounted over: only the host's own /sys can be bound there`;
}

function checkNamespaces({ linux, hostname }: OciSpec): string | undefined {
  const types = linux.namespaces.map(({ type }) => type);
  if (!types.includes('mount')) return 'a container needs a mount namespace of its own';
  if (new Set(types).size < types.length) return 'a namespace is named twice';
  if (hostname && !types.includes('uts')) return 'conflicting options: hostname and the UTS mode';
  if (types.includes('user')) return 'user namespaces are not supported yet';
  return first(linux.namespaces, ({ type, path }) => {
    if (path === undefined) return undefined;
    if (type === 'mount' || type === 'cgroup') return `the ${type} namespace can't be joined`;
    return /^\/proc\/\d{1,10}\/ns\/[a-z]+$/.test(path) ? undefined : `namespace ${path}: only /proc/PID/ns/… paths can be joined`;
  });
}

/** Parsed only as far as a machine can have numbers: a list like 0-4294967295 costs nothing (CVE-2018-20699). */
function checkList(what: string, text: string | undefined, available: readonly number[], missing: string): string | undefined {
  if (text === undefined) return undefined;
  const asked = parseNumberList(text);
  if (asked === undefined) return `Invalid value ${text.slice(0, 80)} for cpuset ${what}`;
  return asked.every((one) => available.includes(one))
    ? undefined : `${missing} - requested ${text.slice(0, 80)}, available: ${formatNumberList(available)}`;
}

/** [0, 1, 2, 5] → `0-2,5`. */
export function formatNumberList(numbers: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const one of numbers) {
    const last = parts.at(-1);
    if (last && last[1] === one - 1) last[1] = one;
    else parts.push([one, one]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

const ipcSysctls = new Set(['msgmax', 'msgmnb', 'msgmni', 'sem', 'shmall', 'shmmax', 'shmmni', 'shm_rmid_forced'].map((name) => `kernel.${name}`));

/** Only what belongs to a namespace of the container: anything else would be the host's. */
function checkSysctl({ linux }: OciSpec, name: string): string | undefined {
  const dotted = name.replaceAll('/', '.');
  const has = (type: string): boolean => linux.namespaces.some((namespace) => namespace.type === type);
  if (!/^[\w-]+([./][\w:@-]+)+$/.test(name)) return `invalid sysctl name "${name.slice(0, 80)}"`;
  if (ipcSysctls.has(dotted) || dotted.startsWith('fs.mqueue.')) {
    return has('ipc') ? undefined : `sysctl "${name}" is not allowed in the hosts ipc namespace`;
  }
  if (dotted.startsWith('net.')) return has('network') ? undefined : `sysctl "${name}" not allowed in host network namespace`;
  if (dotted === 'kernel.domainname') return has('uts') ? undefined : `sysctl "${name}" not allowed in host UTS namespace`;
  return `sysctl "${name}" is not in a separate kernel namespace`;
}
