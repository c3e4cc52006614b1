import { expect, test } from 'vitest';
import type { Digest } from '../../../src/model/ids.ts';
import { planRemoval, type RemovalRequest } from '../../../src/image/removal.ts';
import { parseReference, withDefaultTag } from '../../../src/model/reference.ts';

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}` as Digest;
const record: RemovalRequest['record'] = {
  id: digest('a'), repoTags: [], repoDigests: [], size: 0,
  config: { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } },
  layers: [digest('b'), digest('c')].map((diffId) => ({ diffId, blob: diffId, blobSize: 0, name: 'x', size: 0 })),
};
const web = 'docker.io/library/web:latest';
const other = 'docker.io/library/other:1';
const webDigest = `docker.io/library/web@${digest('d')}`;
const running = [{ id: 'f'.repeat(64), running: true }];
const stopped = [{ id: 'e'.repeat(64), running: false }];

function plan(asked: string, names: string[], more: Partial<RemovalRequest> = {}) {
  const byName = !/^[0-9a-f]+$/.test(asked);
  return planRemoval({
    asked, record, names, force: false, users: [], ...(byName ? { reference: withDefaultTag(parseReference(asked)) } : {}),
    ...more,
  });
}

test('one of several names goes alone, even in use', () => {
  expect(plan('web', [web, other], { users: running })).toEqual({
    lines: [{ Untagged: 'web:latest' }], names: [web], deletes: false,
  });
});

test('with the last name the image goes, its layers from the top by chain id', () => {
  const { lines, deletes } = plan('web', [web]);
  expect(deletes).toBe(true);
  expect(lines).toEqual([
    { Untagged: 'web:latest' }, { Deleted: digest('a') },
    { Deleted: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string }, { Deleted: digest('b') },
  ]);
});

test("with the last tag of a repository its digests go too", () => {
  expect(plan('web', [web, webDigest])).toMatchObject({ names: [web, webDigest], deletes: true });
  expect(plan('web', [web, 'docker.io/library/web:2', webDigest])).toMatchObject({ names: [web], deletes: false });
});

test('the last name of an image in use stays, unless forced; a running container keeps the image then', () => {
  expect(() => plan('web', [web], { users: stopped })).toThrow(
    'conflict: unable to remove repository reference "web" (must force) - container eeeeeeeeeeee is using its referenced image aaaaaaaaaaaa',
  );
  expect(plan('web', [web], { users: stopped, force: true })).toMatchObject({ deletes: true });
  expect(plan('web', [web], { users: running, force: true })).toMatchObject({ deletes: false, names: [web] });
});

test('by id the rules of Docker hold', () => {
  expect(plan('aaaa', [web])).toMatchObject({ names: [web], deletes: true });
  expect(() => plan('aaaa', [web, other])).toThrow('(must be forced) - image is referenced in multiple repositories');
  expect(plan('aaaa', [web, other], { force: true })).toMatchObject({ names: [web, other], deletes: true });
  expect(() => plan('aaaa', [web], { users: stopped })).toThrow('(must be forced) - image is being used by stopped container');
  expect(() => plan('aaaa', [web], { users: running, force: true })).toThrow(
    '(cannot be forced) - image is being used by running container ffffffffffff',
  );
});
