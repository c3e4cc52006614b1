import { expect, test } from 'vitest';
import { parseSignal } from '../../../src/engine/signals.ts';

test.each([
  ['TERM', 15],
  ['SIGTERM', 15],
  ['sigkill', 9],
  ['9', 9],
  ['HUP', 1],
  ['SIGRTMIN', 34],
  ['RTMIN+3', 37],
  ['SIGRTMAX-1', 63],
  ['64', 64],
])('the signal %s is number %i', (text, number) => {
  expect(parseSignal(text)).toBe(number);
});

test.each(['', '0', '65', 'FOO', 'SIG', '-9', 'RTMIN+99', '9x'])('the signal %j is refused', (text) => {
  expect(() => parseSignal(text)).toThrow(`Invalid signal: ${text}`);
});
