import { expect, test } from 'vitest';
import { DetachScanner, parseDetachKeys } from '../../../src/api/detach-keys.ts';

test('keys are read as Docker writes them', () => {
  expect([...parseDetachKeys(undefined)]).toEqual([16, 17]);
  expect([...parseDetachKeys('ctrl-a,d')]).toEqual([1, 100]);
  expect([...parseDetachKeys('ctrl-@,ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_')]).toEqual([0, 27, 28, 29, 30, 31]);
  expect(() => parseDetachKeys('shift-x')).toThrow('Invalid detach keys (shift-x) provided');
});

async function scan(chunks: readonly string[], keys?: string): Promise<{ passed: string; detached: boolean }> {
  const seen = { detached: false };
  const scanner = new DetachScanner(parseDetachKeys(keys), () => (seen.detached = true));
  const out: Buffer[] = [];
  scanner.on('data', (chunk: Buffer) => out.push(chunk));
  const ended = new Promise((resolve) => scanner.once('end', resolve));
  for (const chunk of chunks) scanner.write(Buffer.from(chunk, 'latin1'));
  scanner.end();
  await ended;
  return { passed: Buffer.concat(out).toString('latin1'), detached: seen.detached };
}

test('the sequence detaches, whole or in pieces, and nothing after it is passed', async () => {
  expect(await scan(['ab\x10\x11cd'])).toEqual({ passed: 'ab', detached: true });
  expect(await scan(['ab\x10', '\x11', 'cd'])).toEqual({ passed: 'ab', detached: true });
});

test('a beginning that goes on otherwise is passed whole', async () => {
  expect(await scan(['a\x10', 'b'])).toEqual({ passed: 'a\x10b', detached: false });
  expect(await scan(['\x10'])).toEqual({ passed: '\x10', detached: false });
});

test('the first key twice still detaches with the second', async () => {
  expect(await scan(['\x10\x10\x11'])).toEqual({ passed: '\x10', detached: true });
});

test('other keys are no detaching', async () => {
  expect(await scan(['\x10\x11'], 'ctrl-a,d')).toEqual({ passed: '\x10\x11', detached: false });
});
