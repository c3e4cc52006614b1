import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDockerd, type Dockerd } from '../../fixtures/dockerd.ts';
import { archive, entry } from '../../unit/image/tar-bytes.ts';
import { createWorld, type World } from '../../world.ts';
import { ImageBench, Layout, must, savedImage } from './bench.ts';

/** What Berth saves, read by the real Docker, podman and skopeo, and by Berth again. */
let world: World;
let dockerd: Dockerd;
let bench: ImageBench;

const layer = (name: string): Buffer => archive(entry({ name, data: name }));

async function save(...names: string[]): Promise<string> {
  const path = bench.path(`saved-${names.join('-').replaceAll(/[^a-z0-9]/g, '')}.tar`);
  await pipeline(bench.images.save(names).archive, createWriteStream(path));
  return path;
}

const docker = async (...args: string[]): Promise<string> => {
  const result = await dockerd.docker(...args);
  expect(result, `docker ${args.join(' ')}`).toMatchObject({ exitCode: 0 });
  return result.stdout.trim();
};

beforeAll(async () => {
  world = await createWorld();
  dockerd = await startDockerd(world);
  bench = await ImageBench.open();
  await bench.loadFile(join(import.meta.dirname, '../../../build/images/busybox.tar'));
  await bench.load(savedImage({ layers: [layer('shared'), layer('own')], tags: ['two:1', 'two:2', 'localhost:5000/x/two:3'] }));
  const layout = new Layout();
  const stored = [gzipSync(layer('shared')), gzipSync(layer('packed'))];
  const manifest = layout.manifest({ layers: [layer('shared'), layer('packed')] }, stored);
  await bench.load(layout.pack([{ ...manifest, annotations: { 'io.containerd.image.name': 'packed:1' } }]));
});
afterAll(async () => {
  await dockerd.stop();
  await bench.close();
  await world.destroy();
});

test('the real docker loads what was saved, under the same names and ids, and saves the same layers', async () => {
  const path = await save('busybox', 'two', 'localhost:5000/x/two:3', 'packed:1');
  const loaded = (await docker('load', '-i', path)).split('\n').map((line) => line.replace('Loaded image: ', ''));
  expect(loaded.toSorted()).toEqual(['busybox:latest', 'localhost:5000/x/two:3', 'packed:1', 'two:1', 'two:2']);
  for (const name of loaded) {
    const { id, config } = bench.images.get(name);
    expect(await docker('image', 'inspect', '-f', '{{.Id}} {{json .RootFS.Layers}}', name))
      .toBe(`${id} ${JSON.stringify(config.rootfs.diff_ids)}`);
  }
});

test('podman loads it, with the same ids', async () => {
  const path = await save('two', 'packed:1');
  const podman = (...args: string[]): Promise<string> =>
    must('podman', '--root', bench.path('podman'), '--runroot', bench.path('podman-run'), '--storage-driver', 'vfs', ...args);
  await podman('load', '-q', '-i', path);
  const rows = (await podman('images', '--no-trunc', '--format', '{{.ID}}')).trim().split('\n');
  expect([...new Set(rows)].toSorted()).toEqual(['two:1', 'packed:1'].map((name) => bench.images.get(name).id).toSorted());
});

test('skopeo reads it as Docker archive and as OCI archive, and the manifest an image came with keeps its digest', async () => {
  const { manifest, id } = bench.images.get('packed:1');
  const path = await save('packed:1');
  const dockerView = JSON.parse(await must('skopeo', 'inspect', '--raw', `docker-archive:${path}`)) as { config: { digest: string } };
  expect(dockerView.config.digest).toBe(id);
  expect(JSON.parse(await must('skopeo', 'inspect', `oci-archive:${path}`))).toMatchObject({ Digest: manifest });
  await must('skopeo', 'copy', `oci-archive:${path}`, `oci:${bench.path('copied')}`);
  const index = JSON.parse(await readFile(bench.path('copied/index.json'), 'utf8')) as { manifests: { digest: string }[] };
  expect(index.manifests[0]!.digest).toBe(manifest);
});

test('Berth loads it back as it was: same ids, blobs and manifest, and saves the same bytes again', async () => {
  const path = await save('two', 'packed:1');
  const other = await ImageBench.open();
  try {
    await other.loadFile(path);
    for (const name of ['two:1', 'two:2', 'packed:1']) {
      const { manifest, ...record } = bench.images.get(name);
      expect(other.images.get(name)).toMatchObject({ id: record.id, layers: record.layers });
      if (manifest) expect(other.images.get(name).manifest).toBe(manifest);
    }
    const again: Buffer[] = [];
    for await (const chunk of other.images.save(['packed:1']).archive) again.push(chunk);
    expect(Buffer.concat(again).equals(await readFile(await save('packed:1')))).toBe(true);
  } finally {
    await other.close();
  }
});

test('an image is saved by id without names, and a layer that two images share is there once', async () => {
  const { id } = bench.images.get('two:1');
  const listed = async (...names: string[]): Promise<string[]> =>
    (await must('tar', '-tf', await save(...names))).trim().split('\n');
  expect(await listed(id)).not.toContain('repositories');
  const other = await ImageBench.open();
  expect(await other.loadFile(await save(id))).toEqual([{ id }]);
  await other.close();
  const names = await listed('two:1', 'busybox');
  expect(new Set(names).size).toBe(names.length);
});

test('what is not there is refused in the words of docker, before the first byte', async () => {
  for (const name of ['nope', 'two:9']) {
    const theirs = (await dockerd.docker('save', '-o', bench.path('x.tar'), name)).stderr.replace('Error response from daemon: ', '').trim();
    expect(() => bench.images.save([name]), name).toThrow(theirs);
  }
});

test('an image that is removed while it is saved comes out whole', async () => {
  await bench.load(savedImage({ layers: [layer('brief')], tags: ['brief:1'] }));
  const chunks = bench.images.save(['brief:1']).archive[Symbol.asyncIterator]();
  const parts = [(await chunks.next()).value as Buffer];
  await bench.images.remove('brief:1');
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) parts.push(next.value);
  expect(await bench.load(Buffer.concat(parts))).toMatchObject([{ reference: 'brief:1' }]);
  await bench.images.remove('brief:1');
});

test('a layer put on an image makes an image whose tree shows both, for what the layer costs', async () => {
  const parent = bench.images.get('two:1');
  const tar = archive(entry({ name: 'added', data: 'new' }), entry({ name: '.wh.own' }));
  const config = { Cmd: ['/added'], Labels: { a: 'b' } };
  const id = await bench.images.addLayer(parent.id, Readable.from([tar]) as AsyncIterable<Buffer>, {
    config, author: 'me', comment: 'why', createdBy: 'sh -c x', repository: 'child',
  });
  const child = bench.images.get('child');
  expect(child).toMatchObject({ id, config: { author: 'me', comment: 'why', config } });
  expect(child.layers.slice(0, 2)).toEqual(parent.layers);
  expect(bench.images.history('child')[0]).toMatchObject({ id, createdBy: 'sh -c x', comment: 'why', size: 3 });
  const names = (await bench.merged('child')).split('\n').filter((line) => /^\w+\|f\|/.test(line)).map((line) => line.split('|')[0]);
  expect(names.toSorted()).toEqual(['added', 'shared']);
  const same = await bench.images.addLayer(parent.id, Readable.from([Buffer.alloc(1024)]) as AsyncIterable<Buffer>, {});
  expect(bench.images.get(same).layers).toEqual(parent.layers);
  expect(bench.images.get(same).config.history?.at(-1)).toMatchObject({ empty_layer: true });
  await docker('load', '-i', await save('child'));
  expect(await docker('image', 'inspect', '-f', '{{.Id}} {{.Author}}', 'child')).toBe(`${id} me`);
  await expect(bench.images.addLayer(parent.id, Readable.from([Buffer.alloc(600, 'x')]) as AsyncIterable<Buffer>, {})).rejects.toThrow('checksum');
});
