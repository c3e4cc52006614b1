import type { OciSeccomp } from '../../model/oci.ts';
import type { HostFacts } from '../host-facts.ts';
import { defaultProfile } from '../seccomp/profile.ts';
import { resolveProfile } from '../seccomp/resolve.ts';
import type { SpecRequest } from './request.ts';

/** The filter of a container with these capabilities; undefined for none. Privileged has none unless a profile is given. */
export function buildSeccomp(
  wish: SpecRequest['seccomp'], privileged: boolean, capabilities: readonly string[], host: HostFacts,
): OciSeccomp | undefined {
  if (wish === 'unconfined' || (wish === 'default' && privileged)) return undefined;
  const situation = { capabilities, architecture: host.architecture, kernel: host.kernel };
  if (wish !== 'default') return resolveProfile(wish, situation);
  const key = JSON.stringify(situation);
  const profile = resolved.get(key) ?? resolveProfile(defaultProfile, situation);
  // Containers differ in few sets of capabilities; those with the commonest share one object, and so one program.
  if (resolved.size < 64) resolved.set(key, profile);
  return profile;
}

const resolved = new Map<string, OciSeccomp>();
