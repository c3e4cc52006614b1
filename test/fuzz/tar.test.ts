import { expect, test } from 'vitest';
import { stepOf } from '../../src/image/layer-step.ts';
import { readPax } from '../../src/image/tar-pax.ts';
import { TarReader } from '../../src/image/tar-reader.ts';
import { UnpackEncoder } from '../../src/image/unpack-encoder.ts';
import { BerthError } from '../../src/model/errors.ts';
import { archive, entry, pax, paxRecord } from '../unit/image/tar-bytes.ts';
import { fuzz, type Dice } from './dice.ts';

/** What a reader must make of anything: an answer or an `invalid`, the same however the bytes are cut up. */
const names = ['a', './a/', 'a/b', '../x', '/abs', '.wh.a', 'a/.wh..wh..opq', 'x'.repeat(100), 'a//b/.', '', 'é\xff'];
const keys = ['path', 'linkpath', 'size', 'uid', 'mtime', 'SCHILY.xattr.user.a', 'GNU.sparse.map', 'GNU.sparse.size', 'GNU.sparse.major', 'GNU.sparse.realsize'];
const values = ['1', '0', '-1', '99999999999999999999', '1.5', 'a/b', '../..', '', '0,1', '1,2,3', '\0', '4'];

function randomTar(dice: Dice): Buffer {
  const parts = Array.from({ length: 1 + dice.roll(5) }, () => {
    const name = dice.one(names);
    const kind = dice.roll(5);
    if (kind === 0) return pax(Object.fromEntries(Array.from({ length: 1 + dice.roll(3) }, () => [dice.one(keys), dice.one(values)])), dice.one(['x', 'g']));
    if (kind === 1) return entry({ name: '././@LongLink', type: dice.one(['L', 'K']), data: dice.one(names).repeat(1 + dice.roll(60)) });
    return entry({ name: name.slice(0, 100), type: dice.one(['0', '1', '2', '3', '4', '5', '6', '7', 'S', 'V', 'D', '9']), link: dice.one(names), data: dice.bytes(dice.roll(700)) });
  });
  return archive(...parts);
}

function read(chunks: Iterable<Buffer>): string {
  const encoder = new UnpackEncoder();
  const reader = new TarReader(encoder);
  const out: Buffer[] = [];
  try {
    for (const chunk of chunks) {
      reader.write(chunk);
      for (const frame of encoder.take()) out.push(Buffer.from(frame));
    }
    reader.end();
    encoder.end();
    out.push(...encoder.take());
  } catch (error) {
    if (!(error instanceof BerthError && error.kind === 'invalid')) throw error;
    return 'refused';
  }
  return `${encoder.size} ${bytesOf(Buffer.concat(out))}`;
}

/** File data may be cut into frames anywhere: only all the bytes of a kind count. */
function bytesOf(frames: Buffer): string {
  const seen: string[] = [];
  for (let at = 0; at < frames.length; ) {
    const [code, body] = [frames[at]!, frames.readUInt32LE(at + 4)];
    const inside = frames.subarray(at + 8, at + 8 + body);
    if (code === 3) {
      if (seen.at(-1)?.startsWith('data ')) seen[seen.length - 1] += inside.toString('hex', 8);
      else seen.push(`data ${inside.toString('hex', 8)}`);
    } else seen.push(`${code} ${inside.toString('hex')}`);
    at += 8 + body;
  }
  return seen.join('\n');
}

test('a tar stream, damaged or not, is read the same in one piece and in many', async () => {
  let accepted = 0;
  const runs = await fuzz((dice) => {
    const whole = randomTar(dice);
    const data = dice.roll(3) === 0 ? whole : dice.damaged(whole);
    const once = read([data]);
    if (once !== 'refused') accepted++;
    expect(read(dice.pieces(data))).toBe(once);
  });
  expect(runs === 0 || accepted > 0).toBe(true);
});

test('PAX records are read or refused, and those read are the bytes that were written', async () => {
  await fuzz((dice) => {
    const pairs = Array.from({ length: dice.roll(4) }, () => [dice.one(keys), dice.bytes(dice.roll(40))] as const);
    const data = Buffer.concat(pairs.map(([key, value]) => paxRecord(key, value)));
    expect(readPax(data)).toEqual(pairs);
    try {
      let size = 0;
      const damaged = dice.damaged(data);
      for (const [key, value] of readPax(damaged)) size += key.length + value.length;
      expect(size).toBeLessThanOrEqual(damaged.length);
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
    }
  });
});

test('no name that is let through leaves the layer', async () => {
  const parts = ['..', '.', '', 'a', '.wh.', '.wh...', '.wh..', 'b\0', '...', '.wh..wh..opq', '\\', 'é'];
  await fuzz((dice) => {
    const name = Buffer.from(Array.from({ length: 1 + dice.roll(6) }, () => dice.one(parts)).join('/'), 'latin1');
    const base = { mode: 0o644, uid: 0, gid: 0, size: 0, mtime: { seconds: 0, nanoseconds: 0 }, major: 0, minor: 0, xattrs: new Map(), sparse: false };
    try {
      const step = stepOf({ ...base, type: dice.one(['file', 'directory', 'hardlink', 'symlink']), name, link: name });
      if (!step) return;
      for (const path of step.op === 'hardlink' ? [step.path, step.link] : [step.path]) {
        expect(path.startsWith('/') || path.split('/').some((part) => part === '..' || (part === '' && path !== '') || part === '.')).toBe(false);
        expect(path.includes('\0')).toBe(false);
      }
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
    }
  });
});
