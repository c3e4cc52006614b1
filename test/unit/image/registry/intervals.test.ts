import { expect, test } from 'vitest';
import { frontier, missing, parseIntervals, present, withInterval, type Intervals } from '../../../../src/image/registry/intervals.ts';

test('intervals merge where they touch or overlap, in whatever order they come', () => {
  let all: Intervals = [];
  for (const [start, end] of [[10, 20], [30, 40], [20, 30], [0, 5], [5, 5], [35, 50]] as const) all = withInterval(all, start, end);
  expect(all).toEqual([[0, 5], [10, 50]]);
  expect([frontier(all), present(all), frontier([[3, 4]])]).toEqual([5, 45, 0]);
  expect(missing(all, 0, 60)).toEqual([[5, 10], [50, 60]]);
  expect(missing(all, 12, 40)).toEqual([]);
  expect(missing([], 0, 0)).toEqual([]);
});

test('random intervals are what a set of bytes says', () => {
  const random = ((seed) => () => (seed = (seed * 1103515245 + 12345) % 2 ** 31) / 2 ** 31)(7);
  for (let round = 0; round < 200; round++) {
    const bytes = new Set<number>();
    let all: Intervals = [];
    for (let at = 0; at < 12; at++) {
      const start = Math.floor(random() * 60);
      const end = start + Math.floor(random() * 12);
      for (let byte = start; byte < end; byte++) bytes.add(byte);
      all = withInterval(all, start, end);
    }
    expect(present(all)).toBe(bytes.size);
    expect(present(missing(all, 0, 80))).toBe(80 - bytes.size);
    expect(parseIntervals(JSON.parse(JSON.stringify(all)), 80)).toEqual(all);
  }
});

test.each([[null], [{}], [[[1]]], [[[2, 1]]], [[[0, 5], [4, 6]]], [[[0, 200]]], [[['0', 1]]], [[[0.5, 1]]], [[[-1, 1]]]])('%j isn’t a note of intervals', (value) => {
  expect(parseIntervals(value, 100)).toBeUndefined();
});
