import { expect, test } from 'vitest';
import { humanDuration, statusWords } from '../../../src/api/status-words.ts';
import { parseTime } from '../../../src/engine/clock.ts';
import { neverRun, type ContainerState } from '../../../src/model/container.ts';

test.each([
  [0.5, 'Less than a second'],
  [1, '1 second'],
  [59, '59 seconds'],
  [60, 'About a minute'],
  [119, 'About a minute'],
  [120, '2 minutes'],
  [3599, '59 minutes'],
  [3600, 'About an hour'],
  [5400, '2 hours'],
  [86_400, '24 hours'],
  [48 * 3600, '2 days'],
  [14 * 86_400, '2 weeks'],
  [60 * 86_400, '2 months'],
  [730 * 86_400, '2 years'],
])('%d seconds are "%s"', (seconds, words) => {
  expect(humanDuration(seconds)).toBe(words);
});

const now = parseTime('2024-01-01T00:01:00Z') ?? 0n;
const run = {
  startedAt: '2024-01-01T00:00:57Z',
  finishedAt: '2024-01-01T00:00:50Z',
  exitCode: 3,
  error: '',
  oomKilled: false,
};
test.each([
  [neverRun, 'Created'],
  [{ ...run, status: 'running', pid: 1, startTime: '1' }, 'Up 3 seconds'],
  [{ ...run, status: 'paused', pid: 1, startTime: '1' }, 'Up 3 seconds (Paused)'],
  [{ ...run, status: 'exited' }, 'Exited (3) 10 seconds ago'],
  [{ ...run, status: 'restarting' }, 'Restarting (3) 10 seconds ago'],
  [{ ...run, status: 'removing' }, 'Removal In Progress'],
  [{ ...run, status: 'dead' }, 'Dead'],
] satisfies [ContainerState, string][])('%o is "%s"', (state, words) => {
  expect(statusWords(state, now)).toBe(words);
});
