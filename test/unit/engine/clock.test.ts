import { expect, test } from 'vitest';
import { formatTime, nowNs, parseMoment, parseTime } from '../../../src/engine/clock.ts';

test('times are written as Go writes RFC3339Nano: nine digits, trailing zeros cut', () => {
  expect(formatTime(1_700_000_000_120_000_000n)).toBe('2023-11-14T22:13:20.12Z');
  expect(formatTime(1_700_000_000_000_000_000n)).toBe('2023-11-14T22:13:20Z');
  expect(formatTime(1_700_000_000_000_000_001n)).toBe('2023-11-14T22:13:20.000000001Z');
});

test('what is written is read back to the nanosecond', () => {
  const now = nowNs();
  expect(parseTime(formatTime(now))).toBe(now);
});

test.each([
  ['1700000000', 1_700_000_000_000_000_000n],
  ['1700000000.000000123', 1_700_000_000_000_000_123n],
  ['0', 0n],
  ['2023-11-14T22:13:20Z', 1_700_000_000_000_000_000n],
  ['2023-11-14T23:13:20.5+01:00', 1_700_000_000_500_000_000n],
])('the moment %s', (text, expected) => {
  expect(parseMoment(text)).toBe(expected);
});

test('how long ago is a moment too', () => {
  const ago = parseMoment('1h30m') ?? 0n;
  expect(Number(nowNs() - ago) / 1e9).toBeCloseTo(5400, 0);
});

test.each(['yesterday', '', '1x', 'h', '-5m', '2023-13-45T00:00:00Z'])('%j is no moment', (text) => {
  expect(parseMoment(text)).toBeUndefined();
});

test('the year 1 that stands for "never" can be read', () => {
  expect(parseTime('0001-01-01T00:00:00Z')).toBeLessThan(0n);
});
