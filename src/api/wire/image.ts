import { parseTime } from '../../engine/clock.ts';
import type { Engine } from '../../engine/engine.ts';
import type { ImageInspect, ImageSummary } from './docker.ts';

type Image = ReturnType<Engine['context']['images']['get']>;

export function imageSummary(image: Image, containers: number): ImageSummary {
  return {
    Id: image.id,
    ParentId: '',
    RepoTags: image.repoTags.length > 0 ? [...image.repoTags] : ['<none>:<none>'],
    RepoDigests:
      image.repoDigests.length > 0 ? [...image.repoDigests] : image.repoTags.length > 0 ? [] : ['<none>@<none>'],
    Created: Number((parseTime(image.config.created ?? '') ?? 0n) / 1_000_000_000n),
    Size: image.size,
    SharedSize: -1,
    VirtualSize: image.size,
    Labels: image.config.config?.Labels ? { ...image.config.config.Labels } : null,
    Containers: containers,
  };
}

export function imageInspect(image: Image): ImageInspect {
  const { config } = image;
  const defaults = config.config ?? {};
  return {
    Id: image.id,
    RepoTags: [...image.repoTags],
    RepoDigests: [...image.repoDigests],
    Parent: '',
    Comment: config.comment ?? '',
    ...(config.created ? { Created: config.created } : {}),
    DockerVersion: '',
    Author: config.author ?? '',
    Config: {
      Hostname: '',
      Domainname: '',
      User: defaults.User ?? '',
      AttachStdin: false,
      AttachStdout: false,
      AttachStderr: false,
      ...(defaults.ExposedPorts
        ? { ExposedPorts: defaults.ExposedPorts as Record<string, Record<string, never>> }
        : {}),
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      Env: [...(defaults.Env ?? [])],
      Cmd: defaults.Cmd ? [...defaults.Cmd] : null,
      Image: '',
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
    VirtualSize: image.size,
    GraphDriver: { Name: 'overlay2', Data: null },
    RootFS: { Type: 'layers', Layers: [...config.rootfs.diff_ids] },
    Metadata: { LastTagTime: '0001-01-01T00:00:00Z' },
  };
}
