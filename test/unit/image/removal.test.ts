import { expect, test } from 'vitest';
import { chainOf } from '../../../src/image/chain.ts';
import type { ImageRecord } from '../../../src/image/records.ts';
import { planRemoval, type ImageUser, type RemovalPlan } from '../../../src/image/removal.ts';
import type { Digest } from '../../../src/model/ids.ts';
import { parseReference, withDefaultTag } from '../../../src/model/reference.ts';

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}` as Digest;
const [id, base] = [digest('a'), digest('9')];
const web = 'docker.io/library/web:latest';
const other = 'docker.io/library/other:1';
const webDigest = `docker.io/library/web@${digest('d')}`;
const running = [{ id: 'f'.repeat(64), running: true }];
const stopped = [{ id: 'e'.repeat(64), running: false }];

interface Store {
  names?: string[];
  force?: boolean;
  prune?: boolean;
  users?: ImageUser[];
  /** The image was made from `base`, which has these names. */
  baseNames?: string[];
  baseUsers?: ImageUser[];
  children?: Digest[];
  /** Diff ids of yet another image. */
  beside?: Digest[];
  held?: string[];
}

const recordOf = (of: Digest, diffIds: Digest[], parent?: Digest): ImageRecord => ({
  id: of, repoTags: [], repoDigests: [], size: 0, ...(parent ? { parent } : {}),
  config: { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } },
  layers: diffIds.map((diffId) => ({ diffId, blob: diffId, blobSize: 0, name: diffId.slice(7, 9), size: 0 })),
});

function plan(asked: string, store: Store): RemovalPlan {
  const { names = [], users = [], force = false, prune = true, baseNames, baseUsers = [], beside = [], held = [] } = store;
  const image = recordOf(id, [digest('b'), digest('c')], baseNames ? base : undefined);
  const below = recordOf(base, [digest('b')]);
  const records = baseNames ? [image, below] : [image];
  const reference = /^[0-9a-f]+$/.test(asked) ? {} : { reference: withDefaultTag(parseReference(asked)) };
  return planRemoval({ asked, id, force, prune, ...reference }, {
    record: (of) => records.find((one) => one.id === of),
    names: (of) => (of === id ? names : (baseNames ?? [])),
    children: (of) => (of === id ? (store.children ?? []) : [id]),
    users: (of) => (of === id ? users : baseUsers),
    chainsBeside: (gone) =>
      new Set([...records.filter((one) => !gone.has(one.id)).map((one) => one.layers.map(({ diffId }) => diffId)), beside].flatMap(chainOf)),
    isHeld: (name) => held.includes(name),
  });
}

const [bottom, top] = chainOf([digest('b'), digest('c')]) as [Digest, Digest];

test('one of several names goes alone, even in use', () => {
  expect(plan('web', { names: [web, other], users: running })).toEqual({
    lines: [{ Untagged: 'web:latest' }], names: [web], deletes: [],
  });
});

test('with the last name the image goes, its layers from the top by chain id', () => {
  expect(plan('web', { names: [web] })).toEqual({
    lines: [{ Untagged: 'web:latest' }, { Deleted: id }, { Deleted: top }, { Deleted: bottom }], names: [web], deletes: [id],
  });
});

test('layers that another image or a container needs are not told as deleted', () => {
  expect(plan('web', { names: [web], beside: [digest('b')] }).lines.slice(2)).toEqual([{ Deleted: top }]);
  expect(plan('web', { names: [web], held: ['cc'] }).lines.slice(2)).toEqual([]);
});

test('with the last tag of a repository its digests go too', () => {
  expect(plan('web', { names: [web, webDigest] })).toMatchObject({ names: [web, webDigest], deletes: [id] });
  expect(plan('web', { names: [web, 'docker.io/library/web:2', webDigest] })).toMatchObject({ names: [web], deletes: [] });
});

test('the last name of an image in use stays, unless forced; a running container keeps the image then', () => {
  expect(() => plan('web', { names: [web], users: stopped })).toThrow(
    'conflict: unable to remove repository reference "web" (must force) - container eeeeeeeeeeee is using its referenced image aaaaaaaaaaaa',
  );
  expect(plan('web', { names: [web], users: stopped, force: true })).toMatchObject({ deletes: [id] });
  expect(plan('web', { names: [web], users: running, force: true })).toMatchObject({ deletes: [], names: [web] });
});

test('by id the rules of Docker hold', () => {
  expect(plan('aaaa', { names: [web] })).toMatchObject({ names: [web], deletes: [id] });
  expect(plan('aaaa', { names: [web, webDigest] })).toMatchObject({ names: [web, webDigest], deletes: [id] });
  expect(() => plan('aaaa', { names: [web, other] })).toThrow('(must be forced) - image is referenced in multiple repositories');
  expect(plan('aaaa', { names: [web, other], force: true })).toMatchObject({ names: [web, other], deletes: [id] });
  expect(() => plan('aaaa', { names: [web], users: stopped })).toThrow('(must be forced) - image is being used by stopped container');
  expect(() => plan('aaaa', { names: [web], users: running, force: true })).toThrow(
    '(cannot be forced) - image is being used by running container ffffffffffff',
  );
});

test('an image that others were made from keeps its content: by name the name goes, by id it is refused', () => {
  expect(plan('web', { names: [web], children: [digest('8')] })).toMatchObject({ names: [web], deletes: [] });
  expect(() => plan('aaaa', { names: [web], children: [digest('8')], force: true })).toThrow(
    '(cannot be forced) - image has dependent child images',
  );
});

test('a parent without name, container and further child goes with its child, unless asked to stay', () => {
  expect(plan('web', { names: [web], baseNames: [] })).toMatchObject({
    lines: [{ Untagged: 'web:latest' }, { Deleted: id }, { Deleted: top }, { Deleted: base }, { Deleted: bottom }], deletes: [id, base],
  });
  expect(plan('web', { names: [web], baseNames: [], prune: false })).toMatchObject({ deletes: [id] });
  expect(plan('web', { names: [web], baseNames: [other] })).toMatchObject({ deletes: [id] });
  expect(plan('web', { names: [web], baseNames: [], baseUsers: stopped })).toMatchObject({ deletes: [id] });
});
