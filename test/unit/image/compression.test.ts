import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { decompressed } from '../../../src/image/compression.ts';

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function all(bytes: Buffer, size = 3): Promise<string> {
  const parts: Buffer[] = [];
  for await (const chunk of decompressed(inPieces(bytes, size), 'layer')) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

const text = 'some text '.repeat(50);

test('plain, gzip and zstd are told by their first bytes, in pieces of any size', async () => {
  for (const bytes of [Buffer.from(text), gzipSync(text), zstdCompressSync(text)]) {
    expect(await all(bytes, 1)).toBe(text);
    expect(await all(bytes, 10_000)).toBe(text);
  }
  expect(await all(Buffer.alloc(0))).toBe('');
  expect(await all(Buffer.from('ab'))).toBe('ab');
});

test('several members in a row are one stream, skippable zstd frames are skipped', async () => {
  expect(await all(Buffer.concat([gzipSync('a'), gzipSync('b')]))).toBe('ab');
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2]);
  expect(await all(Buffer.concat([zstdCompressSync('a'), skippable, zstdCompressSync('b')]))).toBe('ab');
});

test('truncated and corrupt data name the layer and the compression', async () => {
  await expect(all(gzipSync(text).subarray(0, -9))).rejects.toThrow('layer: gzip data is corrupt or truncated');
  await expect(all(zstdCompressSync(text).subarray(0, -2))).rejects.toThrow('layer: zstd data is corrupt or truncated');
  const damaged = gzipSync(text);
  damaged.writeUInt8(damaged.readUInt8(damaged.length - 6) ^ 1, damaged.length - 6);
  await expect(all(damaged)).rejects.toThrow('gzip data is corrupt');
});

test('xz and bzip2 are refused with what to do', async () => {
  await expect(all(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0]))).rejects.toThrow('xz -d');
  await expect(all(Buffer.from('BZh91AY'))).rejects.toThrow('bzip2 -d');
});

test('an error of the source is passed on as it is', async () => {
  const source = async function* (): AsyncGenerator<Buffer> {
    yield gzipSync(text).subarray(0, 20);
    throw new Error('the client went away');
  };
  await expect(async () => {
    for await (const _ of decompressed(source(), 'layer'));
  }).rejects.toThrow('the client went away');
});
