import { expect, test } from 'vitest';
import { globPattern } from '../../../src/engine/glob.ts';

test.each([
  ['web', 'web', true], ['web', 'web:1', false], ['w*:1', 'web:1', true], ['*', 'a/b', false], ['*/*', 'a/b', true],
  ['w?b', 'web', true], ['w[a-f]b', 'web', true], ['w[^a-f]b', 'web', false], ['a.c', 'abc', false], ['a\\*', 'a*', true],
  ['(x|y)', 'x', false],
])('%s on %s: %s', (pattern, name, matches) => {
  expect(globPattern(pattern).test(name)).toBe(matches);
});

test.each(['[', 'a[', 'a[]', 'a\\', '[z-a]'])('%s is refused as path.Match does', (pattern) => {
  expect(() => globPattern(pattern)).toThrow('syntax error in pattern');
});
