import type { OciSpec } from '../../model/oci.ts';
import type { HostFacts } from '../host-facts.ts';
import type { SpecRequest } from './request.ts';

export type * from './request.ts';

/** The OCI spec of a container as Docker would make it. Pure; what makes no sense is found by `validate`. */
export function buildSpec(request: SpecRequest, _host: HostFacts): OciSpec {
  return { ociVersion: '1.2.0', process: { ...request.process, args: [], env: [], user: { uid: 0, gid: 0 }, rlimits: [] },
    root: request.root, mounts: [], linux: { namespaces: [] } };
}
