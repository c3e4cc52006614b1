import { expect, test } from 'vitest';
import { checkHealthConfig, goDuration, healthCheckOf, judge, nextCheck, starting } from '../../../src/engine/health.ts';
import type { HealthConfig } from '../../../src/model/host-config.ts';

const second = 1e9;
const of = (health: HealthConfig, shell?: string[]): ReturnType<typeof healthCheckOf> =>
  healthCheckOf({ Healthcheck: health, ...(shell ? { Shell: shell } : {}) });
const result = (exitCode: number): Parameters<typeof judge>[1] => ({ start: '', end: '', exitCode, output: '' });

test("Docker's defaults: every 30 s, within 30 s, three failures, no start period", () => {
  expect(of({ Test: ['CMD', 'true'] })).toEqual({
    args: ['true'], interval: 30_000, timeout: 30_000, startPeriod: 0, startInterval: 5000, retries: 3,
  });
});

test("a line is run by the container's shell", () => {
  expect(of({ Test: ['CMD-SHELL', 'curl x'] })?.args).toEqual(['/bin/sh', '-c', 'curl x']);
  expect(of({ Test: ['CMD-SHELL', 'curl x'] }, ['/bin/bash', '-lc'])?.args).toEqual(['/bin/bash', '-lc', 'curl x']);
});

test.each([[{ Test: ['NONE'] }], [{ Test: [] }], [{}], [{ Test: ['BOGUS', 'x'] }]])('%j is no check', (health) => {
  expect(of(health)).toBeUndefined();
});

test('a failure counts from the end of the start period on, a success at once', () => {
  const check = of({ Test: ['CMD', 'x'], StartPeriod: 10 * second, StartInterval: second, Retries: 2 })!;
  const begin = starting(undefined);
  const early = judge(begin, result(1), check, 5000);
  expect([early.status, early.failingStreak, early.log.length]).toEqual(['starting', 0, 1]);
  expect(nextCheck(early, check, 5000)).toBe(1000);
  expect(nextCheck(early, check, 11_000)).toBe(30_000);
  const once = judge(early, result(1), check, 11_000);
  expect([once.status, once.failingStreak]).toEqual(['starting', 1]);
  const twice = judge(once, result(7), check, 12_000);
  expect([twice.status, twice.failingStreak]).toEqual(['unhealthy', 2]);
  const well = judge(twice, result(0), check, 13_000);
  expect([well.status, well.failingStreak]).toEqual(['healthy', 0]);
  // Once healthy, a failure counts though the start period lasts.
  expect(judge(judge(begin, result(0), check, 100), result(1), check, 200).failingStreak).toBe(1);
});

test('five results are kept', () => {
  const check = of({ Test: ['CMD', 'x'] })!;
  let health = starting(undefined);
  for (let code = 0; code < 9; code += 1) health = judge(health, result(code), check, 0);
  expect(health.log.map(({ exitCode }) => exitCode)).toEqual([4, 5, 6, 7, 8]);
});

test.each([
  [{ Interval: 1000 }, 'Interval in Healthcheck cannot be less than 1ms'],
  [{ Timeout: -1 }, 'Timeout in Healthcheck'],
  [{ Retries: -1 }, 'Retries in Healthcheck cannot be negative'],
])('%j is refused', (health, words) => {
  expect(() => checkHealthConfig(health)).toThrow(words);
});

test.each([[250, '250ms'], [1000, '1s'], [1500, '1.5s'], [90_000, '1m30s'], [3_600_000, '1h0m0s']])('%i ms is %s', (ms, text) => {
  expect(goDuration(ms)).toBe(text);
});
