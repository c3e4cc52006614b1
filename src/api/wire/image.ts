import { parseTime } from '../../engine/clock.ts';
import type { Engine } from '../../engine/engine.ts';
import type { ImageListing } from '../../engine/images.ts';
import type { ImageInspect, ImageSummary } from './docker.ts';

type Image = ReturnType<Engine['context']['images']['get']>;

export interface SummaryOptions {
  /** Bytes in layers that other images have too; -1 where it wasn't asked for. */
  readonly sharedSize?: number;
  readonly containers?: number;
}

export function imageSummary(
  { image, repoTags, repoDigests }: ImageListing, { sharedSize = -1, containers = -1 }: SummaryOptions = {},
): ImageSummary {
  return {
    Id: image.id,
    ParentId: image.parent ?? '',
    RepoTags: [...repoTags],
    RepoDigests: [...repoDigests],
    Created: Number((parseTime(image.config.created ?? '') ?? 0n) / 1_000_000_000n),
    Size: image.size,
    SharedSize: sharedSize,
    Labels: image.config.config?.Labels ? { ...image.config.config.Labels } : null,
    Containers: containers,
  };
}

/** `layers`: their directories, topmost first. */
export function imageInspect(image: Image, [top = '', ...below]: readonly string[]): ImageInspect {
  const { config } = image;
  const defaults = config.config ?? {};
  return {
    Id: image.id,
    RepoTags: [...image.repoTags],
    RepoDigests: [...image.repoDigests],
    Parent: image.parent ?? '',
    Comment: config.comment || (config.history?.at(-1)?.comment ?? ''),
    ...(config.created ? { Created: config.created } : {}),
    DockerVersion: config.docker_version ?? '',
    Author: config.author ?? '',
    Config: {
      User: defaults.User ?? '',
      ...(defaults.ExposedPorts
        ? { ExposedPorts: defaults.ExposedPorts as Record<string, Record<string, never>> }
        : {}),
      Env: defaults.Env ? [...defaults.Env] : null,
      Cmd: defaults.Cmd ? [...defaults.Cmd] : null,
      Volumes: (defaults.Volumes as Record<string, Record<string, never>> | undefined) ?? null,
      WorkingDir: defaults.WorkingDir ?? '',
      Entrypoint: defaults.Entrypoint ? [...defaults.Entrypoint] : null,
      OnBuild: defaults.OnBuild ? [...defaults.OnBuild] : null,
      Labels: defaults.Labels ? { ...defaults.Labels } : null,
      ...(defaults.StopSignal ? { StopSignal: defaults.StopSignal } : {}),
      ...(defaults.Shell ? { Shell: [...defaults.Shell] } : {}),
      ...(defaults.Healthcheck
        ? { Healthcheck: { ...defaults.Healthcheck, Test: [...(defaults.Healthcheck.Test ?? [])] } }
        : {}),
    },
    Architecture: config.architecture,
    ...(config.variant ? { Variant: config.variant } : {}),
    Os: config.os,
    Size: image.size,
    // An image's layers are directories; nothing of it is mounted.
    GraphDriver: { Name: 'overlay2', Data: { ...(below.length > 0 ? { LowerDir: below.join(':') } : {}), UpperDir: top } },
    RootFS: { Type: 'layers', Layers: [...config.rootfs.diff_ids] },
    Metadata: { LastTagTime: image.lastTagged ?? '0001-01-01T00:00:00Z' },
  };
}
