import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logs, type LogOptions } from '../../../src/engine/logs.ts';
import type { Context } from '../../../src/engine/context.ts';
import { containerPaths } from '../../../src/engine/paths.ts';
import { mkdir } from 'node:fs/promises';
import { localRecord } from '../runtime/log-bytes.ts';
import { record } from './record.ts';

const plain = record('a');
const one = { ...plain, hostConfig: { ...plain.hostConfig, LogConfig: { Type: 'local', Config: {} } } };
const terminal = { ...one, config: { ...one.config, Tty: true } };
const state: { root: string } = { root: '' };

const second = 1_000_000_000n;
beforeAll(async () => {
  state.root = await mkdtemp(join(tmpdir(), 'berth-logs-'));
  const paths = containerPaths(state.root, state.root, one.id);
  await mkdir(paths.directory, { recursive: true });
  await writeFile(
    paths.localLog,
    Buffer.concat([
      localRecord('one\ntw', 1n * second),
      localRecord('err\n', 2n * second, 2),
      localRecord('o\nthree\n', 3n * second),
      localRecord('open', 4n * second),
    ]),
  );
});
afterAll(() => rm(state.root, { recursive: true }));

async function read(changes: Partial<LogOptions>, of = one): Promise<{ stream: number; text: string }[]> {
  const context = { options: { root: state.root, run: state.root } } as Context;
  const options = { stdout: true, stderr: true, follow: false, timestamps: false, ...changes };
  const chunks: Buffer[] = [];
  for await (const chunk of logs(context, of, options, new AbortController().signal)) chunks.push(chunk);
  const all = Buffer.concat(chunks);
  if (of.config.Tty) return [{ stream: 0, text: all.toString() }];
  const frames: { stream: number; text: string }[] = [];
  for (let at = 0; at < all.length; ) {
    const end = at + 8 + all.readUInt32BE(at + 4);
    frames.push({ stream: all[at] ?? 0, text: all.toString('utf8', at + 8, end) });
    at = end;
  }
  return frames;
}
const texts = (pieces: { text: string }[]): string => pieces.map(({ text }) => text).join('');

test('each line is a frame of its stream, byte for byte, as Docker sends them', async () => {
  expect(await read({})).toEqual([
    { stream: 1, text: 'one\n' },
    { stream: 1, text: 'tw' },
    { stream: 2, text: 'err\n' },
    { stream: 1, text: 'o\n' },
    { stream: 1, text: 'three\n' },
    { stream: 1, text: 'open' },
  ]);
});

test('one stream alone can be asked for, none is refused', async () => {
  expect(texts(await read({ stdout: false }))).toBe('err\n');
  await expect(read({ stdout: false, stderr: false })).rejects.toThrow('you must choose at least one stream');
});

test("timestamps stand before whole lines, at the time of a line's first byte", async () => {
  const frames = await read({ timestamps: true });
  const of = (stream: number): string => texts(frames.filter((frame) => frame.stream === stream));
  expect(of(1)).toBe(
    '1970-01-01T00:00:01.000000000Z one\n1970-01-01T00:00:01.000000000Z two\n' +
      '1970-01-01T00:00:03.000000000Z three\n1970-01-01T00:00:04.000000000Z open',
  );
  expect(of(2)).toBe('1970-01-01T00:00:02.000000000Z err\n');
});

test('details stand between time and text', async () => {
  const labelled = {
    ...one,
    config: { ...one.config, Labels: { a: '1 2', b: 'no' }, Env: ['V=x', 'W=y'] },
    hostConfig: { ...one.hostConfig, LogConfig: { Type: 'local', Config: { labels: 'a', 'env-regex': '^V' } } },
  };
  expect((await read({ details: true, timestamps: true }, labelled))[0]?.text).toBe(
    '1970-01-01T00:00:01.000000000Z V=x,a=1%202 one\n',
  );
  expect((await read({ details: true }))[0]?.text).toBe(' one\n');
});

test.each([
  [0, ''],
  [1, 'open'],
  [2, 'three\nopen'],
  [3, 'o\nthree\nopen'],
  [4, 'twerr\no\nthree\nopen'],
  [99, 'one\ntwerr\no\nthree\nopen'],
])('the last %i lines', async (tail, expected) => {
  expect(texts(await read({ tail }))).toBe(expected);
});

test('since and until bound the times', async () => {
  expect(texts(await read({ since: 2n * second, until: 3n * second }))).toBe('err\no\nthree\n');
});

test('with a terminal the stream is bare', async () => {
  expect(await read({}, terminal)).toEqual([{ stream: 0, text: 'one\ntwerr\no\nthree\nopen' }]);
});

test('the log driver none has nothing to read', async () => {
  const silent = { ...one, hostConfig: { ...one.hostConfig, LogConfig: { Type: 'none', Config: {} } } };
  await expect(read({}, silent)).rejects.toThrow('configured logging driver does not support reading');
});
