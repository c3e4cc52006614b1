import { parseTime } from '../../engine/clock.ts';
import { parseFilters } from '../../engine/filters.ts';
import { imageFilters, imageUsers, listImages, removeImage, tagImage } from '../../engine/images.ts';
import { BerthError, invalid } from '../../model/errors.ts';
import type { Answer, Call } from '../request.ts';
import type { Route } from '../server.ts';
import { importHandler, loadHandler, saveHandler } from './image-archives.ts';
import { pullHandler } from './registry.ts';
import { imageInspect, imageSummary } from '../wire/image.ts';
import { inVersion } from '../wire/versions.ts';

/** `/images/NAME/VERB`: names have slashes, so the last part is the verb. */
function nameAndVerb(call: Call): { name: string; verb: string } {
  const rest = call.params['*'] ?? '';
  const slash = rest.lastIndexOf('/');
  if (slash < 1) throw new BerthError('not-found', 'page not found');
  return { name: rest.slice(0, slash), verb: rest.slice(slash + 1) };
}

async function createHandler(call: Call): Promise<void> {
  const source = call.query.text('fromSrc');
  if (source) return importHandler(call, source);
  const name = call.query.text('fromImage');
  if (!name) throw invalid('images/create: fromImage or fromSrc is expected');
  return pullHandler(call, name);
}

function tagHandler(call: Call, name: string): Answer {
  const repository = call.query.text('repo');
  if (!repository) throw invalid('tag: repo is expected');
  const target = call.query.text('tag') ? `${repository}:${call.query.text('tag')}` : repository;
  tagImage(call.engine.context, name, target);
  return { status: 201 };
}

export const imageRoutes: readonly Route[] = [
  { method: 'POST', path: '/images/load', handler: loadHandler },
  { method: 'GET', path: '/images/get', handler: (call) => saveHandler(call, call.query.texts('names')) },
  { method: 'POST', path: '/images/create', handler: createHandler },
  {
    method: 'GET',
    path: '/images/json',
    handler: (call) => {
      const { context } = call.engine;
      const found = listImages(context, parseFilters(call.query.text('filters'), imageFilters));
      return { status: 200, body: found.map((image) => inVersion('image-row', imageSummary(image, imageUsers(context, image.id).length), call.version)) };
    },
  },
  {
    method: 'POST',
    path: '/images/prune',
    handler: async (call) => {
      const { context } = call.engine;
      const filters = parseFilters(call.query.text('filters'), ['dangling', 'until', 'label', 'label!']);
      const dangling = !['false', '0'].includes(filters.get('dangling')?.[0] ?? 'true');
      const report = await context.images.prune({ dangling, usedBy: (id) => imageUsers(context, id) });
      return {
        status: 200,
        body: { ImagesDeleted: report.deleted.length > 0 ? report.deleted : null, SpaceReclaimed: report.reclaimed },
      };
    },
  },
  {
    method: 'GET',
    path: '/images/*',
    handler: (call) => {
      const { name, verb } = nameAndVerb(call);
      const { images } = call.engine.context;
      if (verb === 'json') {
        const image = images.get(name);
        const directories = images.layersOf(image.id).toReversed().map((layer) => call.engine.context.layers.path(layer));
        return { status: 200, body: inVersion('image', imageInspect(image, directories), call.version) };
      }
      if (verb === 'history') {
        return {
          status: 200,
          body: images
            .history(name)
            .map((entry) => ({
              Id: entry.id,
              Created: Number((parseTime(entry.created) ?? 0n) / 1_000_000_000n),
              CreatedBy: entry.createdBy,
              Tags: entry.tags.length > 0 ? entry.tags : null,
              Size: entry.size,
              Comment: entry.comment,
            })),
        };
      }
      if (verb === 'get') return saveHandler(call, [name]);
      throw new BerthError('not-found', 'page not found');
    },
  },
  {
    method: 'POST',
    path: '/images/*',
    handler: (call) => {
      const { name, verb } = nameAndVerb(call);
      if (verb === 'tag') return tagHandler(call, name);
      if (verb === 'push') throw new BerthError('not-implemented', 'push is not there yet in this version of Berth');
      throw new BerthError('not-found', 'page not found');
    },
  },
  {
    method: 'DELETE',
    path: '/images/*',
    handler: async (call) => ({
      status: 200,
      body: await removeImage(call.engine.context, call.params['*'] ?? '', call.query.flag('force')),
    }),
  },
];
