import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeOps, opTable, renderHeader } from '../../../src/model/plan.ts';

test('the C header is the one that the table renders', () => {
  const header = readFileSync(join(import.meta.dirname, '../../../runtime/plan_ops.h'), 'utf8');
  expect(header, 'run `make generate`').toBe(renderHeader());
});

test('an op is its code, its flags, its length and its fields in the order of the table', () => {
  const code = Object.keys(opTable).indexOf('mkdir') + 1;
  expect(encodeOps([{ op: 'mkdir', path: '/a', mode: 0o755, optional: true }]).toString('hex')).toBe(
    [code.toString(16).padStart(2, '0') + '00', '0100', '0b000000', '02000000', '2f61', '00', 'ed010000'].join(''),
  );
});

test('lists carry their count, numbers are little-endian, and 64-bit numbers may be given either way', () => {
  const user = encodeOps([{ op: 'user', uid: 1, gid: 2, groups: [3, 4] }]).subarray(8);
  expect([...new Uint32Array(user.buffer, user.byteOffset, 5)]).toEqual([1, 2, 2, 3, 4]);
  const asNumber = encodeOps([{ op: 'bounding', mask: 0xa80425fb }]);
  expect(asNumber).toEqual(encodeOps([{ op: 'bounding', mask: 0xa80425fbn }]));
  expect(encodeOps([{ op: 'rlimit', resource: 1, soft: -1n, hard: -1n }]).subarray(12).toString('hex')).toBe('f'.repeat(32));
});

test('a NUL byte in a string is refused before it can cut a path short', () => {
  expect(() => encodeOps([{ op: 'rmdir', path: '/a\0b' }])).toThrow('NUL');
});
