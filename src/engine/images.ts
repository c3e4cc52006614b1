import type { Readable } from 'node:stream';
import type { ImportRequest, LoadedImage } from '../image/store.ts';
import type { Progress } from '../image/stage.ts';
import { isAlive } from '../model/container.ts';
import type { ImageId } from '../model/ids.ts';
import type { Context } from './context.ts';
import { booleanFilter, labelsPass, passes, type Filters } from './filters.ts';
import { parseTime } from './clock.ts';

export const imageFilters = ['before', 'dangling', 'label', 'label!', 'reference', 'since', 'until'];

type Image = ReturnType<Context['images']['get']>;

/** Containers made from an image. */
export function imageUsers(context: Context, id: ImageId): { id: string; running: boolean }[] {
  return context.records
    .all()
    .filter((record) => record.imageId === id)
    .map((record) => ({ id: record.id, running: isAlive(record.state) || record.state.status === 'restarting' }));
}

/** Newest first. */
export function listImages(context: Context, filters: Filters): Image[] {
  const dangling = booleanFilter(filters, 'dangling');
  const created = (image: Image): bigint => parseTime(image.config.created ?? '') ?? 0n;
  const limit = (name: 'before' | 'since'): bigint | undefined => {
    const reference = filters.get(name)?.[0];
    return reference === undefined ? undefined : created(context.images.get(reference));
  };
  const before = limit('before');
  const since = limit('since');
  return context.images
    .list()
    .filter(
      (image) =>
        (dangling === undefined || dangling === (image.repoTags.length === 0)) &&
        (before === undefined || created(image) < before) &&
        (since === undefined || created(image) > since) &&
        passes(filters, 'reference', (value) =>
          [...image.repoTags, ...image.repoDigests].some((name) => referenceMatches(name, value)),
        ) &&
        labelsPass(filters, image.config.config?.Labels ?? {}),
    );
}

/** `web`, `web:*`, `*\/web:latest`: shell patterns on the familiar name, with or without the tag. */
export function referenceMatches(name: string, pattern: string): boolean {
  const glob = (text: string): RegExp =>
    new RegExp(
      `^${text
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replace(/\*\*/g, '\0')
        .replace(/\*/g, '[^/]*')
        .replace(/\?/g, '[^/]')
        .replace(/\0/g, '.*')}$`,
    );
  const bare = name.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
  return glob(pattern).test(name) || glob(pattern).test(bare);
}

/** Tells an event of an image, with the attributes that Docker gives: labels and name. */
function tell(context: Context, action: string, id: ImageId, name: string): void {
  context.events.emit('image', action, id, { ...context.images.find(id)?.config.config?.Labels, name });
}

export async function loadImages(context: Context, stream: Readable, progress: Progress): Promise<LoadedImage[]> {
  const loaded = await context.images.load(stream, progress);
  for (const id of new Set(loaded.map((image) => image.id))) tell(context, 'load', id, id);
  return loaded;
}

export async function importImage(
  context: Context, stream: Readable, request: ImportRequest, progress: Progress,
): Promise<ImageId> {
  const id = await context.images.import(stream, request, progress);
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
  context: Context,
  name: string,
  force: boolean,
): Promise<readonly ({ Untagged: string } | { Deleted: string })[]> {
  const { id } = context.images.get(name);
  const lines = await context.images.remove(name, { force, usedBy: (image) => imageUsers(context, image) });
  for (const line of lines) {
    if ('Untagged' in line) tell(context, 'untag', id, id);
    else if (line.Deleted === id) tell(context, 'delete', id, id);
  }
  context.userFiles.delete(id);
  return lines;
}
