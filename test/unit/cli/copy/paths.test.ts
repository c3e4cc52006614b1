import { describe, expect, it } from 'vitest';
import { cleanPath, planCopy, renamed, splitArgument, splitPath, type Place } from '../../../../src/cli/copy/paths.ts';

const place = (path: string, kind: 'file' | 'directory' | 'missing'): Place =>
  ({ path, exists: kind !== 'missing', isDirectory: kind === 'directory' });

describe('the arguments of cp', () => {
  it.each([
    ['site:/etc', 'site', '/etc'], ['/a:b', '', '/a:b'], ['./a:b', '', './a:b'], ['file', '', 'file'], ['-', '', '-'], ['c:a:b', 'c', 'a:b'],
  ])('%s', (argument, container, path) => expect(splitArgument(argument)).toEqual({ container, path }));

  it.each([
    ['a', '/w/a'], ['a/', '/w/a/'], ['a/.', '/w/a/.'], ['.', '/w/.'], ['/', '/'], ['../x/./y', '/x/y'],
  ])('a local %s is %s: the end stays', (path, expected) => expect(cleanPath(path, '/w')).toBe(expected));

  it('splits into directory and last part', () => {
    expect(splitPath('/a/b/')).toEqual({ directory: '/a', base: 'b' });
    expect(splitPath('/a/b/.')).toEqual({ directory: '/a/b', base: '.' });
    expect(splitPath('/')).toEqual({ directory: '/', base: '/' });
  });
});

describe('where a copy goes', () => {
  it('goes below an existing directory under its own name', () => {
    expect(planCopy(place('/s/f', 'file'), place('/d', 'directory'))).toEqual({ directory: '/d' });
    expect(planCopy(place('/s', 'directory'), place('/d', 'directory'))).toEqual({ directory: '/d' });
  });

  it('gets the name of what isn’t there yet, or of the file it replaces', () => {
    expect(planCopy(place('/s/f', 'file'), place('/d/g', 'missing'))).toEqual({ directory: '/d', rename: { from: 'f', to: 'g' } });
    expect(planCopy(place('/s/f', 'file'), place('/d/g', 'file'))).toEqual({ directory: '/d', rename: { from: 'f', to: 'g' } });
    expect(planCopy(place('/s/.', 'directory'), place('/d/g', 'missing'))).toEqual({ directory: '/d', rename: { from: '.', to: 'g' } });
  });

  it('is refused in Docker’s words where it makes no sense', () => {
    expect(() => planCopy(place('/s', 'directory'), place('/d', 'file'))).toThrow('cannot copy directory');
    expect(() => planCopy(place('/s', 'file'), place('/d/', 'missing'))).toThrow('no such directory');
  });

  it.each([
    ['f', { from: 'f', to: 'g' }, 'g'], ['d/x', { from: 'd', to: 'e' }, 'e/x'], ['./x', { from: '.', to: 'e' }, 'e/x'],
    ['/x', { from: '/', to: 'e' }, 'e/x'], ['x', undefined, 'x'],
  ])('%s after %j is %s', (name, rename, expected) => expect(renamed(name, rename)).toBe(expected));
});
