import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logs, type LogOptions } from '../../../src/engine/logs.ts';
import type { Context } from '../../../src/engine/context.ts';
import { containerPaths } from '../../../src/engine/paths.ts';
import { mkdir } from 'node:fs/promises';
import { record } from './record.ts';

const one = record('a');
const terminal = { ...one, config: { ...one.config, Tty: true } };
const state: { root: string } = { root: '' };

function logRecord(stream: 1 | 2, time: bigint, text: string): Buffer {
  const data = Buffer.from(text);
  const head = Buffer.alloc(16);
  head.writeUInt32LE(data.length, 0);
  head[4] = stream;
  head.writeBigUInt64LE(time, 8);
  const end = Buffer.alloc(4);
  end.writeUInt32LE(data.length);
  return Buffer.concat([head, data, end]);
}

const second = 1_000_000_000n;
beforeAll(async () => {
  state.root = await mkdtemp(join(tmpdir(), 'berth-logs-'));
  const paths = containerPaths(state.root, state.root, one.id);
  await mkdir(paths.directory, { recursive: true });
  await writeFile(
    paths.log,
    Buffer.concat([
      logRecord(1, 1n * second, 'one\ntw'),
      logRecord(2, 2n * second, 'err\n'),
      logRecord(1, 3n * second, 'o\nthree\n'),
      logRecord(1, 4n * second, 'open'),
    ]),
  );
});
afterAll(() => rm(state.root, { recursive: true }));

async function read(changes: Partial<LogOptions>, of = one): Promise<{ stream: number; text: string }[]> {
  const context = { options: { root: state.root, run: state.root } } as Context;
  const options = { stdout: true, stderr: true, follow: false, timestamps: false, ...changes };
  const chunks: Buffer[] = [];
  for await (const chunk of logs(context, of, options, new AbortController().signal)) chunks.push(chunk);
  if (of.config.Tty) return chunks.map((chunk) => ({ stream: 0, text: chunk.toString() }));
  return chunks.map((chunk) => ({ stream: chunk[0] ?? 0, text: chunk.toString('utf8', 8, 8 + chunk.readUInt32BE(4)) }));
}
const texts = (pieces: { text: string }[]): string => pieces.map(({ text }) => text).join('');

test('streams come in frames, byte for byte', async () => {
  expect(await read({})).toEqual([
    { stream: 1, text: 'one\ntw' },
    { stream: 2, text: 'err\n' },
    { stream: 1, text: 'o\nthree\n' },
    { stream: 1, text: 'open' },
  ]);
});

test('one stream alone can be asked for, none is refused', async () => {
  expect(texts(await read({ stdout: false }))).toBe('err\n');
  await expect(read({ stdout: false, stderr: false })).rejects.toThrow('you must choose at least one stream');
});

test("timestamps stand before whole lines, at the time of a line's first byte", async () => {
  expect(await read({ timestamps: true })).toEqual([
    { stream: 1, text: '1970-01-01T00:00:01.000000000Z one\n' },
    { stream: 2, text: '1970-01-01T00:00:02.000000000Z err\n' },
    { stream: 1, text: '1970-01-01T00:00:01.000000000Z two\n' },
    { stream: 1, text: '1970-01-01T00:00:03.000000000Z three\n' },
    { stream: 1, text: '1970-01-01T00:00:04.000000000Z open' },
  ]);
});

test.each([
  [0, ''],
  [1, 'open'],
  [2, 'three\nopen'],
  [3, 'o\nthree\nopen'],
  [99, 'one\ntwerr\no\nthree\nopen'],
])('the last %i lines', async (tail, expected) => {
  expect(texts(await read({ tail }))).toBe(expected);
});

test('since and until bound the times', async () => {
  expect(texts(await read({ since: 2n * second, until: 3n * second }))).toBe('err\no\nthree\n');
});

test('with a terminal the stream is bare', async () => {
  expect((await read({}, terminal))[0]).toEqual({ stream: 0, text: 'one\ntw' });
});

test('the log driver none has nothing to read', async () => {
  const silent = { ...one, hostConfig: { ...one.hostConfig, LogConfig: { Type: 'none', Config: {} } } };
  await expect(read({}, silent)).rejects.toThrow('configured logging driver does not support reading');
});
