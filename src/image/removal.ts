import { conflict } from '../model/errors.ts';
import { shortId } from '../model/ids.ts';
import { canonicalName, familiarName, familiarRepository, parseReference, type Reference } from '../model/reference.ts';
import type { ImageRecord } from './records.ts';
import { nextChainId } from './stage.ts';

/** A container that was made from an image. */
export interface ImageUser {
  readonly id: string;
  readonly running: boolean;
}

/** What `rmi` prints, as Docker's API has it. */
export type RemovalLine = { readonly Untagged: string } | { readonly Deleted: string };

export interface RemovalRequest {
  /** As the person typed it. */
  readonly asked: string;
  readonly record: ImageRecord;
  /** The name by which it was found; absent where that was an id. */
  readonly reference?: Reference;
  /** All canonical names of the image. */
  readonly names: readonly string[];
  readonly force: boolean;
  readonly users: readonly ImageUser[];
}

export interface RemovalPlan {
  readonly lines: readonly RemovalLine[];
  /** Canonical names that go. */
  readonly names: readonly string[];
  /** Whether the image itself goes. */
  readonly deletes: boolean;
}

/**
 * Docker's rules. By name: the name goes, and with the last one the image, unless a container uses it (`force`: the
 * name goes all the same). By id: refused where names of several repositories point there (unless forced) or where a
 * container uses it (a running one even then). Throws `conflict` in Docker's words.
 */
export function planRemoval({ asked, record, reference, names, force, users }: RemovalRequest): RemovalPlan {
  const id = shortId(record.id);
  const running = users.find((user) => user.running);
  const stopped = users.find((user) => !user.running);
  const gone = reference ? namesGoneWith(names, canonicalName(reference)) : [...names];
  const isLast = gone.length === names.length;

  if (reference && !isLast) return { lines: untagged(gone), names: gone, deletes: false };
  if (reference) {
    const user = running ?? stopped;
    if (user && !force) {
      throw conflict(
        `conflict: unable to remove repository reference "${asked}" (must force) - ` +
          `container ${shortId(user.id)} is using its referenced image ${id}`,
      );
    }
    // A container keeps its image alive; only the name goes.
    if (running) return { lines: untagged(gone), names: gone, deletes: false };
    return { lines: [...untagged(gone), ...deleted(record)], names: gone, deletes: true };
  }
  const why = (force: string, reason: string): Error =>
    conflict(`conflict: unable to delete ${id} (${force}) - ${reason}`);
  if (running) throw why('cannot be forced', `image is being used by running container ${shortId(running.id)}`);
  const repositories = new Set(names.map((name) => familiarRepository(parseReference(name))));
  const tags = names.filter((name) => !name.includes('@'));
  if (!force && (repositories.size > 1 || tags.length > 1)) {
    throw why('must be forced', 'image is referenced in multiple repositories');
  }
  if (!force && stopped) throw why('must be forced', `image is being used by stopped container ${shortId(stopped.id)}`);
  return { lines: [...untagged(gone), ...deleted(record)], names: gone, deletes: true };
}

/** With the last tag of a repository its digests go too, so that they don't keep the image. */
function namesGoneWith(names: readonly string[], name: string): string[] {
  const repository = familiarRepository(parseReference(name));
  const sameRepository = names.filter((other) => familiarRepository(parseReference(other)) === repository);
  const tagsLeft = sameRepository.filter((other) => other !== name && !other.includes('@'));
  return tagsLeft.length === 0 && !name.includes('@') ? sameRepository : [name];
}

const untagged = (names: readonly string[]): RemovalLine[] =>
  names.map((name) => ({ Untagged: familiarName(parseReference(name)) }));

/** The image, then its layers from the top, by chain id, as Docker lists them. */
function deleted(record: ImageRecord): RemovalLine[] {
  const chain: ReturnType<typeof nextChainId>[] = [];
  for (const { diffId } of record.layers) chain.unshift(nextChainId(chain[0], diffId));
  return [{ Deleted: record.id }, ...chain.map((id) => ({ Deleted: id }))];
}
