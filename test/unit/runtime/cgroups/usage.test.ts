import { expect, test } from 'vitest';
import { v1Counters, v2Counters } from '../../../../src/runtime/cgroups/usage.ts';

test('v1 counters of block devices: a line each, the sum left out', () => {
  expect(v1Counters('254:0 Read 20480\n254:0 Total 20480\nTotal 20480\n')).toEqual([
    { major: 254, minor: 0, op: 'Read', value: 20480 },
    { major: 254, minor: 0, op: 'Total', value: 20480 },
  ]);
  expect(v1Counters(undefined)).toEqual([]);
});

test('v2 counters of block devices: bytes and operations from one line', () => {
  const text = '8:0 rbytes=4096 wbytes=1 rios=2 wios=3 dbytes=0 dios=0\n';
  expect(v2Counters(text, { rbytes: 'read', wbytes: 'write' })).toEqual([
    { major: 8, minor: 0, op: 'read', value: 4096 },
    { major: 8, minor: 0, op: 'write', value: 1 },
  ]);
});
