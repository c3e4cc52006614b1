import { createReadStream, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from 'vitest';
import { archive, entry } from '../../unit/image/tar-bytes.ts';
import { configOf, ImageBench, Layout, must, savedImage, sha256 } from './bench.ts';

/** What real tools write, of one image of two layers, made by buildah and never pulled. */
let tools: ImageBench;
let bench: ImageBench;
const at = (name: string): string => tools.path(name);
const store = (): string[] => ['--storage-driver', 'vfs', '--root', at('containers'), '--runroot', at('run')];

beforeAll(async () => {
  tools = await ImageBench.open();
  await mkdir(at('files/sub'), { recursive: true });
  await writeFile(at('files/sub/hello'), 'hello');
  await writeFile(at('files/large'), Buffer.alloc(300_000, 'x'));
  const buildah = async (...args: string[]): Promise<string> => (await must('buildah', ...store(), ...args)).trim();
  const one = await buildah('from', 'scratch');
  await buildah('copy', '-q', one, at('files'), '/data');
  await buildah('config', '--cmd', '["/bin/sh"]', '--env', 'A=b', '--port', '80', '--label', 'l=1', one);
  await buildah('commit', '-q', one, 'localhost/one:1.0');
  const two = await buildah('from', 'localhost/one:1.0');
  await buildah('copy', '-q', two, at('files/sub/hello'), '/second');
  await buildah('commit', '-q', two, 'localhost/two:2.0');
  await buildah('rm', '-a');
});
afterAll(() => tools.close());
beforeEach(async () => {
  bench = await ImageBench.open();
});
afterEach(() => bench.close());

async function expectTwo(reference: string): Promise<void> {
  const { config, layers } = bench.images.get(reference);
  expect(config.config).toMatchObject({ Cmd: ['/bin/sh'], Labels: { l: '1' }, ExposedPorts: { '80/tcp': {} } });
  expect(layers).toHaveLength(2);
  const merged = await bench.merged(reference);
  for (const [name, content] of [['data/sub/hello', 'hello'], ['second', 'hello'], ['data/large', 'x'.repeat(300_000)]]) {
    expect(merged).toContain(`${sha256(content!)}  ./${name}`);
  }
}

const references = async (path: string): Promise<(string | undefined)[]> =>
  (await bench.images.load(createReadStream(path))).map(({ reference }) => reference);

test.each([
  ['a docker archive', 'docker-archive', ':web:1'],
  ['an OCI archive', 'oci-archive', ':web:1'],
])('%s of buildah loads', async (_, transport, name) => {
  const path = at(`buildah-${transport}.tar`);
  await must('buildah', ...store(), 'push', '-q', 'localhost/two:2.0', `${transport}:${path}${name}`);
  expect(await references(path)).toContain('web:1');
  await expectTwo('web:1');
});

test('layers that buildah compressed with zstd load', async () => {
  const path = at('zstd.tar');
  await must('buildah', ...store(), 'push', '-q', '--compression-format', 'zstd', 'localhost/two:2.0', `oci-archive:${path}:web:1`);
  expect(await references(path)).toEqual(['web:1']);
  await expectTwo('web:1');
});

test.each(['docker-archive', 'oci-archive'])('podman save --format %s loads', async (format) => {
  const path = at(`podman-${format}.tar`);
  await must('podman', ...store(), 'save', '-q', '--format', format, '-o', path, 'localhost/two:2.0');
  expect(await references(path)).toEqual(['localhost/two:2.0']);
  await expectTwo('localhost/two:2.0');
});

test('several images in one archive of podman load, and share their layer', async () => {
  const path = at('several.tar');
  await must('podman', ...store(), 'save', '-q', '-m', '-o', path, 'localhost/one:1.0', 'localhost/two:2.0');
  expect((await references(path)).sort()).toEqual(['localhost/one:1.0', 'localhost/two:2.0']);
  expect(bench.layerNames('localhost/two:2.0')[0]).toBe(bench.layerNames('localhost/one:1.0')[0]);
  await expectTwo('localhost/two:2.0');
});

test("skopeo's OCI archives and layout folders load, as they are and packed once more", async () => {
  const source = at('source.tar');
  await must('podman', ...store(), 'save', '-q', '-o', source, 'localhost/two:2.0');
  const copy = (target: string): Promise<string> =>
    must('skopeo', 'copy', '-q', '--insecure-policy', `docker-archive:${source}`, target);
  await copy(`oci-archive:${at('skopeo.tar')}:team/app:9`);
  await copy(`oci:${at('layout')}:web`);
  await must('tar', '-cf', at('inside.tar'), '-C', at('layout'), '.');
  await must('tar', '-cf', at('folder.tar'), '-C', at('.'), 'layout');
  expect(await references(at('skopeo.tar'))).toEqual(['team/app:9']);
  expect(await references(at('inside.tar'))).toEqual(['web:latest']);
  expect(await references(at('folder.tar'))).toEqual(['web:latest']);
  await expectTwo('team/app:9');
  for (const [program, args] of [['gzip', ['-k']], ['zstd', ['-q']]] as const) await must(program, ...args, at('skopeo.tar'));
  expect(await references(at('skopeo.tar.gz'))).toEqual(['team/app:9']);
  expect(await references(at('skopeo.tar.zst'))).toEqual(['team/app:9']);
});

test('a layout folder of several images of skopeo loads whole', async () => {
  const source = at('more.tar');
  await must('podman', ...store(), 'save', '-q', '-o', source, 'localhost/one:1.0');
  for (const name of ['a:1', 'b:2']) {
    await must('skopeo', 'copy', '-q', '--insecure-policy', `docker-archive:${source}`, `oci:${at('many')}:${name}`);
  }
  await must('tar', '-cf', at('many.tar'), '-C', at('many'), '.');
  expect((await references(at('many.tar'))).sort()).toEqual(['a:1', 'b:2']);
});

const layer = archive(entry({ name: 'x', data: 'content' }));

test("docker save's first layout loads: layers by symlink, the manifest at either end", async () => {
  const config = configOf({ layers: [layer, layer] });
  const manifest = entry({
    name: 'manifest.json',
    data: JSON.stringify([{ Config: `${sha256(config)}.json`, RepoTags: ['a:1', 'b:2'], Layers: ['one/layer.tar', 'two/layer.tar'] }]),
  });
  const members = [
    entry({ name: `${sha256(config)}.json`, data: config }), entry({ name: 'one/', type: '5' }),
    entry({ name: 'one/VERSION', data: '1.0' }), entry({ name: 'one/layer.tar', data: layer }),
    entry({ name: 'two/layer.tar', type: '2', link: '../one/layer.tar' }), entry({ name: 'repositories', data: '{}' }),
  ];
  for (const all of [[manifest, ...members], [...members.toReversed(), manifest]]) {
    const loaded = await bench.load(archive(...all));
    expect(loaded.map(({ reference }) => reference)).toEqual(['a:1', 'b:2']);
    await bench.images.remove(loaded[0]!.id, { force: true });
  }
});

test('an archive of Docker 25 and later loads: OCI layout and manifest.json, with the digest kept', async () => {
  const layout = new Layout();
  const image = { layers: [layer] };
  const manifest = layout.manifest(image, [gzipSync(layer)]);
  const [config] = [...layout.blobs.keys()].filter((name) => layout.blobs.get(name)!.equals(configOf(image)));
  const saved = [{ Config: config, RepoTags: ['web:1'], Layers: [`blobs/sha256/${sha256(gzipSync(layer))}`] }];
  const bytes = layout.pack([manifest], [entry({ name: 'manifest.json', data: JSON.stringify(saved) })]);
  const [loaded] = await bench.load(bytes);
  expect(loaded).toEqual({ reference: 'web:1', id: `sha256:${sha256(configOf(image))}` });
  expect(bench.images.get('web:1').manifest).toBe(manifest.digest);
});

test("the host's platform is taken from a nested index, attestations are passed by", async () => {
  const layout = new Layout();
  const arm = { ...layout.manifest({ layers: [archive(entry({ name: 'arm' }))] }), platform: { os: 'linux', architecture: 'arm64' } };
  const amd = { ...layout.manifest({ layers: [archive(entry({ name: 'amd' }))] }), platform: { os: 'linux', architecture: 'amd64' } };
  const attestation = {
    ...layout.add({ schemaVersion: 2, config: layout.add({}), layers: [] }), platform: { os: 'unknown', architecture: 'unknown' },
  };
  const index = layout.add({ schemaVersion: 2, manifests: [arm, attestation, amd] }, 'application/vnd.oci.image.index.v1+json');
  await bench.load(layout.pack([{ ...index, annotations: { 'io.containerd.image.name': 'docker.io/library/web:3' } }]));
  expect(await bench.merged('web:3')).toContain('amd|f|');
  const other = new Layout();
  const only = [arm, { ...arm, platform: { os: 'linux', architecture: 's390x' } }];
  for (const [name, blob] of layout.blobs) other.blobs.set(name, blob);
  const foreign = other.add({ schemaVersion: 2, manifests: only });
  await expect(bench.load(other.pack([foreign]))).rejects.toThrow('no image for linux/amd64; the archive has linux/arm64, linux/s390x');
});

test('layers may be plain, gzip or zstd, whatever the media type says', async () => {
  const layers = ['a', 'b', 'c'].map((name) => archive(entry({ name })));
  const layout = new Layout();
  const manifest = layout.manifest({ layers }, [layers[0]!, gzipSync(layers[1]!), zstdCompressSync(layers[2]!)]);
  await bench.load(layout.pack([{ ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'mixed' } }]));
  expect((await bench.merged('mixed')).match(/^[abc]\|f/gm)).toEqual(['a|f', 'b|f', 'c|f']);
});

test('an image without a name is loaded by its id, a bare tag is no name', async () => {
  const layout = new Layout();
  const manifest = layout.manifest({ layers: [layer] });
  const [loaded] = await bench.load(layout.pack([{ ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'latest' } }]));
  expect(loaded).toEqual({ id: `sha256:${sha256(configOf({ layers: [layer] }))}` });
  expect(bench.images.get(loaded!.id.slice(7, 19)).repoTags).toEqual([]);
});

test('the sample images load', async () => {
  const [loaded] = await bench.loadFile(new URL('../../../build/images/web.tar', import.meta.url).pathname);
  expect(loaded?.reference).toBe('web:latest');
  const merged = await bench.merged('web');
  expect(merged).toContain('www/index.html|f|');
  expect(merged).not.toContain('draft.html');
});

test('progress tells of each layer to its end', async () => {
  const lines: unknown[] = [];
  await bench.images.load(createReadStream(new URL('../../../build/images/web.tar', import.meta.url)), (line) => lines.push(line));
  const size = readFileSync(`${bench.root}/blobs/sha256/${bench.images.get('web').layers[0]!.blob.slice(7)}`).length;
  expect(lines).toContainEqual({
    status: 'Loading layer', id: bench.images.get('web').layers[0]!.diffId.slice(7, 19), progressDetail: { current: size, total: size },
  });
});

test('an image that is loaded again changes nothing; a name that moves is told', async () => {
  await bench.load(savedImage({ layers: [layer] }));
  const before = bench.contents();
  await bench.load(savedImage({ layers: [layer] }));
  expect(bench.contents()).toEqual(before);
  const lines: { stream?: string }[] = [];
  const { Readable } = await import('node:stream');
  await bench.images.load(Readable.from([savedImage({ layers: [layer, layer] })]), (line) => lines.push(line));
  expect(lines.map(({ stream }) => stream).filter(Boolean)).toEqual([
    expect.stringMatching(/^The image test:latest already exists, renaming the old one with ID sha256:[0-9a-f]{64} to empty string\n$/),
  ]);
  expect(bench.images.list().map(({ repoTags }) => repoTags)).toContainEqual([]);
});
