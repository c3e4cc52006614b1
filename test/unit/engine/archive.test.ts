import { describe, expect, it } from 'vitest';
import { absolutePath } from '../../../src/engine/archive.ts';

describe('a path of the archive endpoints', () => {
  it.each([
    ['d', '/d'], ['/d/', '/d/'], ['/d/.', '/d/.'], ['/d/./', '/d/./'], ['/', '/'], ['/.', '/.'], ['../../d/./f', '/d/f'],
    ['/a//b', '/a/b'], ['.', '/.'],
  ])('%s means %s: what stands at the end stays', (path, expected) => expect(absolutePath(path)).toBe(expected));

  it.each(['', 'a\0b', 'x'.repeat(5000)])('refuses what no path can be', (path) => expect(() => absolutePath(path)).toThrow('path'));
});
