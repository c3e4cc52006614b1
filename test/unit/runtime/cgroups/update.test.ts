import { expect, test } from 'vitest';
import { inOrder, updateWrites } from '../../../../src/runtime/cgroups/update.ts';
import { layouts } from '../examples.ts';

const limits = { memory: { limit: 100, swap: 200 }, cpu: { shares: 512, cpus: '0' }, pids: { limit: -1 }, devices: [{ allow: false }] };
const names = (writes: readonly { path: string }[]): string[] => writes.map(({ path }) => path.slice(path.lastIndexOf('/') + 1));

test('an update writes limits and cpuset of the group itself, and no device rule', () => {
  const writes = updateWrites(layouts.v1, '/berth/abc', limits as Parameters<typeof updateWrites>[2]);
  expect(names(writes)).toEqual(['memory.limit_in_bytes', 'memory.memsw.limit_in_bytes', 'cpu.shares', 'pids.max', 'cpuset.cpus']);
  expect(writes.every(({ path }) => path.includes('/berth/abc/'))).toBe(true);
  expect(writes.find(({ path }) => path.endsWith('pids.max'))?.data).toBe('max');
  expect(names(updateWrites(layouts.v2, '/berth/abc', limits as Parameters<typeof updateWrites>[2])))
    .toEqual(['memory.max', 'memory.swap.max', 'cpu.weight', 'cpuset.cpus', 'pids.max']);
});

test.each([
  ['50', 'memory.memsw.limit_in_bytes'],
  ['9223372036854771712', 'memory.limit_in_bytes'],
  [undefined, 'memory.memsw.limit_in_bytes'],
])('with memory and swap at %s now, %s is written first', (swap, first) => {
  const writes = updateWrites(layouts.v1, '/berth/abc', { memory: limits.memory });
  expect(names(inOrder(writes, swap))[0]).toBe(first);
});
