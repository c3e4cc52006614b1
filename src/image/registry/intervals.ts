/** Which bytes of a file are there: `[start, end)` each, ascending, never touching. */
export type Intervals = readonly (readonly [start: number, end: number])[];

export function withInterval(intervals: Intervals, start: number, end: number): Intervals {
  if (end <= start) return intervals;
  const before = intervals.filter((one) => one[1] < start);
  const after = intervals.filter((one) => one[0] > end);
  const touching = intervals.filter((one) => one[1] >= start && one[0] <= end);
  const first = Math.min(start, ...touching.map((one) => one[0]));
  const last = Math.max(end, ...touching.map((one) => one[1]));
  return [...before, [first, last], ...after];
}

/** What of `[start, end)` isn't there. */
export function missing(intervals: Intervals, start: number, end: number): [number, number][] {
  const gaps: [number, number][] = [];
  let at = start;
  for (const [from, to] of intervals) {
    if (to <= at || from >= end) continue;
    if (from > at) gaps.push([at, from]);
    at = Math.max(at, to);
  }
  if (at < end) gaps.push([at, end]);
  return gaps;
}

/** How far the file is whole from its beginning. */
export const frontier = (intervals: Intervals): number => (intervals[0]?.[0] === 0 ? intervals[0][1] : 0);

export const present = (intervals: Intervals): number => intervals.reduce((sum, [start, end]) => sum + end - start, 0);

/** Intervals that were written down; undefined for what can't be. */
export function parseIntervals(value: unknown, size: number): Intervals | undefined {
  if (!Array.isArray(value) || value.length > 10_000) return undefined;
  let last = -1;
  for (const pair of value as unknown[]) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    const [start, end] = pair as unknown[];
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end)) return undefined;
    if ((start as number) <= last || (end as number) <= (start as number) || (end as number) > size) return undefined;
    last = end as number;
  }
  return value as Intervals;
}
