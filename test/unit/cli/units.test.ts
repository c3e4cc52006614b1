import { describe, expect, test } from 'vitest';
import { ago, binarySize, humanDuration, humanSize } from '../../../src/cli/units.ts';
import { parseBytes, parseDuration, parseMoment } from '../../../src/cli/units.ts';

test.each([
  [0, '0B'], [999, '999B'], [1000, '1kB'], [1_976_320, '1.98MB'], [4_430_000, '4.43MB'], [125_000_000, '125MB'],
])('%d bytes read %s', (bytes, text) => {
  expect(humanSize(bytes, 3)).toBe(text);
});

test('memory reads in multiples of 1024', () => {
  expect(binarySize(67_108_864)).toBe('64MiB');
  expect(binarySize(16_500_000_000)).toBe('15.37GiB');
});

test.each([
  [0.4, 'Less than a second'], [1.9, '1 second'], [59, '59 seconds'], [60, 'About a minute'], [119, 'About a minute'],
  [120, '2 minutes'], [3599, '59 minutes'], [3600, 'About an hour'], [7200, '2 hours'], [47 * 3600, '47 hours'],
  [48 * 3600, '2 days'], [14 * 86400, '2 weeks'], [60 * 86400, '2 months'], [730 * 86400, '2 years'],
])('%d seconds are %s', (seconds, words) => {
  expect(humanDuration(seconds)).toBe(words);
});

test('what has no time is not of 1970', () => {
  expect(ago(0)).toBe('N/A');
  expect(ago(100, 220)).toBe('2 minutes ago');
});

test.each([
  ['512', 512], ['64k', 65536], ['128m', 134217728], ['1.5g', 1610612736], ['2GiB', 2147483648],
  ['10MB', 10485760], ['1b', 1],
])('%s is %d bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each(['', '-1', 'm', '1x', '1 2', '0x10', '99999999p'])('%j is no size', (text) => {
  expect(() => parseBytes(text)).toThrow('expected a size');
});

test.each([
  ['30s', 30e9], ['1m30s', 90e9], ['500ms', 5e8], ['-1.5h', -5400e9], ['0', 0],
])('%s is %d nanoseconds', (text, nanoseconds) => {
  expect(parseDuration(text)).toBe(nanoseconds);
});

test.each(['', '30', 's', '1d', '1h 2m'])('%j is no duration', (text) => {
  expect(() => parseDuration(text)).toThrow('expected a duration');
});

describe('a moment', () => {
  test('may be a time', () => {
    expect(parseMoment('2026-01-31T12:00:00Z')).toBe('1769860800.000000000');
    expect(parseMoment('2026-01-31T12:00:00.123456789+01:00')).toBe('1769857200.123456789');
  });
  test('may be Unix seconds', () => expect(parseMoment('1769860800.5')).toBe('1769860800.5'));
  test('may be a while ago', () => expect(parseMoment('10m', 1_769_860_800_000)).toBe('1769860200.000000000'));
  test.each(['yesterday', '12:00', ''])('is not %j', (text) => {
    expect(() => parseMoment(text)).toThrow('expected a time');
  });
});
