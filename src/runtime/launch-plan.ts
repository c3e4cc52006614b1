import { invalid } from '../model/errors.ts';
import type { OciNamespaceType, OciProcess, OciSpec } from '../model/oci.ts';
import { keeperFlags, type LaunchPlan, type Op } from '../model/plan.ts';
import { oomKillFile, renderCgroup, renderJoin } from './cgroups.ts';
import { memberDirectories } from './cgroups/render.ts';
import { cloneFlags, mountAttr } from './linux.ts';
import { mountOps, rootOps } from './plan/mounts.ts';
import { processOps } from './plan/process.ts';
import type { ExecPlacement, KeeperPlacement, Placement } from './placement.ts';

export type { ExecPlacement, KeeperPlacement, NetworkOps, OverlayRoot, Placement } from './placement.ts';

const namespaceFlags: Readonly<Record<OciNamespaceType, number>> = {
  mount: cloneFlags.NEWNS, network: cloneFlags.NEWNET, uts: cloneFlags.NEWUTS, ipc: cloneFlags.NEWIPC, pid: cloneFlags.NEWPID,
  cgroup: cloneFlags.NEWCGROUP, user: cloneFlags.NEWUSER,
};

/** The kernel operations that make a container of this spec, in order. Pure; the spec has passed `validate`. */
export function planCreate(spec: OciSpec, placement: Placement): LaunchPlan {
  const { linux } = spec;
  const path = linux.cgroupsPath ?? `${placement.cgroups.parent}/${placement.id}`;
  const cgroup = renderCgroup(placement.cgroups, path, linux.resources ?? {});
  const namespaces = sortNamespaces(spec);
  const startTime = (pid: number): bigint => placement.startTimes?.get(pid) ?? 0n;
  return {
    keeper: [
      keeperOp(placement.id, placement.keeper, spec.process, oomKillFile(placement.cgroups, path)),
      // Ports before anything costly: a taken one is the likeliest failure.
      ...(placement.network?.before ?? []),
      // Limits stand before there is a process to limit.
      ...cgroup.create,
      // A pid namespace is entered by one's children only, hence here and not in init.
      ...namespaces.joinedPid.map((pid): Op => ({ op: 'join_pid_namespace', pid, startTime: startTime(pid) })),
      { op: 'clone', flags: namespaces.cloned, cgroup: cgroup.clone },
      ...(placement.network?.host ?? []),
    ],
    init: [
      // What it allocates from here on is charged to its group, and its cgroup namespace can be rooted there.
      ...cgroup.join,
      // While the host's /proc is still there.
      { op: 'write', path: '/proc/self/oom_score_adj', data: String(spec.process.oomScoreAdj ?? 0), optional: !spec.process.oomScoreAdj },
      // Before any mount: sysfs shows the network namespace, mqueue the IPC namespace, of whoever mounts it.
      ...[...namespaces.joined].map(([pid, flags]): Op => ({ op: 'join', pid, startTime: startTime(pid), flags })),
      // clone would root it in the keeper's group; unsharing now roots it in the one just joined.
      ...(namespaces.ownCgroup ? [{ op: 'unshare', flags: cloneFlags.NEWCGROUP } satisfies Op] : []),
      { op: 'keyring', name: placement.id, optional: true },
      ...rootOps(spec, placement),
      ...(placement.rootFiles ?? []),
      ...mountOps(spec, placement.cgroups, memberDirectories(placement.cgroups, path, linux.resources ?? {})),
      // devpts and /dev are there, and no path of the container has been read-only yet.
      ...(spec.process.terminal ? [{ op: 'console' } satisfies Op] : []),
      ...(spec.hostname ? [{ op: 'hostname', name: spec.hostname } satisfies Op] : []),
      ...(spec.domainname ? [{ op: 'domainname', name: spec.domainname } satisfies Op] : []),
      // Before interfaces come up (IPv6 off means no link-local address ever), and before /proc/sys is read-only.
      ...Object.entries(linux.sysctl ?? {}).map(([name, value]): Op => ({ op: 'sysctl', name: sysctlPath(name), value })),
      ...(placement.network?.inside ?? []),
      // Last of the mounts: nothing mounted afterwards can uncover them.
      ...(linux.maskedPaths ?? []).map((masked): Op => ({ op: 'mask', path: masked })),
      ...(linux.readonlyPaths ?? []).map((path_): Op => ({ op: 'readonly', path: path_ })),
      // Made where the image has none, as long as the root is writable; resolved in it, before anything runs there.
      ...(spec.process.cwd === '/' ? [] : [{ op: 'directory', path: spec.process.cwd, mode: 0o755, uid: 0, gid: 0, optional: true } satisfies Op]),
      { op: 'pivot' },
      // Mount targets and devices had to be made in it before.
      ...(spec.root.readonly ? [{ op: 'root_attributes', set: mountAttr.RDONLY } satisfies Op] : []),
      ...processOps(spec.process, linux.seccomp),
    ],
  };
}

/**
 * The operations that run one more process in a running container of this spec. `process` comes from
 * `buildExecProcess`; the joined namespaces are those that the container has of its own or shares with another.
 */
export function planExec(spec: OciSpec, process: OciProcess, placement: ExecPlacement): LaunchPlan {
  const { pid, startTime, cgroups } = placement;
  const path = spec.linux.cgroupsPath ?? '';
  const cgroup = renderJoin(cgroups, path, memberDirectories(cgroups, path, spec.linux.resources ?? {}));
  const types = spec.linux.namespaces.map(({ type }) => type);
  const flags = types.filter((type) => type !== 'pid').reduce((mask, type) => mask | namespaceFlags[type], 0);
  return {
    keeper: [
      keeperOp(placement.id, placement.keeper, process, '', keeperFlags.exec),
      ...(types.includes('pid') ? [{ op: 'join_pid_namespace', pid, startTime } satisfies Op] : []),
      { op: 'clone', flags: 0, cgroup: cgroup.clone },
    ],
    init: [
      ...cgroup.join,
      { op: 'write', path: '/proc/self/oom_score_adj', data: String(process.oomScoreAdj ?? 0), optional: !process.oomScoreAdj },
      { op: 'join', pid, startTime, flags },
      { op: 'keyring', name: placement.id, optional: true },
      ...(process.terminal ? [{ op: 'console' } satisfies Op] : []),
      ...processOps(process, spec.linux.seccomp),
    ],
  };
}

function keeperOp(id: string, keeper: KeeperPlacement, process: OciProcess, oomFile: string, extra = 0): Op {
  const flags = (process.terminal ? keeperFlags.tty : 0) | (keeper.openStdin ? keeperFlags.openStdin : 0)
    | (keeper.stdinOnce ? keeperFlags.stdinOnce : 0) | (keeper.noLog ? keeperFlags.noLog : 0)
    | (keeper.jsonLog ? keeperFlags.jsonLog : 0) | extra;
  return {
    op: 'keeper', id, socket: keeper.socket, log: keeper.log, logMaxSize: keeper.logMaxSize, logMaxFiles: keeper.logMaxFiles,
    exitFile: keeper.exitFile, oomFile, flags,
    rows: keeper.rows ?? process.consoleSize?.height ?? 0, columns: keeper.columns ?? process.consoleSize?.width ?? 0,
    logAttributes: keeper.logAttributes ?? '',
  };
}

interface SortedNamespaces {
  /** CLONE_NEW* mask of those that clone makes. */
  readonly cloned: number;
  readonly ownCgroup: boolean;
  readonly joinedPid: readonly number[];
  /** Pid → mask of what is joined from it. */
  readonly joined: ReadonlyMap<number, number>;
}

function sortNamespaces(spec: OciSpec): SortedNamespaces {
  let cloned = 0;
  let ownCgroup = false;
  const joinedPid: number[] = [];
  const joined = new Map<number, number>();
  for (const { type, path } of spec.linux.namespaces) {
    if (path === undefined && type === 'cgroup') ownCgroup = true;
    else if (path === undefined) cloned |= namespaceFlags[type];
    else if (type === 'pid') joinedPid.push(ownerOf(path));
    else joined.set(ownerOf(path), (joined.get(ownerOf(path)) ?? 0) | namespaceFlags[type]);
  }
  return { cloned, ownCgroup, joinedPid, joined };
}

/** `/proc/123/ns/net` → 123. */
function ownerOf(path: string): number {
  const pid = /^\/proc\/(\d{1,10})\/ns\/[a-z]+$/.exec(path)?.[1];
  if (pid === undefined) throw invalid(`join namespace ${path}: only /proc/PID/ns/… paths can be joined`);
  return Number(pid);
}

/** `net.ipv4.ip_forward` → `net/ipv4/ip_forward`; with slashes already (an interface's name may have a dot) it stays. */
const sysctlPath = (name: string): string => (name.includes('/') ? name : name.replaceAll('.', '/'));
