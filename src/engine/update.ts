import type { ContainerRecord } from '../model/container.ts';
import { BerthError } from '../model/errors.ts';
import type { HostConfig, RestartPolicy } from '../model/host-config.ts';
import { checkRestartPolicy } from './restart-policy.ts';
import { tell, type Context } from './context.ts';

export interface UpdateRequest {
  readonly restartPolicy?: RestartPolicy;
  /** The limits that were given; a running container's can't be changed yet. */
  readonly limits: Partial<HostConfig>;
}

/** Changes the restart policy at once, and the limits of a container that doesn't run. Returns warnings. */
export async function update(context: Context, record: ContainerRecord, request: UpdateRequest): Promise<string[]> {
  const changesLimits = Object.keys(request.limits).length > 0;
  if (changesLimits && (record.state.status === 'running' || record.state.status === 'paused')) {
    throw new BerthError(
      'not-implemented',
      `limits of a running container can't be changed yet: stop ${record.name}, update it, start it`,
    );
  }
  const hostConfig = {
    ...record.hostConfig,
    ...request.limits,
    ...(request.restartPolicy ? { RestartPolicy: request.restartPolicy } : {}),
  };
  checkRestartPolicy(hostConfig);
  tell(context, context.records.update(record.id, { hostConfig }), 'update');
  return [];
}
