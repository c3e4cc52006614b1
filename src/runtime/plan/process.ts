import type { OciProcess, OciSeccomp } from '../../model/oci.ts';
import type { Op } from '../../model/plan.ts';
import { capabilityMask, rlimitNames } from '../linux.ts';
import { compileSeccomp } from '../seccomp/compile.ts';

/** SECCOMP_FILTER_FLAG_*. */
const filterFlags: Readonly<Record<string, number>> = { SECCOMP_FILTER_FLAG_LOG: 2, SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4 };
const defaultFilterFlags = ['SECCOMP_FILTER_FLAG_SPEC_ALLOW'];

/** From a process in the right namespaces to the user's program, for create and exec alike. */
export function processOps(process: OciProcess, seccomp: OciSeccomp | undefined): Op[] {
  const { user, capabilities } = process;
  const filter: Op[] = seccomp === undefined ? [] : [{
    op: 'seccomp',
    program: compileSeccomp(seccomp),
    flags: (seccomp.flags ?? defaultFilterFlags).reduce((mask, name) => mask | (filterFlags[name] ?? 0), 0),
  }];
  const guarded = process.noNewPrivileges === true;
  return [
    ...(process.rlimits ?? []).map(({ type, soft, hard }): Op => ({
      op: 'rlimit', resource: (rlimitNames as readonly string[]).indexOf(type.replace(/^RLIMIT_/, '')), soft, hard,
    })),
    { op: 'umask', mask: user.umask ?? 0o022 },
    // As root still: a directory that only root may enter can be a working directory.
    { op: 'cwd', path: process.cwd },
    // While CAP_SETPCAP is there.
    { op: 'bounding', mask: capabilityMask(capabilities?.bounding ?? []) },
    // Without no_new_privs the kernel takes a filter only from CAP_SYS_ADMIN, which goes with `user`.
    ...(guarded ? [] : filter),
    { op: 'user', uid: user.uid, gid: user.gid, groups: user.additionalGids ?? [] },
    {
      op: 'capabilities',
      effective: capabilityMask(capabilities?.effective ?? []),
      permitted: capabilityMask(capabilities?.permitted ?? []),
      inheritable: capabilityMask(capabilities?.inheritable ?? []),
      ambient: capabilityMask(capabilities?.ambient ?? []),
    },
    ...(guarded ? [{ op: 'no_new_privileges' } satisfies Op] : []),
    { op: 'ready' },
    // With it the filter comes last, so that it needs to allow nothing but execve of what we do.
    ...(guarded ? filter : []),
    { op: 'exec', args: process.args, env: process.env },
  ];
}
