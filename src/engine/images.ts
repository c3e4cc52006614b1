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

export async function removeImage(
  context: Context,
  name: string,
  force: boolean,
): Promise<readonly ({ Untagged: string } | { Deleted: string })[]> {
  const { id } = context.images.get(name);
  const lines = await context.images.remove(name, { force, usedBy: (image) => imageUsers(context, image) });
  for (const line of lines) {
    if ('Untagged' in line) context.events.emit('image', 'untag', id, { name: line.Untagged });
    else if (line.Deleted === id) context.events.emit('image', 'delete', id, { name: id });
  }
  context.userFiles.delete(id);
  return lines;
}
