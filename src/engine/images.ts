import type { Readable } from 'node:stream';
import type { ImportRequest, LoadedImage, Removal } from '../image/store.ts';
import type { Progress } from '../image/stage.ts';
import { isAlive } from '../model/container.ts';
import type { ImageId } from '../model/ids.ts';
import { familiarRepository, parseReference } from '../model/reference.ts';
import type { Context } from './context.ts';
import { parseTime } from './clock.ts';
import { booleanFilter, labelsPass, untilFilter, type Filters } from './filters.ts';
import { globPattern } from './glob.ts';

export const imageFilters = ['before', 'dangling', 'label', 'reference', 'since', 'until'];
export const pruneFilters = ['dangling', 'label', 'label!', 'until'];

type Image = ReturnType<Context['images']['get']>;

/** Containers made from an image. */
export function imageUsers(context: Context, id: ImageId): { id: string; running: boolean }[] {
  return context.records
    .all()
    .filter((record) => record.imageId === id)
    .map((record) => ({ id: record.id, running: isAlive(record.state) || record.state.status === 'restarting' }));
}

export interface ImageListing {
  readonly image: Image;
  /** Those that a `reference` filter leaves. */
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
}

/** Newest first; images without a name that others were made from only with `all`. */
export function listImages(context: Context, filters: Filters, all = false): ImageListing[] {
  const { images } = context;
  const dangling = booleanFilter(filters, 'dangling');
  const until = untilFilter(filters);
  const created = (image: Image): bigint => parseTime(image.config.created ?? '') ?? 0n;
  const limit = (name: 'before' | 'since'): bigint | undefined => {
    const reference = filters.get(name)?.[0];
    return reference === undefined ? undefined : created(images.get(reference));
  };
  const before = limit('before');
  const since = limit('since');
  const patterns = filters.get('reference')?.map(referencePattern);
  const matching = (names: readonly string[]): readonly string[] =>
    patterns ? names.filter((name) => patterns.some((matches) => matches(name))) : names;
  return images
    .list()
    .filter(
      (image) =>
        (before === undefined || created(image) < before) &&
        (since === undefined || created(image) > since) &&
        (until === undefined || created(image) < until) &&
        labelsPass(filters, image.config.config?.Labels ?? {}),
    )
    .map((image) => ({ image, repoTags: matching(image.repoTags), repoDigests: matching(image.repoDigests) }))
    .filter(({ image, repoTags, repoDigests }) => {
      const isNamed = repoTags.length + repoDigests.length > 0;
      if (!isNamed) return dangling !== false && !patterns && (all || !images.isParent(image.id));
      return dangling !== true || repoTags.length === 0;
    });
}

/** A pattern on familiar names, with or without the tag. */
function referencePattern(pattern: string): (name: string) => boolean {
  const test = globPattern(pattern);
  return (name) => test.test(name) || test.test(familiarRepository(parseReference(name)));
}

/** Tells an event of an image, with the attributes that Docker gives: labels and name. */
function tell(context: Context, action: string, id: ImageId, name: string): void {
  context.events.emit('image', action, id, { ...context.images.find(id)?.config.config?.Labels, name });
}

/** @param gone aborted when the client has left: what isn't whole by then is given up */
export async function loadImages(
  context: Context, stream: Readable, progress: Progress, gone: AbortSignal,
): Promise<LoadedImage[]> {
  const loaded = await context.images.load(stream, progress, gone);
  for (const id of new Set(loaded.map((image) => image.id))) tell(context, 'load', id, id);
  return loaded;
}

export async function importImage(context: Context, stream: Readable, request: ImportRequest): Promise<ImageId> {
  const id = await context.images.import(stream, request);
  const { repository, tag } = request;
  // Docker names it here as it was typed.
  if (repository) tell(context, 'tag', id, tag ? `${repository}:${tag}` : repository);
  tell(context, 'import', id, id);
  return id;
}

/** Throws before the first byte where one of them isn't there. */
export async function* saveImages(context: Context, names: readonly string[]): AsyncGenerator<Buffer> {
  const { ids, archive } = context.images.save(names);
  for (const id of ids) tell(context, 'save', id, id);
  yield* archive;
}

export function tagImage(context: Context, source: string, target: string): void {
  const { id, name } = context.images.tag(source, target);
  tell(context, 'tag', id, name);
}

export async function removeImage(
  context: Context, name: string, options: { force: boolean; prune: boolean },
): Promise<Removal['lines']> {
  const removal = await context.images.remove(name, { ...options, usedBy: (image) => imageUsers(context, image) });
  tellRemoval(context, removal);
  return removal.lines;
}

export async function pruneImages(
  context: Context, filters: Filters,
): Promise<{ lines: Removal['lines']; reclaimed: number }> {
  const until = untilFilter(filters);
  const { removals, reclaimed } = await context.images.prune({
    dangling: booleanFilter(filters, 'dangling') ?? true,
    usedBy: (id) => imageUsers(context, id),
    which: ({ config }) =>
      (until === undefined || (parseTime(config.created ?? '') ?? 0n) <= until) &&
      labelsPass(filters, config.config?.Labels ?? {}),
  });
  for (const removal of removals) tellRemoval(context, removal);
  context.events.emit('image', 'prune', '', { reclaimed: String(reclaimed) });
  return { lines: removals.flatMap(({ lines }) => lines), reclaimed };
}

function tellRemoval(context: Context, { id, labels, lines, deleted }: Removal): void {
  for (const line of lines) {
    if ('Untagged' in line) context.events.emit('image', 'untag', id, { ...labels, name: id });
    else if (deleted.some((one) => one === line.Deleted)) tell(context, 'delete', line.Deleted as ImageId, line.Deleted);
  }
  for (const one of deleted) context.userFiles.delete(one);
}
