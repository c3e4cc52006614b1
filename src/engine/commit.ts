import { archiveFlags, startArchiver } from '../host/archiver.ts';
import { applyChanges } from '../image/changes.ts';
import type { ContainerRecord } from '../model/container.ts';
import { messageOf } from '../model/errors.ts';
import type { ContainerConfig } from '../model/host-config.ts';
import type { ImageId } from '../model/ids.ts';
import type { ContainerDefaults } from '../model/oci-image.ts';
import { mountLower } from '../runtime/plan/view.ts';
import { engineMade } from './container-view.ts';
import { pathsOf, tell, type Context } from './context.ts';
import { withImageDefaults } from './image-config.ts';
import { pause, unpause } from './pause.ts';
import { waitForStart } from './stop.ts';
import { overlayOf } from './user-files.ts';

export interface CommitRequest {
  readonly repository?: string;
  readonly tag?: string;
  readonly comment: string;
  readonly author: string;
  /** A running container is frozen while its layer is read. */
  readonly pause: boolean;
  /** Dockerfile instructions. */
  readonly changes: readonly string[];
  /** The container's own where absent; what it leaves open, the container's fills in. */
  readonly config?: ContainerConfig;
}

/** Makes an image of a container: its image's layers and, as one more, all that it changed. Only that is read. */
export async function commit(context: Context, record: ContainerRecord, request: CommitRequest): Promise<ImageId> {
  await waitForStart(context, record);
  const defaults = defaultsOf(request.config ? withContainers(request.config, record.config) : record.config);
  const config = applyChanges(defaults, request.changes);
  const thaw = await frozen(context, record, request.pause);
  try {
    const id = await context.images.addLayer(record.imageId, layerOf(context, record), {
      config,
      ...(request.comment ? { comment: request.comment } : {}),
      ...(request.author ? { author: request.author } : {}),
      createdBy: (record.config.Cmd ?? []).join(' '),
      ...(request.repository ? { repository: request.repository } : {}),
      ...(request.tag ? { tag: request.tag } : {}),
    });
    const { repository, tag = 'latest' } = request;
    tell(context, record, 'commit', {
      comment: request.comment, imageID: id, imageRef: repository ? `${repository}:${tag}` : '',
    });
    return id;
  } finally {
    await thaw();
  }
}

/** Ends with an error where the helper failed, so that no half layer becomes an image. */
async function* layerOf(context: Context, record: ContainerRecord): AsyncGenerator<Buffer> {
  const overlay = overlayOf(context, record);
  const archive = startArchiver(context.options.helperProgram, {
    ops: mountLower(pathsOf(context, record.id).rootfs, overlay), verb: 'layer', flags: archiveFlags.allXattrs,
    path: overlay.upper, skip: engineMade,
  });
  try {
    yield* archive.output as AsyncIterable<Buffer>;
    await archive.finish();
  } finally {
    archive.abort();
  }
}

async function frozen(context: Context, record: ContainerRecord, wanted: boolean): Promise<() => Promise<void>> {
  const running = context.records.get(record.id)?.state.status === 'running';
  if (!wanted || !running) return () => Promise.resolve();
  await pause(context, record);
  return async () => {
    const current = context.records.get(record.id);
    if (current?.state.status !== 'paused') return;
    await unpause(context, current).catch((error: unknown) =>
      context.options.log(`container ${record.id}: after a commit: ${messageOf(error)}`));
  };
}

/** As an image's defaults fill in what a container leaves open. */
const withContainers = (given: ContainerConfig, container: ContainerConfig): ContainerConfig =>
  withImageDefaults(given, defaultsOf(container));

/** What of a container's configuration is its image's to say. */
export function defaultsOf(config: ContainerConfig): ContainerDefaults {
  const filled = <T extends object>(value: T | null | undefined): value is T =>
    value !== null && value !== undefined && (Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0);
  return {
    ...(config.User ? { User: config.User } : {}),
    ...(filled(config.ExposedPorts) ? { ExposedPorts: config.ExposedPorts } : {}),
    ...(filled(config.Env) ? { Env: config.Env } : {}),
    ...(filled(config.Entrypoint) ? { Entrypoint: config.Entrypoint } : {}),
    ...(filled(config.Cmd) ? { Cmd: config.Cmd } : {}),
    ...(filled(config.Volumes) ? { Volumes: config.Volumes } : {}),
    ...(config.WorkingDir ? { WorkingDir: config.WorkingDir } : {}),
    Labels: config.Labels,
    ...(config.StopSignal ? { StopSignal: config.StopSignal } : {}),
    ...(filled(config.Healthcheck) ? { Healthcheck: config.Healthcheck } : {}),
    ...(filled(config.Shell) ? { Shell: config.Shell } : {}),
    ...(filled(config.OnBuild) ? { OnBuild: config.OnBuild } : {}),
  };
}
