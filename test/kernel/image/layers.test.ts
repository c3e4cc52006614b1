import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ContainerId } from '../../../src/model/ids.ts';
import { ImageBench, must, savedImage } from './bench.ts';
import { archive, entry, pax } from '../../unit/image/tar-bytes.ts';

let bench: ImageBench;
beforeEach(async () => {
  bench = await ImageBench.open();
});
afterEach(() => bench.close());

const dir = (name: string, mode = '0000755'): Buffer => entry({ name: `${name}/`, type: '5', mode });
const file = (name: string, data = name): Buffer => entry({ name, data });
const whiteout = (name: string): Buffer => entry({ name });
const trees = (): string[] => readdirSync(bench.layers.directory).filter((name) => name !== 'empty');

/** Names in the merged tree. */
async function shown(reference = 'test'): Promise<string[]> {
  const lines = (await bench.merged(reference)).split('\n');
  return lines.filter((line) => /^[^|]+\|[a-z]\|/.test(line)).map((line) => line.split('|')[0]!).sort();
}

test('whiteouts hide files and directories of the layers below, and nothing of their own', async () => {
  const lower = archive(dir('a'), file('a/x'), file('a/y'), dir('b'), file('b/x'), file('top'), dir('c'), file('c/old'));
  const upper = archive(
    dir('a'), whiteout('a/.wh.x'), whiteout('.wh.b'), whiteout('.wh.top'),
    // The same name hidden and new, in both orders: the new one shows, without what lay below.
    whiteout('.wh.c'), dir('c'), file('c/new'),
  );
  await bench.load(savedImage({ layers: [lower, upper] }));
  expect(await shown()).toEqual(['a', 'a/y', 'c', 'c/new']);
  const other = archive(dir('c'), file('c/new'), whiteout('.wh.c'), file('a/x', 'again'), whiteout('a/.wh.x'), whiteout('.wh.top'));
  await bench.load(savedImage({ layers: [lower, other], tags: ['other'] }));
  expect(await shown('other')).toEqual(['a', 'a/x', 'a/y', 'b', 'b/x', 'c', 'c/new']);
});

test('an opaque directory hides all that layers below have in it, whether its marker comes first or last', async () => {
  const lower = archive(dir('a'), file('a/x'), dir('a/sub'), file('a/sub/y'), dir('b'), file('b/x'));
  const upper = archive(dir('a'), file('a/new'), whiteout('a/.wh..wh..opq'), whiteout('b/.wh..wh..opq'), dir('b'), file('b/new'));
  await bench.load(savedImage({ layers: [lower, upper] }));
  expect(await shown()).toEqual(['a', 'a/new', 'b', 'b/new']);
});

test('a directory under a whiteout that no entry describes hides what lay below', async () => {
  const lower = archive(dir('c'), file('c/old'));
  await bench.load(savedImage({ layers: [lower, archive(whiteout('.wh.c'), file('c/new'))] }));
  expect(await shown()).toEqual(['c', 'c/new']);
});

test('a file replaces a directory of the layer below, and a directory a file', async () => {
  await bench.load(savedImage({ layers: [archive(dir('a'), file('a/x'), file('b')), archive(file('a'), dir('b'), file('b/x'))] }));
  expect(await shown()).toEqual(['a', 'b', 'b/x']);
});

test('directories that a layer leaves out look as the layers below have them', async () => {
  const lower = archive(
    pax({ 'SCHILY.xattr.user.kept': 'yes' }),
    entry({ name: 'home/', type: '5', mode: '0002750', uid: '0001750', gid: '0000144', mtime: '00000000777' }),
    file('home/x'),
  );
  const bottom = archive(entry({ name: 'opt/', type: '5', mode: '0000700' }));
  await bench.load(savedImage({ layers: [bottom, lower, archive(file('home/y'), file('opt/z'), file('made/here'))] }));
  const tree = bench.layers.path(bench.layerNames('test')[2]!);
  expect(statSync(`${tree}/home`)).toMatchObject({ mode: 0o042750, uid: 1000, gid: 100, mtimeMs: 511_000 });
  expect(await must('getfattr', '--only-values', '-n', 'user.kept', '--absolute-names', `${tree}/home`)).toBe('yes');
  expect(statSync(`${tree}/opt`).mode).toBe(0o040700);
  expect(statSync(`${tree}/made`)).toMatchObject({ mode: 0o040755, uid: 0 });
  expect(await must('stat', '-c', '%a %u', `${tree}/home/y`)).toBe('644 0\n');
});

test('a layer that two images share is kept once, at whatever position', async () => {
  const shared = archive(dir('s'), file('s/x'));
  await bench.load(savedImage({ layers: [archive(file('base')), shared], tags: ['one'] }));
  await bench.load(savedImage({ layers: [shared], tags: ['two'] }));
  expect(bench.layerNames('one')[1]).toBe(bench.layerNames('two')[0]);
  expect(trees()).toHaveLength(2);
  await bench.images.remove('one');
  expect(await shown('two')).toEqual(['s', 's/x']);
  expect(trees()).toHaveLength(1);
});

test('a layer with directories it leaves out is kept for each stack in which they look different', async () => {
  const bare = archive(file('home/y'));
  const mode = (at: string): Buffer => archive(entry({ name: 'home/', type: '5', mode: at }));
  await bench.load(savedImage({ layers: [mode('0000700'), bare], tags: ['one'] }));
  await bench.load(savedImage({ layers: [mode('0000711'), bare], tags: ['two'] }));
  const [one, two] = ['one', 'two'].map((name) => statSync(`${bench.layers.path(bench.layerNames(name)[1]!)}/home`).mode & 0o777);
  expect([one, two]).toEqual([0o700, 0o711]);
});

test('the root directory looks as the topmost layer that describes it says', async () => {
  const described = archive(entry({ name: './', type: '5', mode: '0000711', uid: '0000007', mtime: '00000000777' }), file('x'));
  await bench.load(savedImage({ layers: [described, archive(file('y'))] }));
  expect((await bench.merged('test')).split('\n')).toContain('|d|711|7|0|511.0000000000|');
});

test('an image of no layers, and one of an empty layer, have an empty root', async () => {
  await bench.load(savedImage({ layers: [], tags: ['none'] }));
  await bench.load(savedImage({ layers: [archive()], tags: ['blank'] }));
  expect([await shown('none'), await shown('blank')]).toEqual([[], []]);
});

test('a hundred layers fit into one mount', async () => {
  const layers = Array.from({ length: 100 }, (_, at) => archive(file(`f${at}`)));
  await bench.load(savedImage({ layers }));
  expect(await shown()).toHaveLength(100);
  await expect(bench.load(savedImage({ layers: [...layers, ...layers], tags: ['more'] }))).rejects.toThrow('200 layers, more than 127');
});

test('default ACLs of a directory do not touch the files that come with it', async () => {
  // user::rwx, user:1000:rwx, group::---, mask::rwx, other::---
  const acl = Buffer.from('0200000001000700ffffffff02000700e803000004000000ffffffff10000700ffffffff20000000ffffffff', 'hex');
  const tar = archive(pax({ 'SCHILY.xattr.system.posix_acl_default': acl }), dir('d'), file('d/x'), dir('d/sub'));
  await bench.load(savedImage({ layers: [tar] }));
  const tree = bench.layers.path(bench.layerNames('test')[0]!);
  expect(await must('getfattr', '-d', '-m', '-', '-e', 'hex', '--absolute-names', `${tree}/d`)).toContain(acl.toString('hex'));
  expect(await must('getfattr', '-d', '-m', '-', '--absolute-names', `${tree}/d/x`, `${tree}/d/sub`)).toBe('');
  expect(statSync(`${tree}/d/x`).mode & 0o777).toBe(0o644);
});

test('a container holds its layers after its image has gone, and gives its directory back', async () => {
  await bench.load(savedImage({ layers: [archive(file('x'))] }));
  const container = 'c'.repeat(64) as ContainerId;
  const names = bench.layerNames('test');
  const prepared = await bench.snapshots.prepare(container, names);
  expect(prepared.lower).toEqual(names);
  expect(bench.snapshots.overlay(container)).toEqual(prepared);
  await bench.images.remove('test', { force: true, usedBy: () => [{ id: container, running: false }] });
  expect(readFileSync(`${bench.layers.path(names[0]!)}/x`, 'utf8')).toBe('x');
  bench = await bench.reopen();
  expect(trees()).toEqual(names);
  expect(bench.snapshots.overlay(container)).toEqual(prepared);
  await bench.snapshots.remove(container);
  expect(bench.snapshots.overlay(container)).toBeUndefined();
  expect(existsSync(prepared.upper)).toBe(false);
  await bench.snapshots.remove(container);
  bench = await bench.reopen();
  expect(trees()).toEqual([]);
});

test('a snapshot on a layer that has just gone is refused and leaves nothing', async () => {
  await bench.load(savedImage({ layers: [archive(file('x'))] }));
  const names = bench.layerNames('test');
  await bench.images.remove('test');
  const before = bench.contents();
  await expect(bench.snapshots.prepare('d'.repeat(64) as ContainerId, names)).rejects.toThrow('try again');
  expect(bench.contents()).toEqual(before);
});
