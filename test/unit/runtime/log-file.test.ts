import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LogReader } from '../../../src/runtime/log-file.ts';
import { momentOf } from '../../../src/runtime/log-records.ts';
import { jsonRecord, linesOf, localRecord, recordOf } from './log-bytes.ts';

const state = { directory: '', path: '' };
beforeEach(async () => {
  state.directory = await mkdtemp(join(tmpdir(), 'berth-log-'));
  state.path = join(state.directory, 'log');
});
afterEach(() => rm(state.directory, { recursive: true }));

const second = 1_000_000_000n;
const both = [true, true] as const;

describe.each(['json', 'local'] as const)('the %s format', (format) => {
  const record = recordOf[format];
  const lines = (seek?: (reader: LogReader) => unknown): Promise<string[]> => linesOf(state.path, format, seek);

  test('records come back in order, from the oldest file to the newest', async () => {
    await writeFile(state.path, record('one\n', 1n));
    await rename(state.path, `${state.path}.1`);
    await writeFile(state.path, Buffer.concat([record('two\n', 2n, 2), record('three', 3n)]));
    expect(await lines()).toEqual(['one\n', '!two\n', 'three']);
  });

  test('no file is an empty log', async () => {
    expect(await lines()).toEqual([]);
    expect(await lines((reader) => reader.seekTail(3, both))).toEqual([]);
    expect(await lines((reader) => reader.seekSince(momentOf(5n)))).toEqual([]);
  });

  test('the tail begins at the first wanted line, across files; text without a line end is a line', async () => {
    await writeFile(`${state.path}.1`, Buffer.concat([record('a\n', 1n), record('b\n', 1n), record('c\n', 2n)]));
    await writeFile(state.path, Buffer.concat([record('d\n', 3n), record('e', 4n)]));
    const tail = (count: number): Promise<string[]> => lines((reader) => reader.seekTail(count, both));
    expect(await tail(1)).toEqual(['e']);
    expect(await tail(3)).toEqual(['c\n', 'd\n', 'e']);
    expect(await tail(100)).toHaveLength(5);
  });

  test('a line in pieces is one line to the tail', async () => {
    await writeFile(state.path, Buffer.concat(['one\n', 'tw', 'o', '\n', 'three\n'].map((text) => record(text, 1n))));
    expect((await lines((reader) => reader.seekTail(2, both))).join('')).toBe('two\nthree\n');
  });

  test('the tail counts the lines of the chosen streams alone', async () => {
    const mixed = [record('out\n', 1n), ...Array.from({ length: 50 }, (_, n) => record(`err ${n}\n`, 2n, 2))];
    await writeFile(state.path, Buffer.concat(mixed));
    expect((await lines((reader) => reader.seekTail(1, [true, false])))[0]).toBe('out\n');
  });

  test('since is found without reading what lies before, in any of the files', async () => {
    const line = (n: number): Buffer => record(`line ${n} ${'x'.repeat(90)}\n`, BigInt(n) * second);
    const of = (from: number, to: number): Buffer =>
      Buffer.concat(Array.from({ length: to - from }, (_, index) => line(from + index)));
    await writeFile(`${state.path}.2`, of(0, 10_000));
    await writeFile(`${state.path}.1`, of(10_000, 20_000));
    await writeFile(state.path, of(20_000, 30_000));
    for (const since of [0, 5000, 10_000, 15_000, 19_999, 29_990, 40_000]) {
      const got = await lines((reader) => reader.seekSince(momentOf(BigInt(since) * second)));
      const wanted = got.findIndex((text) => text.startsWith(`line ${since} `));
      if (since < 30_000) expect(wanted).toBeGreaterThanOrEqual(0);
      expect(wanted).toBeLessThan(6000);
      expect(got.length).toBeLessThan(30_000 - Math.min(since, 30_000) + 6000);
    }
  });

  test('what is written later is read after a refresh, through a rotation, and nothing twice', async () => {
    await writeFile(state.path, record('one\n', 1n));
    const reader = await LogReader.open(state.path, format);
    const got: string[] = [];
    const readOn = async (): Promise<void> => {
      await reader.refresh();
      while (await reader.read()) {
        while (reader.cursor.next()) {
          const text = Buffer.alloc(reader.cursor.size);
          got.push(text.toString('latin1', 0, reader.cursor.copyText(text, 0)));
        }
      }
    };
    await readOn();
    const torn = record('two\n', 2n);
    await appendFile(state.path, torn.subarray(0, 10));
    await readOn();
    expect(got).toEqual(['one\n']);
    await appendFile(state.path, torn.subarray(10));
    await readOn();
    await appendFile(state.path, record('three\n', 3n));
    await rename(state.path, `${state.path}.1`);
    await writeFile(state.path, record('four\n', 4n));
    await rename(`${state.path}.1`, `${state.path}.2`);
    await rename(state.path, `${state.path}.1`);
    await writeFile(state.path, record('five\n', 5n));
    await readOn();
    await readOn();
    expect(got).toEqual(['one\n', 'two\n', 'three\n', 'four\n', 'five\n']);
    await reader.close();
  });

  test('reading ends at the position of a live stream', async () => {
    await writeFile(state.path, Buffer.concat([record('one\n', 1n), record('two\n', 2n)]));
    const { inode, size } = await import('node:fs/promises').then(async ({ stat }) => {
      const { ino, size: all } = await stat(state.path);
      return { inode: ino, size: all };
    });
    const offset = size - record('two\n', 2n).length;
    expect(await lines((reader) => reader.endAt({ inode, offset }))).toEqual(['one\n']);
  });

  test('a record torn by a power cut is left out, by the tail too', async () => {
    await writeFile(state.path, Buffer.concat([record('whole\n', 1n), record('torn\n', 2n).subarray(0, 18)]));
    expect(await lines()).toEqual(['whole\n']);
    expect(await lines((reader) => reader.seekTail(1, both))).toEqual(['whole\n']);
    await writeFile(state.path, Buffer.concat([record('whole\n', 1n), Buffer.alloc(64, 0xff)]));
    expect(await lines()).toEqual(['whole\n']);
  });

  test('a file of garbage is an empty log, not an endless one', async () => {
    await writeFile(state.path, Buffer.alloc(3 << 20, 0x7b));
    expect(await lines()).toEqual([]);
    expect(await lines((reader) => reader.seekTail(5, both))).toEqual([]);
    expect(await lines((reader) => reader.seekSince(momentOf(second)))).toEqual([]);
  });
});

test('escapes of JSON come back as the bytes they were', async () => {
  const text = 'quote " slash \\ tab \t bell \u0007 return \r\n';
  await writeFile(state.path, Buffer.concat([jsonRecord(text, 1n), jsonRecord('\\n', 1n), jsonRecord('\\\n', 1n)]));
  expect(await linesOf(state.path, 'json')).toEqual([text, '\\n', '\\\n']);
  expect(await linesOf(state.path, 'json', (reader) => reader.seekTail(1, both))).toEqual(['\\n', '\\\n']);
});

test('a byte that was no UTF-8 comes back from its escape', async () => {
  await writeFile(state.path, jsonRecord('x', 1n).toString().replace('"x"', '"\\udcff\\udc80\\u0000\u00e9\\u00e9"'));
  expect((await linesOf(state.path, 'json')).map((line) => Buffer.from(line, 'latin1'))).toEqual([
    Buffer.from([0xff, 0x80, 0, 0xc3, 0xa9, 0xc3, 0xa9]),
  ]);
});

test('a size at the front that the back does not repeat is a torn record', async () => {
  const bad = localRecord('abc', 1n);
  bad.writeUInt32LE(9, bad.length - 4);
  await writeFile(state.path, Buffer.concat([localRecord('x', 0n), bad]));
  expect(await linesOf(state.path, 'local')).toEqual(['x']);
});
