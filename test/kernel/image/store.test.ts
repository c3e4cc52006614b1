import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ImageId } from '../../../src/model/ids.ts';
import { archive, entry } from '../../unit/image/tar-bytes.ts';
import { ImageBench, savedImage, sha256 } from './bench.ts';

let bench: ImageBench;
beforeEach(async () => {
  bench = await ImageBench.open();
});
afterEach(() => bench.close());

const layer = (name: string): Buffer => archive(entry({ name, data: name }));
const load = async (tag: string, ...names: string[]): Promise<ImageId> =>
  (await bench.load(savedImage({ layers: names.map(layer), tags: [tag] })))[0]!.id;
const blobs = (): string[] => readdirSync(`${bench.root}/blobs/sha256`);

test('an image is found by name, id, beginning of an id, and not otherwise', async () => {
  const id = await load('web:1', 'a');
  for (const name of ['web:1', 'docker.io/library/web:1', id, id.slice(7), id.slice(7, 19), id.slice(0, 12)]) {
    expect(bench.images.get(name).id, name).toBe(id);
  }
  expect(bench.images.find('web')).toBeUndefined();
  expect(() => bench.images.get('web')).toThrow('No such image: web:latest');
  expect(() => bench.images.get('Bad Name')).toThrow('No such image: Bad Name');
  expect(() => bench.images.get('0123456789ab')).toThrow('No such image: 0123456789ab');
});

test('a beginning that two ids share is refused', async () => {
  const ids = await Promise.all(Array.from({ length: 17 }, (_, at) => load(`i:${at}`, `f${at}`)));
  const first = ids.map((id) => id[7]!).find((digit, at, all) => all.indexOf(digit) !== at)!;
  expect(() => bench.images.get(first)).toThrow('ambiguous');
});

test('tag gives a further name, and moves one', async () => {
  const [a, b] = [await load('a:1', 'a'), await load('b:1', 'b')];
  bench.images.tag('a:1', 'localhost:5000/x');
  expect(bench.images.get('localhost:5000/x').id).toBe(a);
  bench.images.tag(b, 'localhost:5000/x:latest');
  expect(bench.images.get('localhost:5000/x').id).toBe(b);
  expect(bench.images.get(a).repoTags).toEqual(['a:1']);
  expect(() => bench.images.tag('none', 'x')).toThrow('No such image: none:latest');
  expect(() => bench.images.tag('a:1', 'X')).toThrow('must be lowercase');
  expect(() => bench.images.tag('a:1', `x@${a}`)).toThrow('digest reference');
});

test('removing an image takes its layers and blobs, but not those of others', async () => {
  await load('one:1', 'shared', 'own');
  await load('two:1', 'shared');
  expect((await bench.images.remove('one:1')).lines).toHaveLength(3);
  expect(readdirSync(bench.layers.directory).sort()).toEqual([bench.layerNames('two:1')[0]!, 'empty'].sort());
  expect(blobs()).toHaveLength(2);
  await bench.images.remove('two:1');
  expect([readdirSync(bench.layers.directory), blobs(), bench.images.list()]).toEqual([['empty'], [], []]);
  await expect(bench.images.remove('two:1')).rejects.toThrow('No such image: two:1');
});

test('loads and removals at the same time leave a store that is whole', async () => {
  const work: Promise<unknown>[] = [];
  for (let round = 0; round < 6; round++) {
    work.push(load(`x:${round}`, 'shared', `own-${round}`));
    if (round % 2 === 1) work.push(load(`y:${round}`, 'shared').then(() => bench.images.remove(`y:${round}`)));
  }
  await Promise.all(work);
  for (const { id, layers } of bench.images.list()) {
    expect(bench.layers.get(layers[0]!.name), id).toBeDefined();
    for (const { name, blob } of layers) {
      expect(existsSync(bench.layers.path(name))).toBe(true);
      expect(blobs()).toContain(blob.slice(7));
    }
  }
  expect(bench.images.list()).toHaveLength(6);
  expect(readdirSync(`${bench.root}/tmp`)).toEqual([]);
});

test('import makes an image of a file system, with changes, message and name', async () => {
  const tar = layer('f');
  const id = await bench.images.import(Readable.from([gzipSync(tar)]), {
    repository: 'mine', tag: '2', changes: ['CMD ["/f"]', 'ENV A=b'], message: 'made by hand',
  });
  const record = bench.images.get('mine:2');
  expect(record).toMatchObject({
    id, config: { os: 'linux', architecture: 'amd64', config: { Cmd: ['/f'], Env: ['A=b'] } }, size: 1,
  });
  expect(record.layers.map(({ diffId }) => diffId)).toEqual([`sha256:${sha256(tar)}`]);
  expect(sha256(readFileSync(`${bench.root}/blobs/sha256/${id.slice(7)}`))).toBe(id.slice(7));
  expect(bench.images.history('mine:2')).toMatchObject([{ id, comment: 'made by hand', size: 1, tags: ['mine:2'] }]);
  expect(await bench.merged('mine:2')).toContain('f|f|644');
});

test('import of nothing, or of no tar, or with a bad change leaves the store as it was', async () => {
  const before = bench.contents();
  await expect(bench.images.import(Readable.from([Buffer.alloc(600, 'x')]), {})).rejects.toThrow('checksum');
  await expect(bench.images.import(Readable.from([layer('f')]), { changes: ['RUN x'] })).rejects.toThrow('run is not a valid');
  await expect(bench.images.import(Readable.from([layer('f')]), { repository: 'Bad' })).rejects.toThrow('lowercase');
  expect(bench.contents()).toEqual(before);
  const id = await bench.images.import(Readable.from([archive()]), {});
  expect(bench.images.get(id)).toMatchObject({ repoTags: [], size: 0 });
});

test('history lists steps from the newest, with the sizes of those that made a layer', async () => {
  const history = [{ created_by: 'ADD a' }, { created_by: 'CMD x', empty_layer: true }, { created_by: 'COPY bb' }];
  await bench.load(savedImage({ layers: [layer('a'), layer('bb')], config: (config) => ({ ...config, history }) }));
  expect(bench.images.history('test').map(({ id, createdBy, size }) => [id === '<missing>', createdBy, size])).toEqual([
    [false, 'COPY bb', 2], [true, 'CMD x', 0], [true, 'ADD a', 1],
  ]);
});

test('prune takes nameless images, or all that no container uses', async () => {
  const old = await load('x:1', 'a');
  const now = await load('x:1', 'b');
  const used = await load('used:1', 'c');
  expect(bench.images.get(old).repoTags).toEqual([]);
  const usedBy = (id: ImageId) => (id === used ? [{ id: 'c', running: false }] : []);
  const dangling = await bench.images.prune({ dangling: true, usedBy });
  expect(dangling.removals.flatMap(({ lines }) => lines)).toContainEqual({ Deleted: old });
  expect(dangling.reclaimed).toBe(1);
  const all = await bench.images.prune({ dangling: false, usedBy });
  expect(all.removals.flatMap(({ lines }) => lines)).toEqual([
    { Untagged: 'x:1' }, { Deleted: now }, { Deleted: expect.stringMatching(/^sha256:/) as string },
  ]);
  expect(bench.images.list().map(({ id }) => id)).toEqual([used]);
});

test('everything is there again when the store is opened anew', async () => {
  const id = await load('web:1', 'a', 'b');
  const before = bench.contents();
  bench = await bench.reopen();
  expect(bench.contents()).toEqual(before);
  expect(bench.images.get('web:1').id).toBe(id);
});
