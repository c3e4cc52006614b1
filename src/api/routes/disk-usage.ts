import { nowNs } from '../../engine/clock.ts';
import { diskUsage, type DiskUsageType } from '../../engine/disk-usage.ts';
import { invalid } from '../../model/errors.ts';
import type { Answer, Call } from '../request.ts';
import type { Route } from '../server.ts';
import { summary } from '../wire/container.ts';
import { imageSummary } from '../wire/image.ts';
import { inVersion } from '../wire/versions.ts';

const types: readonly string[] = ['container', 'image', 'volume', 'build-cache'];

/** GET /system/df?type=; parts that weren't asked for are null. */
async function handler({ engine, query, version }: Call): Promise<Answer> {
  const asked = query.texts('type');
  const unknown = asked.find((type) => !types.includes(type));
  if (unknown !== undefined) throw invalid(`unknown object type: ${unknown.slice(0, 50)}`);
  const wanted = new Set(asked.length === 0 ? types : asked);
  const usage = await diskUsage(engine.context, wanted as Set<DiskUsageType>);
  const now = nowNs();
  const images = usage.images.map((image) => {
    const row = inVersion('image-row', imageSummary(image, { sharedSize: image.sharedSize }), version);
    // Counted here in every version.
    return { ...row, Containers: image.containers };
  });
  const containers = usage.containers.map(({ record, writable }) => {
    const size = engine.context.images.find(record.imageId)?.size ?? 0;
    return { ...summary(record, now, record.image), SizeRw: writable, SizeRootFs: writable + size };
  });
  const volumes = usage.volumes.map(({ volume, size, users }) => ({
    Name: volume.name,
    Driver: 'local',
    Mountpoint: volume.mountpoint,
    CreatedAt: volume.createdAt,
    Labels: volume.labels,
    Options: null,
    Scope: 'local',
    UsageData: { Size: size, RefCount: users },
  }));
  return {
    status: 200,
    body: {
      LayersSize: usage.layers,
      Images: wanted.has('image') ? images : null,
      Containers: wanted.has('container') ? containers : null,
      Volumes: wanted.has('volume') ? volumes : null,
      BuildCache: wanted.has('build-cache') ? [] : null,
      BuilderSize: 0,
    },
  };
}

export const diskUsageRoutes: readonly Route[] = [{ method: 'GET', path: '/system/df', handler }];
