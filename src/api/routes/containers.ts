import { nowNs } from '../../engine/clock.ts';
import { pathsOf } from '../../engine/context.ts';
import { parseFilters } from '../../engine/filters.ts';
import { removeLink } from '../../engine/links.ts';
import { containerFilters } from '../../engine/list.ts';
import { pruneContainers } from '../../engine/prune.ts';
import { sizeOf } from '../../engine/system.ts';
import type { ContainerRecord } from '../../model/container.ts';
import { BerthError, invalid } from '../../model/errors.ts';
import { readJson, type Call } from '../request.ts';
import type { Route } from '../server.ts';
import { isFrom } from '../version.ts';
import { inspect, summary } from '../wire/container.ts';
import { inVersion } from '../wire/versions.ts';
import { parseCreate, parseUpdate } from '../wire/create.ts';

const id = (call: Call): string => call.params.id ?? '';

/** The image's name, or its id where the name now means another image. */
function shownImage(call: Call, record: ContainerRecord): string {
  const current = call.engine.context.images.find(record.image);
  return current?.id === record.imageId ? record.image : record.imageId;
}

const stopOptions = (call: Call): { signal?: string; timeout?: number } => {
  const signal = call.query.text('signal');
  const timeout = call.query.integer('t');
  return { ...(signal ? { signal } : {}), ...(timeout === undefined ? {} : { timeout }) };
};

async function sizes(call: Call, record: ContainerRecord): Promise<{ SizeRw: number; SizeRootFs: number }> {
  const upper = call.engine.context.snapshots.overlay(record.id)?.upper;
  const rw = upper ? await sizeOf(upper) : 0;
  return { SizeRw: rw, SizeRootFs: rw + (call.engine.context.images.find(record.imageId)?.size ?? 0) };
}

export const containerRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/containers/json',
    handler: async (call) => {
      const limit = call.query.integer('limit');
      const records = call.engine.list({
        all: call.query.flag('all'),
        ...(limit === undefined ? {} : { limit }),
        filters: parseFilters(call.query.text('filters'), containerFilters),
      });
      const now = nowNs();
      const rows = records.map((record) => inVersion('container-row', summary(record, now, shownImage(call, record)), call.version));
      if (!call.query.flag('size')) return { status: 200, body: rows };
      return {
        status: 200,
        body: await Promise.all(
          rows.map(async (row, index) => ({ ...row, ...(await sizes(call, records[index] as ContainerRecord)) })),
        ),
      };
    },
  },
  {
    method: 'POST',
    path: '/containers/create',
    handler: async (call) => {
      const asked = parseCreate(await readJson(call), call.query.text('name'), call.version);
      const networks = Object.keys(asked.networkingConfig.EndpointsConfig);
      if (networks.length > 1 && !isFrom(call.version, '1.44')) {
        throw invalid(`Container cannot be connected to network endpoints: ${networks.join(', ')}`);
      }
      const platform = call.query.text('platform');
      const made = await call.engine.create({ ...asked, ...(platform ? { platform } : {}) });
      return { status: 201, body: { Id: made.id, Warnings: made.warnings } };
    },
  },
  {
    method: 'POST',
    path: '/containers/prune',
    handler: async (call) => {
      const report = await pruneContainers(
        call.engine.context,
        parseFilters(call.query.text('filters'), ['until', 'label', 'label!']),
      );
      return {
        status: 200,
        body: {
          ContainersDeleted: report.deleted.length > 0 ? report.deleted : null,
          SpaceReclaimed: report.reclaimed,
        },
      };
    },
  },
  {
    method: 'GET',
    path: '/containers/:id/json',
    handler: async (call) => {
      const record = call.engine.find(id(call));
      const { context } = call.engine;
      const paths = pathsOf(context, record.id);
      const overlay = context.snapshots.overlay(record.id);
      const newest = inspect(
        record,
        {
          ...paths,
          graph: overlay
            ? {
                LowerDir: overlay.lower.map((name) => `${overlay.cwd}/${name}`).join(':'),
                UpperDir: overlay.upper,
                WorkDir: overlay.work,
                MergedDir: paths.rootfs,
              }
            : {},
        },
        context.execs.idsOf(record.id),
      );
      const body = inVersion('container', newest, call.version);
      return { status: 200, body: call.query.flag('size') ? { ...body, ...(await sizes(call, record)) } : body };
    },
  },
  {
    method: 'POST',
    path: '/containers/:id/start',
    handler: async (call) => {
      await call.engine.start(id(call));
      return { status: 204 };
    },
  },
  {
    method: 'POST',
    path: '/containers/:id/stop',
    handler: async (call) => {
      await call.engine.stop(id(call), stopOptions(call));
      return { status: 204 };
    },
  },
  {
    method: 'POST',
    path: '/containers/:id/restart',
    handler: async (call) => {
      await call.engine.restart(id(call), stopOptions(call));
      return { status: 204 };
    },
  },
  {
    method: 'POST',
    path: '/containers/:id/kill',
    handler: async (call) => {
      await call.engine.kill(id(call), call.query.text('signal'));
      return { status: 204 };
    },
  },
  {
    method: 'POST',
    path: '/containers/:id/pause',
    handler: async (call) => {
      await call.engine.pause(id(call));
      return { status: 204 };
    },
  },
  {
    method: 'POST',
    path: '/containers/:id/unpause',
    handler: async (call) => {
      await call.engine.unpause(id(call));
      return { status: 204 };
    },
  },
  {
    method: 'POST',
    path: '/containers/:id/rename',
    handler: async (call) => {
      await call.engine.rename(id(call), call.query.text('name') ?? '');
      return { status: 204 };
    },
  },
  {
    method: 'POST',
    path: '/containers/:id/resize',
    handler: (call) => {
      call.engine.resize(id(call), size(call, 'h'), size(call, 'w'));
      return { status: 200 };
    },
  },
  {
    method: 'POST',
    path: '/containers/:id/update',
    handler: async (call) => {
      const warnings = await call.engine.update(id(call), parseUpdate(await readJson(call)));
      return { status: 200, body: { Warnings: warnings } };
    },
  },
  {
    method: 'GET',
    path: '/containers/:id/top',
    handler: async (call) => {
      const table = await call.engine.top(id(call), call.query.text('ps_args') ?? '');
      return { status: 200, body: { Titles: table.titles, Processes: table.processes } };
    },
  },
  {
    method: 'DELETE',
    path: '/containers/:id',
    handler: async (call) => {
      if (call.query.flag('link')) {
        removeLink(call.engine.context, id(call));
        return { status: 204 };
      }
      await call.engine.remove(id(call), { force: call.query.flag('force'), volumes: call.query.flag('v') });
      return { status: 204 };
    },
  },
  {
    // `docker rm --link OWN/ALIAS` leaves the slash as it is.
    method: 'DELETE',
    path: '/containers/:id/:alias',
    handler: (call) => {
      if (!call.query.flag('link')) throw new BerthError('not-found', 'page not found');
      removeLink(call.engine.context, `${id(call)}/${call.params.alias}`);
      return { status: 204 };
    },
  },
];

/** Rows or columns of a terminal. */
export function size(call: Call, name: 'h' | 'w'): number {
  const value = call.query.integer(name);
  if (value === undefined || value < 0 || value > 65535)
    throw invalid(`invalid resize ${name === 'h' ? 'height' : 'width'} "${call.query.text(name) ?? ''}"`);
  return value;
}
