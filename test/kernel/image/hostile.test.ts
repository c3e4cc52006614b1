import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { archive, entry, header, pax } from '../../unit/image/tar-bytes.ts';
import { configOf, fingerprint, ImageBench, Layout, must, savedImage, sha256 } from './bench.ts';

/** Whatever is wrong with an archive, the error names it, the store is as before, and a tree beside it is untouched. */
let bench: ImageBench;
let before: unknown;
let canary: string;
beforeEach(async () => {
  bench = await ImageBench.open();
  await bench.load(savedImage({ layers: [good], tags: ['before'] }));
  await mkdir(bench.path('canary'));
  await writeFile(bench.path('canary/file'), 'untouched');
  canary = await fingerprint(bench.path('canary'));
  before = bench.contents();
});
afterEach(async () => {
  expect(await fingerprint(bench.path('canary'))).toBe(canary);
  await bench.close();
});

const good = archive(entry({ name: 'here', data: 'x' }));
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

async function expectRefused(bytes: Buffer, message: string | RegExp): Promise<void> {
  await expect(bench.load(bytes)).rejects.toMatchObject({ kind: 'invalid', message: expect.stringMatching(message) as string });
  expect(bench.contents()).toEqual(before);
}

/** From a layer being unpacked (root/tmp/ID/layers/layer-0) to what stands beside the store. */
const up = '../'.repeat(5);

test.each<[string, Buffer[], RegExp]>([
  ['a name with ..', [entry({ name: `${up}canary/file`, data: 'x' })], /layer 2 of 2 .*name .*canary\/file leaves the layer by \.\./],
  ['a name with .. in PAX', [pax({ path: `a/${up}canary/file` }), entry({ name: 'x' })], /leaves the layer/],
  ['an absolute name', [entry({ name: '/canary/file' })], /\/canary\/file is absolute/],
  ['an absolute hardlink target', [entry({ name: 'h', type: '1', link: '/etc/passwd' })], /hardlink target \/etc\/passwd is absolute/],
  ['a hardlink target with ..', [entry({ name: 'h', type: '1', link: `${up}canary/file` })], /hardlink target/],
  ['a hardlink to a file of the layer below', [entry({ name: 'h', type: '1', link: 'here' })], /hardlink h to here, which isn't in this layer/],
  ['a hardlink through a symlink out', [
    entry({ name: 's', type: '2', link: `${up}canary` }), entry({ name: 'h', type: '1', link: 's/file' }),
  ], /isn't in this layer/],
  ['a file through a dangling symlink', [
    entry({ name: 's', type: '2', link: `${up}canary/made` }), entry({ name: 's/file', data: 'x' }),
  ], /make directory s: Not a directory/],
  ['a file below a file', [entry({ name: 'f' }), entry({ name: 'f/x' })], /make directory f: Not a directory/],
  ['a name that is too long for a directory', [pax({ path: 'n'.repeat(300) }), entry({ name: 'x' })], /File name too long/],
  ['a giant PAX header', [header({ name: 'x', type: 'x', size: 2 ** 31 })], /over the limit/],
  ['data cut short', [header({ name: 'cut', size: 5000 })], /cut: archive is truncated/],
])('a layer with %s is refused by name', async (_, parts, message) => {
  const layer = message.source.includes('truncated') ? Buffer.concat(parts) : archive(...parts);
  await expectRefused(savedImage({ layers: [good, layer] }), message);
});

test.each<[string, Buffer[], string]>([
  ['file', [entry({ name: 's/file', data: 'overwritten' })], 's/file'],
  ['directory', [entry({ name: 's/', type: '5', mode: '0000777' })], 's'],
  ['chmod', [entry({ name: 's', type: '2', link: `${up}canary/file`, mode: '0000777' })], 's'],
  ['whiteout', [entry({ name: 's/.wh.file' })], 's/file'],
  ['opaque marker', [entry({ name: 's/.wh..wh..opq' })], 's'],
  ['device', [entry({ name: 's/file', type: '3', major: '1', minor: '3' })], 's/file'],
])('a %s through a symlink that leads out stays in the layer', async (_, parts) => {
  // `canary` exists inside too, so that the link leads somewhere: to the layer's own.
  const layer = archive(entry({ name: 'canary/', type: '5' }), entry({ name: 's', type: '2', link: `${up}canary` }), ...parts);
  await bench.load(savedImage({ layers: [layer] }));
});

test.each<[string, () => Buffer, RegExp]>([
  ['is cut off', () => savedImage({ layers: [good] }).subarray(0, 2500), /truncated/],
  ['is cut off within gzip', () => gzipSync(savedImage({ layers: [good] })).subarray(0, -20), /truncated/],
  ['is empty', () => Buffer.alloc(0), /archive is empty/],
  ['is noise', () => createHash('sha512').update('x').digest(), /no tar archive/],
  ['has neither manifest nor index', () => archive(entry({ name: 'x' })), /neither manifest.json nor index.json/],
  ['lacks its config', () => archive(entry({
    name: 'manifest.json', data: JSON.stringify([{ Config: 'c.json', Layers: [] }]),
  })), /lacks c.json/],
  ['lacks a layer', () => archive(
    entry({ name: 'c.json', data: configOf({ layers: [good] }) }),
    entry({ name: 'manifest.json', data: JSON.stringify([{ Config: 'c.json', Layers: ['gone/layer.tar'] }]) }),
  ), /lacks gone\/layer.tar/],
  ['has a config that is not its name', () => archive(
    entry({ name: `${'a'.repeat(64)}.json`, data: configOf({ layers: [good] }) }), entry({ name: 'l', data: good }),
    entry({ name: 'manifest.json', data: JSON.stringify([{ Config: `${'a'.repeat(64)}.json`, Layers: ['l'] }]) }),
  ), /doesn't have its digest/],
  ['promises another diff id', () => savedImage({ layers: [archive(entry({ name: 'y' }))], diffIds: [digest('a')] }), /promises diff id sha256:a/],
  ['promises another diff id of a layer that is known', () => savedImage({ layers: [gzipSync(archive())], diffIds: [`sha256:${sha256(good)}`] }),
    /promises diff id/],
  ['has more diff ids than layers', () => savedImage({ layers: [good], diffIds: [digest('a'), digest('b')] }), /2 layers, the archive's manifest 1/],
  ['has a manifest that is no JSON', () => archive(entry({ name: 'manifest.json', data: '[{' })), /isn't JSON/],
  ['has a bad name', () => savedImage({ layers: [good], tags: ['Bad Name'] }), /invalid reference format/],
  ['has links in a circle', () => archive(
    entry({ name: 'a', type: '2', link: 'b' }), entry({ name: 'b', type: '2', link: 'a' }),
    entry({ name: 'manifest.json', data: JSON.stringify([{ Config: 'a', Layers: [] }]) }),
  ), /loop of symlinks/],
  ['has a layer that is no tar', () => savedImage({ layers: [Buffer.alloc(2000, 'x')] }), /checksum/],
])('an archive that %s is refused', async (_, bytes, message) => {
  await expectRefused(bytes(), message);
});

test.each<[string, (layout: Layout, descriptor: ReturnType<Layout['manifest']>) => object, RegExp]>([
  ['a manifest of another digest', (layout, manifest) => {
    layout.blobs.set(`blobs/sha256/${'a'.repeat(64)}`, Buffer.from('{}'));
    return { ...manifest, digest: digest('a') };
  }, /doesn't have its digest/],
  ['a wrong size', (_, manifest) => ({ ...manifest, size: 7 }), /its descriptor says 7/],
  ['a missing blob', (layout, manifest) => {
    layout.blobs.delete(`blobs/sha256/${sha256(good)}`);
    return manifest;
  }, /lacks blobs\/sha256\/.*a layer/],
  ['a digest that is a path', (_, manifest) => ({ ...manifest, digest: 'sha256:../../../etc/passwd' }), /isn't a sha256 digest/],
  ['an index without end', (layout) => {
    let at: object = layout.add({ manifests: [] });
    for (let depth = 0; depth < 10; depth++) at = layout.add({ manifests: [at] });
    return at;
  }, /nests its indexes/],
  ['a layer changed', (layout, manifest) => {
    layout.blobs.set(`blobs/sha256/${sha256(good)}`, Buffer.concat([good, Buffer.alloc(512)]));
    return manifest;
  }, /doesn't have its digest/],
])('a layout with %s is refused', async (_, lie, message) => {
  const layout = new Layout();
  const manifest = layout.manifest({ layers: [good] });
  await expectRefused(layout.pack([lie(layout, manifest)]), message);
});

test('one bad image of several takes the others with it', async () => {
  const other = archive(entry({ name: 'other' }));
  const images = [{ layers: [other] }, { layers: [archive(entry({ name: '/abs' }))] }];
  const bytes = archive(
    ...images.flatMap((image, at) => [
      entry({ name: `${at}.json`, data: configOf(image) }), entry({ name: `${at}.tar`, data: image.layers[0]! }),
    ]),
    entry({ name: 'manifest.json', data: JSON.stringify(images.map((_, at) => ({ Config: `${at}.json`, Layers: [`${at}.tar`] }))) }),
  );
  await expectRefused(bytes, /absolute/);
});

test('a client that goes away in the middle leaves nothing', async () => {
  const bytes = savedImage({ layers: [archive(entry({ name: 'x', data: Buffer.alloc(100_000) }))] });
  const stream = Readable.from((async function* () {
    yield bytes.subarray(0, 50_000);
    throw new Error('aborted');
  })());
  await expect(bench.images.load(stream)).rejects.toThrow('aborted');
  expect(bench.contents()).toEqual(before);
});

test.each([
  ['while the archive arrives', '100', /no space left on device: remove/],
  ['while a layer is unpacked', '40', /unpack: write f[0-9]+: No space left on device/],
])('a disk that fills up %s is told as such, and leaves nothing', async (_, files, message) => {
  const small = bench.path('small');
  await mkdir(small);
  const script = new URL('load-on-full-disk.ts', import.meta.url).pathname;
  const output = await must('unshare', '--mount', '--propagation', 'private', 'sh', '-c',
    'mount -t tmpfs -o size=3m tmpfs "$1" && "$2" "$3" "$1" "$4"', 'sh', small, process.execPath, script, files);
  expect(JSON.parse(output)).toEqual({ kind: 'unavailable', message: expect.stringMatching(message) as string, same: true });
});

test('what a killed load left is gone at the next start', async () => {
  await mkdir(`${bench.root}/tmp/abc/layers/layer-0`, { recursive: true });
  await mkdir(`${bench.root}/layers/${'f'.repeat(24)}`);
  await writeFile(`${bench.root}/blobs/sha256/${'a'.repeat(64)}`, 'half');
  await mkdir(`${bench.root}/trash/gone`);
  bench = await bench.reopen();
  expect(bench.contents()).toEqual(before);
});
