import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseRecords, readLog, type LogRange } from '../../../src/runtime/log-file.ts';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-log-'));
  path = join(directory, 'log');
});
afterEach(() => rm(directory, { recursive: true }));

function record(text: string, time: number, stream = 1): Buffer {
  const data = Buffer.from(text);
  const head = Buffer.alloc(16);
  head.writeUInt32LE(data.length, 0);
  head.writeUInt8(stream, 4);
  head.writeBigUInt64LE(BigInt(time), 8);
  return Buffer.concat([head, data, head.subarray(0, 4)]);
}

async function textOf(range?: LogRange): Promise<string[]> {
  const got: string[] = [];
  for await (const { data, stream } of readLog(path, range)) got.push(`${stream === 'stderr' ? '!' : ''}${data}`);
  return got;
}

test('records come back in order, from the oldest file to the newest', async () => {
  await writeFile(path, record('one\n', 1));
  await rename(path, `${path}.1`);
  await writeFile(path, Buffer.concat([record('two\n', 2, 2), record('three\n', 3)]));
  expect(await textOf()).toEqual(['one\n', '!two\n', 'three\n']);
});

test('since and until are inclusive bounds on the time of a record', async () => {
  await writeFile(path, Buffer.concat([1, 2, 3, 4].map((n) => record(`${n}\n`, n))));
  expect(await textOf({ since: 2n, until: 3n })).toEqual(['2\n', '3\n']);
});

test('the tail begins at the record in which the first wanted line begins, across files', async () => {
  await writeFile(`${path}.1`, Buffer.concat([record('a\nb\n', 1), record('c\n', 2)]));
  await writeFile(path, Buffer.concat([record('d\n', 3), record('e', 4)]));
  expect(await textOf({ tailLines: 1 })).toEqual(['d\n', 'e']);
  expect(await textOf({ tailLines: 3 })).toEqual(['a\nb\n', 'c\n', 'd\n', 'e']);
  expect(await textOf({ tailLines: 100 })).toHaveLength(4);
});

test('a record torn by a power cut ends the reading without an error', async () => {
  await writeFile(path, Buffer.concat([record('whole\n', 1), record('torn\n', 2).subarray(0, 18)]));
  expect(await textOf()).toEqual(['whole\n']);
  await writeFile(path, Buffer.concat([record('whole\n', 1), Buffer.alloc(64, 0xff)]));
  expect(await textOf()).toEqual(['whole\n']);
});

test('a size at the front that the back does not repeat is a torn record', () => {
  const bad = record('abc', 1);
  bad.writeUInt32LE(9, bad.length - 4);
  expect(parseRecords(Buffer.concat([record('x', 0), bad]))).toMatchObject({ taken: 21, torn: true });
});
