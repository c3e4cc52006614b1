import { expect, test } from 'vitest';
import { kernelOf, parseBounding, parseHardLimits, parseNumberList } from '../../../src/runtime/host-facts.ts';

test('number lists are read, and none is made longer than a machine could be', () => {
  expect(parseNumberList('0-2,5\n')).toEqual([0, 1, 2, 5]);
  expect(parseNumberList('3')).toEqual([3]);
  for (const bad of ['', 'a', '1-', '-1', '2-1', '0-65536', '0-4294967295', '0,,1', '0x1']) expect(parseNumberList(bad)).toBeUndefined();
});

test('the kernel\'s version is its first two numbers', () => {
  expect([kernelOf('6.18.44-fc-v669'), kernelOf('5.10-rc1')]).toEqual([[6, 18], [5, 10]]);
});

test('limits are read by the names of /proc/self/limits', () => {
  const text = 'Limit                     Soft Limit           Hard Limit           Units     \n'
    + 'Max processes             96365                96366                processes \n'
    + 'Max open files            20000                unlimited            files     \n'
    + 'Max nice priority         0                    0                    \n';
  expect(parseHardLimits(text)).toEqual({ RLIMIT_NPROC: 96366, RLIMIT_NOFILE: -1, RLIMIT_NICE: 0 });
});

test('the bounding set is read from the status file', () => {
  expect(parseBounding('Name:\tx\nCapBnd:\t000001fffeffffff\n')).toBe(0x1fffeffffffn);
});
