import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGzip, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Digest } from '../../../src/model/ids.ts';
import { imageConfig } from '../../../src/image/documents.ts';
import { archive, entry, header, pax } from '../../unit/image/tar-bytes.ts';
import { configOf, ImageBench, Layout, savedImage, sha256 } from '../image/bench.ts';

/**
 * CVE-2017-14992 (a small gzip that fills the memory), CVE-2023-25153 (documents of any size), and their like: limits,
 * linear time, less than 100 MB more memory, and whoever waits can go.
 */
let bench: ImageBench;
let before: unknown;
beforeEach(async () => {
  bench = await ImageBench.open();
  // Workers and code are there already.
  await bench.load(savedImage({ layers: [archive(entry({ name: 'f', data: 'x' }))], tags: ['before'] }));
  before = bench.contents();
});
afterEach(() => bench.close());

/** What `work` rejects with, if it does, and by how many megabytes the memory grew meanwhile. */
async function watched(work: () => Promise<unknown>): Promise<{ error: string; grown: number; ms: number }> {
  global.gc?.();
  const start = process.memoryUsage.rss();
  const begun = performance.now();
  let most = start;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 10);
  const error = await work().then(() => '', (reason: Error) => reason.message);
  clearInterval(timer);
  return { error, grown: (most - start) / 2 ** 20, ms: performance.now() - begun };
}

/** Gzip of a tar of one file of zeros, made in pieces. */
async function packedZeros(bytes: number): Promise<{ packed: Buffer; diffId: string }> {
  const hash = createHash('sha256');
  const gzip = createGzip({ level: 1 });
  const piece = Buffer.alloc(1 << 20);
  const feed = function* (): Generator<Buffer> {
    yield header({ name: 'zeros', size: bytes });
    for (let at = 0; at < bytes; at += piece.length) yield piece;
    yield Buffer.alloc(1024);
  };
  const tar = function* (): Generator<Buffer> {
    for (const part of feed()) {
      hash.update(part);
      yield part;
    }
  };
  const parts: Buffer[] = [];
  for await (const part of Readable.from(tar()).pipe(gzip)) parts.push(part as Buffer);
  return { packed: Buffer.concat(parts), diffId: `sha256:${hash.digest('hex')}` };
}

test('CVE-2017-14992: a layer of zeros, 200 times its size once unpacked, costs no memory', async () => {
  const { packed, diffId } = await packedZeros(256 << 20);
  const bytes = savedImage({ layers: [packed], diffIds: [diffId], tags: ['zeros:1'] });
  expect(bytes.length).toBeLessThan(4 << 20);
  const { error, grown } = await watched(() => bench.load(bytes));
  expect(error).toBe('');
  expect(grown).toBeLessThan(100);
});

test('a whole archive of zeros in gzip is refused as soon as it is seen to be none', async () => {
  const zeros = gzipSync(Buffer.alloc(256 << 20), { level: 1 });
  const { error, grown, ms } = await watched(() => bench.load(zeros));
  expect(ms).toBeLessThan(10_000);
  expect(error).toMatch(/neither manifest.json nor index.json|no tar archive/);
  expect(grown).toBeLessThan(100);
  expect(bench.contents()).toEqual(before);
});

test('CVE-2023-25153: a manifest, an index, a config of many megabytes is refused unread', async () => {
  const giant = { pad: 'x'.repeat(5 << 20) };
  const layout = new Layout();
  const archives = [
    archive(entry({ name: 'manifest.json', data: JSON.stringify([giant]) })),
    archive(entry({ name: 'index.json', data: JSON.stringify({ manifests: [], ...giant }) })),
    layout.pack([layout.add({ schemaVersion: 2, layers: [], ...giant })]),
    savedImage({ layers: [], config: (config) => ({ ...config, ...giant }) }),
  ];
  for (const bytes of archives) {
    const { error, grown } = await watched(() => bench.load(bytes));
    expect(error).toMatch(/bytes, more than the 4194304 allowed for a document/);
    expect(grown).toBeLessThan(100);
  }
  expect(bench.contents()).toEqual(before);
});

test('a PAX header of a megabyte, and a hundred global ones, are refused by name', async () => {
  const record = Buffer.alloc(2 << 20, 'x');
  const cases: [Buffer, RegExp][] = [
    [archive(pax(record), entry({ name: 'victim' })), /over the limit/],
    [archive(...Array.from({ length: 400 }, (_, at) => pax({ [`key${at}`]: 'v' }, 'g')), entry({ name: 'victim' })), /too many global PAX records/],
    [archive(pax({ 'SCHILY.xattr.user.a': Buffer.alloc(900_000) }), entry({ name: 'victim', data: '' })), /set xattr user.a of victim|too many/],
  ];
  for (const [layer, message] of cases) {
    const { error, grown } = await watched(() => bench.load(savedImage({ layers: [layer], tags: ['bomb'] })));
    expect(error).toMatch(message);
    expect(error).toMatch(/^layer 1 of 1/);
    expect(grown).toBeLessThan(100);
  }
  expect(bench.contents()).toEqual(before);
});

test('entries by the hundred thousand take time and memory in proportion', async () => {
  const layer = (count: number): Buffer => {
    const one = entry({ name: 'd/', type: '5' });
    return Buffer.concat([...Array.from({ length: count }, () => one), Buffer.alloc(1024)]);
  };
  const time = async (count: number): Promise<number> => {
    const tar = layer(count);
    const { error, grown, ms } = await watched(() =>
      bench.load(savedImage({ layers: [gzipSync(tar, { level: 1 })], diffIds: [`sha256:${sha256(tar)}`], tags: [`many:${count}`] })));
    expect(error).toBe('');
    expect(grown).toBeLessThan(100);
    return ms;
  };
  const [few, many] = [await time(20_000), await time(80_000)];
  // Four times as many; ten would be a quarter of the way to the square.
  expect(many).toBeLessThan(Math.max(few, 50) * 10);
});

test('a load whose client has gone ends in the middle, and leaves nothing', async () => {
  const gone = new AbortController();
  const config = configOf({ layers: [Buffer.alloc(1024)] });
  const begun = performance.now();
  const endless = async function* (): AsyncGenerator<Buffer> {
    yield header({ name: 'endless', size: 2 ** 33 });
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      yield Buffer.alloc(65536, 'x');
    }
  };
  setTimeout(() => gone.abort(), 200);
  const digest = `sha256:${sha256(config)}` as Digest;
  const { error } = await watched(() => bench.images.take(async (directory) => {
    await writeFile(`${directory}/config`, config);
    return [{
      id: digest, references: [], config: imageConfig(JSON.parse(config.toString()), 'config'),
      configContent: { path: `${directory}/config`, digest, size: config.length },
      layers: [{ name: 'endless', diffId: `sha256:${sha256(Buffer.alloc(1024))}` as Digest, content: { path: `${directory}/x`, digest, size: 2 ** 33 }, open: endless }],
    }];
  }, undefined, gone.signal));
  expect(error).not.toBe('');
  expect(performance.now() - begun).toBeLessThan(10_000);
  expect(bench.contents()).toEqual(before);
});
