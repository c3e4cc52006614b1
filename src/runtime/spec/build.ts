import type { OciProcess, OciSpec } from '../../model/oci.ts';
import type { HostFacts } from '../host-facts.ts';
import { wishedCapabilities } from './caps.ts';
import { buildDevices } from './devices.ts';
import { buildMounts } from './mounts.ts';
import { buildNamespaces, buildSysctls } from './namespaces.ts';
import { buildProcess } from './process.ts';
import type { ProcessRequest, SpecRequest } from './request.ts';
import { buildResources } from './resources.ts';
import { buildSeccomp } from './seccomp.ts';

export type * from './request.ts';

/** Kernel state that isn't the container's and tells too much of the host (or, as /proc/kcore, everything). */
export const maskedPaths: readonly string[] = [
  ...['acpi', 'asound', 'interrupts', 'kcore', 'keys', 'latency_stats', 'sched_debug', 'scsi', 'timer_list', 'timer_stats']
    .map((name) => `/proc/${name}`),
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
export const readonlyPaths: readonly string[] = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`);

const initPath = '/sbin/docker-init';

/**
 * The OCI spec of a container as Docker would make it. Pure. Throws `invalid` for unknown capability names and
 * malformed profiles; what else makes no sense is found by `validate`.
 */
export function buildSpec(request: SpecRequest, host: HostFacts): OciSpec {
  const capabilities = wishedCapabilities(
    { privileged: request.privileged, add: request.capAdd, drop: request.capDrop }, host.capabilities,
  );
  const seccomp = buildSeccomp(request.seccomp, request.privileged, capabilities, host);
  const thermal = host.cpus.map((cpu) => `/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`);
  // With the host's UTS namespace there is no name to set, and one set would be the host's.
  const named = request.namespaces.uts.mode === 'private';
  const args = request.initProgram === undefined ? request.process.args : [initPath, '--', ...request.process.args];
  return {
    ociVersion: '1.2.0',
    process: buildProcess({ ...request.process, args }, capabilities, host),
    root: { path: request.root.path, readonly: request.root.readonly },
    ...(named && request.hostname !== '' && { hostname: request.hostname }),
    ...(named && request.domainname && { domainname: request.domainname }),
    mounts: [
      ...buildMounts(request),
      ...(request.initProgram === undefined ? [] : [
        { destination: initPath, type: 'bind', source: request.initProgram, options: ['bind', 'ro', 'rprivate'] },
      ]),
    ],
    linux: {
      namespaces: buildNamespaces(request.namespaces, host),
      devices: buildDevices(request.devices),
      cgroupsPath: request.cgroupsPath,
      resources: buildResources(request),
      rootfsPropagation: propagation(request),
      sysctl: buildSysctls(request),
      maskedPaths: request.privileged ? [] : [...(request.maskedPaths ?? [...maskedPaths, ...thermal])],
      readonlyPaths: request.privileged ? [] : [...(request.readonlyPaths ?? readonlyPaths)],
      ...(seccomp && { seccomp }),
    },
  };
}

/** The OCI process of an exec in a container of this spec: that container's capabilities, or every one. */
export function buildExecProcess(spec: OciSpec, request: ProcessRequest, host: HostFacts, privileged = false): OciProcess {
  const capabilities = privileged
    ? wishedCapabilities({ privileged, add: [], drop: [] }, host.capabilities)
    : spec.process.capabilities?.bounding ?? [];
  return {
    ...buildProcess(request, capabilities, host),
    rlimits: spec.process.rlimits ?? [],
    noNewPrivileges: request.noNewPrivileges || spec.process.noNewPrivileges === true,
    oomScoreAdj: spec.process.oomScoreAdj ?? 0,
  };
}

/** Binds that follow the host's later mounts need the whole namespace to be a slave of the host's, not cut off from it. */
function propagation(request: SpecRequest): 'private' | 'slave' | 'shared' {
  const wishes = new Set(request.mounts.map((mount) => (mount.kind === 'bind' ? mount.propagation?.replace(/^r/, '') : undefined)));
  if (wishes.has('shared')) return 'shared';
  return wishes.has('slave') ? 'slave' : 'private';
}
