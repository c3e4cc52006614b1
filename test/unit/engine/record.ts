import { parseConfig, parseHostConfig } from '../../../src/api/wire/create.ts';
import { neverRun, type ContainerRecord } from '../../../src/model/container.ts';
import type { ContainerId, ImageId } from '../../../src/model/ids.ts';

/** A container's record for tests; `id` is one hex digit, repeated. */
export function record(id: string, changes: Partial<ContainerRecord> = {}): ContainerRecord {
  return {
    id: id.repeat(64) as ContainerId,
    name: `name-${id}`,
    created: `2024-01-0${(parseInt(id, 16) % 9) + 1}T00:00:00Z`,
    image: 'web',
    imageId: `sha256:${'1'.repeat(64)}` as ImageId,
    config: parseConfig({ Image: 'web', Cmd: ['serve'] }),
    hostConfig: parseHostConfig({ NetworkMode: 'bridge' }),
    networkingConfig: { EndpointsConfig: {} },
    mounts: [],
    state: neverRun,
    restartCount: 0,
    generation: 0,
    stoppedByHand: false,
    endpoints: {},
    ports: [],
    ...changes,
  };
}
