import { isAlive, type ContainerRecord } from '../model/container.ts';
import { invalid, unavailable } from '../model/errors.ts';
import type { HostConfig } from '../model/host-config.ts';
import * as files from '../host/files.ts';
import type { Placement } from '../runtime/placement.ts';
import type {
  MountRequest,
  NamespaceRequest,
  Propagation,
  SpecRequest,
} from '../runtime/spec/build.ts';
import { cgroupPath } from './cgroups.ts';
import { pathsOf, type Context } from './context.ts';
import { devicesUnder, resolveDevices } from './devices.ts';
import { etcOwner, hostnameOf } from './etc-files.ts';
import { commandOf, environmentOf } from './image-config.ts';
import { logPlacement } from './log-driver.ts';
import { runningContainer, type Attached } from './networking.ts';
import { resourcesOf, rlimitsOf } from './resources.ts';
import { parseSecurity } from './security.ts';
import { propagationFault } from './propagation.ts';
import { resolveUser } from './user.ts';
import { overlayOf, userFilesOf } from './user-files.ts';

/** Joined processes: pid → start time, so that a reused pid is noticed. */
export type JoinedTimes = Map<number, bigint>;

/** The record in the runtime's words: everything looked up, nothing left to names. */
export async function specRequest(
  context: Context,
  record: ContainerRecord,
  attached: Attached,
  joined: JoinedTimes,
): Promise<SpecRequest> {
  const { config, hostConfig } = record;
  const security = parseSecurity(hostConfig.SecurityOpt ?? [], hostConfig.Privileged);
  const hostname = attached.owner ? hostnameOf(attached.owner) : hostnameOf(record);
  const [userFiles, devices, resources] = await Promise.all([
    userFilesOf(context, record),
    hostConfig.Privileged ? devicesUnder() : resolveDevices(hostConfig.Devices ?? []),
    resourcesOf(hostConfig),
  ]);
  const user = resolveUser(config.User, userFiles, hostConfig.GroupAdd ?? []);
  checkDeviceRequests(hostConfig);
  const namespaces = namespacesOf(context, record, attached, joined);
  const shm = shmOf(context, record);
  return {
    id: record.id,
    root: { path: pathsOf(context, record.id).rootfs, readonly: hostConfig.ReadonlyRootfs },
    process: {
      args: commandOf(config),
      env: environmentOf({ ...config, Env: [...attached.linked.environment, ...config.Env] }, hostname, user.home),
      cwd: config.WorkingDir || '/',
      user: { uid: user.uid, gid: user.gid, additionalGids: user.groups },
      tty: config.Tty,
      noNewPrivileges: security.noNewPrivileges,
      rlimits: rlimitsOf(hostConfig.Ulimits),
      oomScoreAdj: hostConfig.OomScoreAdj,
    },
    ...(hostConfig.Init ? { initProgram: context.options.initProgram } : {}),
    hostname,
    ...(config.Domainname ? { domainname: config.Domainname } : {}),
    mounts: [...etcMounts(context, record, attached), ...record.mounts.map(mountRequest)],
    ...(hostConfig.ShmSize > 0 ? { shmSize: hostConfig.ShmSize } : {}),
    ...(shm ? { shmSource: shm } : {}),
    ...(hostConfig.IpcMode === 'none' ? { noShm: true } : {}),
    namespaces,
    resources,
    privileged: hostConfig.Privileged,
    capAdd: hostConfig.CapAdd ?? [],
    capDrop: hostConfig.CapDrop ?? [],
    seccomp: security.seccomp,
    sysctls: { ...attached.attachment?.sysctls, ...hostConfig.Sysctls },
    devices,
    ...(security.openPaths ? { maskedPaths: [], readonlyPaths: [] } : {}),
    ...(hostConfig.MaskedPaths && !security.openPaths ? { maskedPaths: hostConfig.MaskedPaths } : {}),
    ...(hostConfig.ReadonlyPaths && !security.openPaths ? { readonlyPaths: hostConfig.ReadonlyPaths } : {}),
    cgroupsPath: cgroupPath(context, record.id, hostConfig.CgroupParent),
  };
}

export function placementOf(
  context: Context,
  record: ContainerRecord,
  attached: Attached,
  joined: JoinedTimes,
): Placement {
  const paths = pathsOf(context, record.id);
  const [rows, columns] = record.hostConfig.ConsoleSize;
  return {
    id: record.id,
    keeper: {
      socket: paths.keeperSocket,
      ...logPlacement(context, record),
      exitFile: paths.exitFile,
      openStdin: record.config.OpenStdin,
      stdinOnce: record.config.StdinOnce && !record.config.Tty,
      ...(rows > 0 && columns > 0 ? { rows, columns } : {}),
    },
    cgroups: context.host.cgroups,
    overlay: overlayOf(context, record),
    // As Docker makes them: mount(8) of an image reads the one, and programs tell a container by the other.
    rootFiles: [
      { op: 'symlink', target: '/proc/mounts', path: '/etc/mtab', optional: true },
      { op: 'device', path: '/.dockerenv', mode: 0o100755, major: 0, minor: 0, uid: 0, gid: 0, optional: true },
    ],
    ...(attached.attachment
      ? {
          network: {
            before: attached.attachment.before,
            host: attached.attachment.host,
            inside: attached.attachment.inside,
          },
        }
      : {}),
    startTimes: joined,
  };
}

function etcMounts(context: Context, record: ContainerRecord, attached: Attached): MountRequest[] {
  const paths = etcOwner(context, record, attached);
  const asked = new Set(record.mounts.map((mount) => mount.destination));
  return (
    [
      ['/etc/resolv.conf', paths.resolvConf],
      ['/etc/hostname', paths.hostname],
      ['/etc/hosts', paths.hosts],
    ] as const
  )
    .filter(([target]) => !asked.has(target))
    .map(([target, source]) => ({
      kind: 'bind',
      source,
      target,
      readonly: record.hostConfig.ReadonlyRootfs,
      propagation: 'rprivate',
    }));
}

export function mountRequest(mount: ContainerRecord['mounts'][number]): MountRequest {
  if (mount.type === 'tmpfs') return { kind: 'tmpfs', target: mount.destination, options: mount.tmpfsOptions ?? [] };
  return {
    kind: 'bind',
    source: mount.source,
    ...(mount.subpath ? { subpath: mount.subpath } : {}),
    target: mount.destination,
    readonly: !mount.readWrite,
    ...(mount.propagation ? { propagation: mount.propagation as Propagation } : {}),
    ...(mount.nonRecursive ? { nonRecursive: true } : {}),
    ...(mount.nonRecursiveReadonly ? { nonRecursiveReadonly: true } : {}),
  };
}

function namespacesOf(
  context: Context,
  record: ContainerRecord,
  attached: Attached,
  joined: JoinedTimes,
): SpecRequest['namespaces'] {
  const { PidMode: pid, IpcMode: ipc, UTSMode: uts, CgroupnsMode: cgroup } = record.hostConfig;
  const of = (mode: string, what: string): NamespaceRequest => {
    if (mode === 'host') return { mode: 'host' };
    if (!mode.startsWith('container:')) return { mode: 'private' };
    const donor = runningContainer(context, mode.slice('container:'.length), what);
    if (what === 'IPC') checkShareable(donor);
    return join(donor, joined);
  };
  const network: NamespaceRequest = attached.owner
    ? join(attached.owner, joined)
    : { mode: attached.mode.kind === 'host' ? 'host' : 'private' };
  return {
    network,
    pid: of(pid, 'PID'),
    ipc: of(ipc, 'IPC'),
    uts: of(uts, 'UTS'),
    ...(cgroup ? { cgroup: { mode: cgroup === 'host' ? ('host' as const) : ('private' as const) } } : {}),
  };
}

/** Docker takes the wish at create and tells at start that nobody can fulfil it. */
function checkDeviceRequests({ DeviceRequests: requests }: HostConfig): void {
  for (const { Driver: driver, Capabilities: capabilities } of requests ?? []) {
    const words = (capabilities ?? []).map((all) => `[${all.join(' ')}]`).join(' ');
    throw invalid(`could not select device driver "${driver}" with capabilities: [${words}]`);
  }
}

/** Docker's rule: a container's shared memory is others' only where it was asked for. */
function checkShareable(donor: ContainerRecord): void {
  if (donor.hostConfig.IpcMode === 'shareable' || donor.hostConfig.IpcMode === 'host') return;
  throw invalid(
    `can't join IPC of container ${donor.id}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
  );
}

function join(other: { state: { pid: number; startTime: string } }, joined: JoinedTimes): NamespaceRequest {
  joined.set(other.state.pid, BigInt(other.state.startTime));
  return { mode: 'join', pid: other.state.pid };
}

function shmOf(context: Context, record: ContainerRecord): string | undefined {
  const mode = record.hostConfig.IpcMode;
  if (mode === 'host') return '/dev/shm';
  if (!mode.startsWith('container:')) return undefined;
  const other = context.records.find(mode.slice('container:'.length));
  return isAlive(other.state) ? `/proc/${other.state.pid}/root/dev/shm` : undefined;
}

/** A bind's source must be there: one line that names it, before anything is built. */
export async function checkSources(record: ContainerRecord): Promise<void> {
  for (const mount of record.mounts) {
    if (mount.type === 'tmpfs' || (await files.exists(mount.source))) continue;
    throw unavailable(`error while creating mount source path '${mount.source}': no such file or directory`);
  }
  if (!record.mounts.some(({ type, propagation }) => type === 'bind' && /shared|slave/.test(propagation))) return;
  const mountinfo = await files.readText('/proc/self/mountinfo');
  for (const { type, source, propagation } of record.mounts) {
    const fault = type === 'bind' ? propagationFault(source, propagation, mountinfo) : undefined;
    if (fault) throw invalid(fault);
  }
}
