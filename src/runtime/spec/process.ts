import type { OciProcess, OciRlimit } from '../../model/oci.ts';
import type { HostFacts } from '../host-facts.ts';
import { capabilityMask } from '../linux.ts';
import { capabilitySets } from './caps.ts';
import type { ProcessRequest } from './request.ts';

const unlimited = -1;
const stack = 8 * 1024 * 1024;

/** Every limit by name, so that none is inherited by accident from whoever started the engine. */
const defaultLimits: Readonly<Record<string, readonly [soft: number, hard: number]>> = {
  RLIMIT_CPU: [unlimited, unlimited],
  RLIMIT_FSIZE: [unlimited, unlimited],
  RLIMIT_DATA: [unlimited, unlimited],
  RLIMIT_STACK: [stack, unlimited],
  RLIMIT_CORE: [unlimited, unlimited],
  RLIMIT_RSS: [unlimited, unlimited],
  RLIMIT_NPROC: [unlimited, unlimited],
  RLIMIT_NOFILE: [1048576, 1048576],
  RLIMIT_MEMLOCK: [8 * 1024 * 1024, 8 * 1024 * 1024],
  RLIMIT_AS: [unlimited, unlimited],
  RLIMIT_LOCKS: [unlimited, unlimited],
  RLIMIT_MSGQUEUE: [819200, 819200],
  RLIMIT_NICE: [0, 0],
  RLIMIT_RTPRIO: [0, 0],
  RLIMIT_RTTIME: [unlimited, unlimited],
};

/** The OCI process of a request; `capabilities` as `CAP_…` names. */
export function buildProcess(request: ProcessRequest, capabilities: readonly string[], host: HostFacts): OciProcess {
  const { user } = request;
  return {
    terminal: request.tty,
    user: { uid: user.uid, gid: user.gid, umask: 0o022, additionalGids: supplementary(user) },
    args: [...request.args],
    env: [...request.env],
    cwd: request.cwd === '' ? '/' : request.cwd,
    capabilities: capabilitySets(capabilities, user.uid),
    rlimits: limits(request.rlimits, host),
    noNewPrivileges: request.noNewPrivileges,
    oomScoreAdj: request.oomScoreAdj ?? 0,
  };
}

/** The primary group always stands in the list too: without it, "negative" group permissions could be shed (CVE-2022-36109). */
function supplementary(user: ProcessRequest['user']): number[] {
  return [...new Set([user.gid, ...user.additionalGids])];
}

function limits(asked: readonly OciRlimit[], host: HostFacts): OciRlimit[] {
  const chosen = new Map<string, OciRlimit>();
  for (const [type, [soft, hard]] of Object.entries(defaultLimits)) {
    const ceiling = limitCeiling(host, type);
    chosen.set(type, { type, soft: lower(soft, ceiling), hard: lower(hard, ceiling) });
  }
  for (const one of asked) {
    const type = `RLIMIT_${one.type.toUpperCase().replace(/^RLIMIT_/, '')}`;
    const ceiling = limitCeiling(host, type);
    chosen.set(type, { type, soft: lower(one.soft, ceiling), hard: lower(one.hard, ceiling) });
  }
  return [...chosen.values()];
}

/** The most that the engine may grant of a limit (`RLIMIT_…`); -1 where it is free. */
export const limitCeiling = (host: HostFacts, type: string): number =>
  mayRaise(host) ? unlimited : host.hardLimits[type] ?? unlimited;

const mayRaise = (host: HostFacts): boolean => (host.capabilities & capabilityMask(['SYS_RESOURCE'])) !== 0n;

function lower(value: number, ceiling: number): number {
  if (ceiling === unlimited) return value;
  return value === unlimited ? ceiling : Math.min(value, ceiling);
}
