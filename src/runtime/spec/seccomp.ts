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
  return resolveProfile(wish === 'default' ? defaultProfile : wish, {
    capabilities, architecture: host.architecture, kernel: host.kernel,
  });
}
