import { expect, test } from 'vitest';
import { checkRestartPolicy, nextDelay, startsWithDaemon, wantsRestart } from '../../../src/engine/restart-policy.ts';
import type { RestartPolicy } from '../../../src/model/host-config.ts';

const policy = (Name: RestartPolicy['Name'], MaximumRetryCount = 0): RestartPolicy => ({ Name, MaximumRetryCount });

test.each([
  ['no', 1, 0, false, false],
  ['', 1, 0, false, false],
  ['always', 0, 5, false, true],
  ['always', 0, 0, true, false],
  ['unless-stopped', 3, 0, false, true],
  ['unless-stopped', 3, 0, true, false],
  ['on-failure', 0, 0, false, false],
  ['on-failure', 1, 100, false, true],
] as const)('%s after exit code %i, %i restarts, stopped by hand %s: %s', (name, code, restarts, byHand, expected) => {
  expect(wantsRestart(policy(name), code, restarts, byHand)).toBe(expected);
});

test('on-failure:2 restarts twice and no more', () => {
  expect([0, 1, 2].map((restarts) => wantsRestart(policy('on-failure', 2), 1, restarts, false))).toEqual([
    true,
    true,
    false,
  ]);
});

test('delays double from 100 ms up to a minute', () => {
  const delays: number[] = [];
  for (let delay = 0, i = 0; i < 12; i += 1) delays.push((delay = nextDelay(delay, 50)));
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000]);
});

test('a run of ten seconds starts the delays over', () => {
  expect(nextDelay(25_600, 9_999)).toBe(51_200);
  expect(nextDelay(25_600, 10_000)).toBe(100);
});

test('with the daemon start: always in any case, unless-stopped unless a person stopped it', () => {
  expect(startsWithDaemon(policy('always'), true, false)).toBe(true);
  expect(startsWithDaemon(policy('unless-stopped'), false, false)).toBe(true);
  expect(startsWithDaemon(policy('unless-stopped'), true, false)).toBe(false);
  expect(startsWithDaemon(policy('no'), false, true)).toBe(false);
});

test.each([
  [policy('sometimes' as 'no'), false, /invalid restart policy 'sometimes'/],
  [policy('always', 3), false, /maximum retry count cannot be used with restart policy 'always'/],
  [policy('on-failure', -1), false, /cannot be negative/],
  [policy('always'), true, /can't create 'AutoRemove' container with restart policy/],
])('%o with AutoRemove %s is refused', (RestartPolicy, AutoRemove, words) => {
  expect(() => checkRestartPolicy({ RestartPolicy, AutoRemove })).toThrow(words);
});
