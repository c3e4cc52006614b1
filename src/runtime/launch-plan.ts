import type { OciSpec } from '../model/oci.ts';
import type { LaunchPlan } from '../model/plan.ts';
import type { ExecTarget, KeeperPlacement, Placement } from './placement.ts';
import type { ProcessRequest } from './spec/request.ts';

export type { ExecTarget, KeeperPlacement, NetworkOps, OverlayRoot, Placement } from './placement.ts';

/** The kernel operations that make a container of this spec. Pure; validate the spec first. */
export function planCreate(_spec: OciSpec, _placement: Placement): LaunchPlan {
  return { keeper: [], init: [] };
}

/** The operations that run one more process in a running container. `id` is the exec's. `privileged` gives it every capability. */
export function planExec(
  _spec: OciSpec, _process: ProcessRequest, _target: ExecTarget, _id: string, _keeper: KeeperPlacement, _privileged = false,
): LaunchPlan {
  return { keeper: [], init: [] };
}
