import { parseTime } from '../../engine/clock.ts';
import { parseFilters } from '../../engine/filters.ts';
import { sharedSizes } from '../../engine/disk-usage.ts';
import { imageFilters, imageUsers, listImages, pruneFilters, pruneImages, removeImage, tagImage } from '../../engine/images.ts';
import { BerthError, invalid } from '../../model/errors.ts';
import type { Answer, Call } from '../request.ts';
import type { Route } from '../server.ts';
import { importHandler, loadHandler, saveHandler } from './image-archives.ts';
import { pullHandler, pushHandler } from './registry.ts';
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
  if (!repository) throw invalid('invalid reference format');
  const tag = call.query.text('tag');
  if (tag && !/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(tag)) throw invalid('invalid tag format');
  const target = tag ? `${repository}:${tag}` : repository;
  tagImage(call.engine.context, name, target);
  return { status: 201 };
}

function listHandler({ engine, query, version }: Call): Answer {
  const { context } = engine;
  const found = listImages(context, parseFilters(query.text('filters'), imageFilters), query.flag('all'));
  const shared = query.flag('shared-size') ? sharedSizes(found.map(({ image }) => image)) : undefined;
  const body = found.map((listing) => {
    const { id } = listing.image;
    const options = { containers: imageUsers(context, id).length, ...(shared ? { sharedSize: shared.get(id) ?? 0 } : {}) };
    return inVersion('image-row', imageSummary(listing, options), version);
  });
  return { status: 200, body };
}

export const imageRoutes: readonly Route[] = [
  { method: 'POST', path: '/images/load', handler: loadHandler },
  { method: 'GET', path: '/images/get', handler: (call) => saveHandler(call, call.query.texts('names')) },
  { method: 'POST', path: '/images/create', handler: createHandler },
  { method: 'GET', path: '/images/json', handler: listHandler },
  {
    method: 'POST',
    path: '/images/prune',
    handler: async ({ engine, query }) => {
      const { lines, reclaimed } = await pruneImages(engine.context, parseFilters(query.text('filters'), pruneFilters));
      return { status: 200, body: { ImagesDeleted: lines.length > 0 ? lines : null, SpaceReclaimed: reclaimed } };
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
        return { status: 200, body: inVersion('image', imageInspect(image, images.layerPaths(image.id)), call.version) };
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
      if (verb === 'push') return pushHandler(call, name);
      throw new BerthError('not-found', 'page not found');
    },
  },
  {
    method: 'DELETE',
    path: '/images/*',
    handler: async ({ engine, params, query }) => {
      const name = params['*'] ?? '';
      if (name === '') throw invalid('image name cannot be blank');
      const options = { force: query.flag('force'), prune: !query.flag('noprune') };
      return { status: 200, body: await removeImage(engine.context, name, options) };
    },
  },
];
