import { parseFilters } from '../../engine/filters.ts';
import { exportVolume, importVolume } from '../../engine/volume-archive.ts';
import { listVolumes, pruneVolumes, removeVolume, renameVolume, volumeFilters } from '../../engine/volumes.ts';
import { invalid } from '../../model/errors.ts';
import { sendArchive } from '../download.ts';
import { readJson } from '../request.ts';
import type { Route } from '../server.ts';
import { checkShape } from '../wire/shape.ts';
import type { Volume } from '../wire/docker.ts';

type Found = ReturnType<typeof listVolumes>[number];

const body = (volume: Found): Volume => ({
  CreatedAt: volume.createdAt,
  Driver: volume.driver,
  Labels: volume.labels,
  Mountpoint: volume.mountpoint,
  Name: volume.name,
  Options: volume.options,
  Scope: 'local',
});

/** Whether a client speaks a version older than 1.`minor`. */
const before = (version: string, minor: number): boolean => Number(version.split('.')[1] ?? 0) < minor;

export const volumeRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/volumes',
    handler: (call) => ({
      status: 200,
      body: {
        Volumes: listVolumes(call.engine.context, parseFilters(call.query.text('filters'), volumeFilters)).map(body),
        Warnings: null,
      },
    }),
  },
  {
    method: 'POST',
    path: '/volumes/create',
    handler: async (call) => {
      const f = checkShape(
        await readJson(call),
        { Name: 'string', Driver: 'string', DriverOpts: 'texts', Labels: 'texts' },
        '',
      );
      const { volumes, events } = call.engine.context;
      const known = f.Name ? volumes.find(f.Name) : undefined;
      const volume =
        known ??
        (await volumes.create({
          ...(f.Name ? { name: f.Name } : {}),
          ...(f.Driver ? { driver: f.Driver } : {}),
          labels: f.Labels ?? null,
          options: f.DriverOpts ?? null,
        }));
      if (!known) events.emit('volume', 'create', volume.name, { driver: 'local' });
      return { status: 201, body: body(volume) };
    },
  },
  {
    method: 'POST',
    path: '/volumes/prune',
    handler: async (call) => {
      const report = await pruneVolumes(
        call.engine.context,
        parseFilters(call.query.text('filters'), ['label', 'label!', 'all']),
        before(call.version, 42),
      );
      return {
        status: 200,
        body: { VolumesDeleted: report.deleted.length > 0 ? report.deleted : null, SpaceReclaimed: report.reclaimed },
      };
    },
  },
  {
    method: 'GET',
    path: '/volumes/:name',
    handler: (call) => ({ status: 200, body: body(call.engine.context.volumes.get(call.params.name ?? '')) }),
  },
  // Berth's own: Docker has no way to rename a volume, to keep one as a file, or to bring it back.
  {
    method: 'POST',
    path: '/volumes/:name/rename',
    handler: async (call) => {
      const name = call.query.text('name');
      if (!name) throw invalid('volume rename: name is expected');
      return { status: 200, body: body(await renameVolume(call.engine.context, call.params.name ?? '', name)) };
    },
  },
  {
    method: 'GET',
    path: '/volumes/:name/export',
    handler: async (call) => sendArchive(call, await exportVolume(call.engine.context, call.params.name ?? '')),
  },
  {
    method: 'POST',
    path: '/volumes/:name/import',
    handler: async (call) => {
      const options = { force: call.query.flag('force'), signal: call.gone };
      const volume = await importVolume(call.engine.context, call.params.name ?? '', call.request, options);
      return { status: 201, body: body(volume) };
    },
  },
  {
    method: 'DELETE',
    path: '/volumes/:name',
    handler: async (call) => {
      await removeVolume(call.engine.context, call.params.name ?? '', call.query.flag('force'));
      return { status: 204 };
    },
  },
];
