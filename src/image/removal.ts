import { conflict, type BerthError } from '../model/errors.ts';
import { shortId, type Digest, type ImageId } from '../model/ids.ts';
import { canonicalName, familiarName, parseReference, type Reference } from '../model/reference.ts';
import { chainOf } from './chain.ts';
import type { ImageRecord } from './records.ts';

/** A container that was made from an image. */
export interface ImageUser {
  readonly id: string;
  readonly running: boolean;
}

/** What `rmi` prints, as Docker's API has it. */
export type RemovalLine = { readonly Untagged: string } | { readonly Deleted: string };

/** What the rules ask of the store. */
export interface RemovalView {
  record(id: ImageId): ImageRecord | undefined;
  /** Canonical names. */
  names(id: ImageId): readonly string[];
  /** Images that were made by adding a layer to this one. */
  children(id: ImageId): readonly ImageId[];
  users(id: ImageId): readonly ImageUser[];
  /** Chain ids that images other than these need. */
  chainsBeside(gone: ReadonlySet<ImageId>): ReadonlySet<Digest>;
  /** Whether a container holds a layer of this name. */
  isHeld(layer: string): boolean;
}

export interface RemovalRequest {
  /** As the person typed it. */
  readonly asked: string;
  readonly id: ImageId;
  /** The name by which it was found; absent where that was an id. */
  readonly reference?: Reference;
  readonly force: boolean;
  /** Also parents that nothing else needs; Docker's default. */
  readonly prune: boolean;
}

export interface RemovalPlan {
  readonly lines: readonly RemovalLine[];
  /** Canonical names that go. */
  readonly names: readonly string[];
  /** Images that go: the one asked for, if at all, then parents that nothing else needs. */
  readonly deletes: readonly ImageId[];
}

/**
 * Docker's rules. By name: the name goes, and with the last one the image, unless something uses it. By id: refused
 * where several names point there (unless forced) or where a container or a child image uses it. With an image go
 * the parents that neither name nor container nor child keeps. Throws `conflict` in Docker's words.
 */
export function planRemoval(request: RemovalRequest, view: RemovalView): RemovalPlan {
  const { asked, id, reference, force } = request;
  const names = view.names(id);
  if (reference) {
    const user = view.users(id)[0];
    if (!force && isSingle(names) && user) {
      throw conflict(
        `conflict: unable to remove repository reference "${asked}" (must force) - ` +
          `container ${shortId(user.id)} is using its referenced image ${shortId(id)}`,
      );
    }
    const gone = namesGoneWith(names, canonicalName(reference));
    if (gone.length < names.length) return { lines: untagged(gone), names: gone, deletes: [] };
    return deletion(request, view, gone, true);
  }
  if (!isSingle(names)) return deletion(request, view, [], false);
  const blocked = blocker(id, view, [], { soft: !force, ignoreNames: true });
  if (blocked) throw blocked;
  return deletion(request, view, names, false);
}

/** One name at most, not counting digests of the same repository. */
function isSingle(names: readonly string[]): boolean {
  if (names.length <= 1) return true;
  const tags = names.filter((name) => !name.includes('@'));
  const digests = new Set(names.filter((name) => name.includes('@')).map(repositoryOf));
  return tags.length <= 1 && digests.size === 1 && digests.has(repositoryOf(tags[0] ?? names[0]!));
}

const repositoryOf = (name: string): string => {
  const { domain, path } = parseReference(name);
  return `${domain}/${path}`;
};

/** With the last tag of a repository its digests go too, so that they don't keep the image. */
function namesGoneWith(names: readonly string[], name: string): string[] {
  if (name.includes('@')) return [name];
  const sameRepository = names.filter((other) => repositoryOf(other) === repositoryOf(name));
  const tagsLeft = sameRepository.filter((other) => other !== name && !other.includes('@'));
  return tagsLeft.length > 0 ? [name] : [name, ...sameRepository.filter((other) => other !== name)];
}

/** What keeps an image; soft reasons give way to force. */
function blocker(
  id: ImageId, view: RemovalView, gone: readonly string[], { soft, ignoreNames = false }: { soft: boolean; ignoreNames?: boolean },
): BerthError | undefined {
  const because = (force: 'cannot' | 'must', reason: string): BerthError =>
    conflict(`conflict: unable to delete ${shortId(id)} (${force} be forced) - ${reason}`);
  const users = view.users(id);
  const running = users.find((user) => user.running);
  if (view.children(id).length > 0) return because('cannot', 'image has dependent child images');
  if (running) return because('cannot', `image is being used by running container ${shortId(running.id)}`);
  if (!soft) return undefined;
  const namesLeft = view.names(id).filter((name) => !gone.includes(name));
  if (!ignoreNames && namesLeft.length > 0) return because('must', 'image is referenced in multiple repositories');
  if (users[0]) return because('must', `image is being used by stopped container ${shortId(users[0].id)}`);
  return undefined;
}

/** @param byName names have gone already, so that what keeps the image itself is no error */
function deletion(
  { id, force, prune }: RemovalRequest, view: RemovalView, gone: readonly string[], byName: boolean,
): RemovalPlan {
  const blocked = blocker(id, view, gone, { soft: !force });
  if (blocked && byName) return { lines: untagged(gone), names: gone, deletes: [] };
  if (blocked) throw blocked;
  const names = [...gone, ...view.names(id).filter((name) => !gone.includes(name))];
  const deletes: ImageId[] = [id];
  for (let parent = prune ? view.record(id)?.parent : undefined; parent; parent = view.record(parent)?.parent) {
    const others = view.children(parent).filter((child) => !deletes.includes(child));
    if (!view.record(parent) || others.length > 0 || view.names(parent).length > 0 || view.users(parent).length > 0) break;
    deletes.push(parent);
  }
  return { lines: [...untagged(names), ...deleted(deletes, view)], names, deletes };
}

const untagged = (names: readonly string[]): RemovalLine[] =>
  names.map((name) => ({ Untagged: familiarName(parseReference(name)) }));

/** Each image, then of its layers those that nothing needs any more, from the top, by chain id, as Docker lists them. */
function deleted(ids: readonly ImageId[], view: RemovalView): RemovalLine[] {
  const lines: RemovalLine[] = [];
  const told = new Set<Digest>();
  ids.forEach((id, at) => {
    lines.push({ Deleted: id });
    const needed = view.chainsBeside(new Set(ids.slice(0, at + 1)));
    const { layers } = view.record(id)!;
    const chain = chainOf(layers.map(({ diffId }) => diffId));
    for (const [position, chainId] of [...chain.entries()].toReversed()) {
      if (needed.has(chainId) || told.has(chainId) || view.isHeld(layers[position]!.name)) break;
      told.add(chainId);
      lines.push({ Deleted: chainId });
    }
  });
  return lines;
}
