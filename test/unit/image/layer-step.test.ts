import { describe, expect, it, test } from 'vitest';
import { copyStepOf, stepOf, type LayerStep } from '../../../src/image/layer-step.ts';
import type { TarEntry } from '../../../src/image/tar-entry.ts';

type Wish = Partial<Omit<TarEntry, 'link'>> & { link?: string };

const entry = (name: string, more: Wish = {}): TarEntry => ({
  type: 'file', mode: 0o644, uid: 0, gid: 0, size: 0, mtime: { seconds: 0, nanoseconds: 0 }, major: 0, minor: 0,
  xattrs: new Map(), sparse: false, ...more, name: Buffer.from(name, 'latin1'), link: Buffer.from(more.link ?? '', 'latin1'),
});

function step(name: string, more: Wish = {}): LayerStep | undefined {
  return stepOf(entry(name, more));
}

test('names lose their dots and doubled slashes; the root is the empty path', () => {
  expect(step('./a//b/./c')?.path).toBe('a/b/c');
  expect(step('dir/', { type: 'directory' })?.path).toBe('dir');
  expect(step('./', { type: 'directory' })).toMatchObject({ op: 'directory', path: '' });
  expect(step('a/..b/c..')?.path).toBe('a/..b/c..');
});

test.each([
  ['/etc/passwd', 'absolute'], ['../x', '..'], ['a/../../x', '..'], ['a/..', '..'], ['', 'without a name'],
  ['.wh.', 'whiteout'], ['a/.wh...', 'whiteout'], ['x\0y', 'NUL'], ['n/'.repeat(3000), 'longer'],
])('the name %j is refused: %s', (name, why) => {
  expect(() => step(name)).toThrow(why);
});

test('hardlinks to names outside the layer are refused, symlinks may say what they like', () => {
  expect(() => step('h', { type: 'hardlink', link: '../../etc/passwd' })).toThrow('hardlink target ../../etc/passwd');
  expect(() => step('h', { type: 'hardlink', link: '/etc/passwd' })).toThrow('absolute');
  expect(step('s', { type: 'symlink', link: '../../etc/passwd' })).toMatchObject({ op: 'symlink', link: '../../etc/passwd' });
});

test('whiteouts become whiteouts of the name they hide, the opaque marker its directory', () => {
  expect(step('a/.wh.b')).toMatchObject({ op: 'whiteout', path: 'a/b' });
  expect(step('.wh.b')).toMatchObject({ op: 'whiteout', path: 'b' });
  expect(step('a/b/.wh..wh..opq')).toMatchObject({ op: 'opaque', path: 'a/b' });
  expect(step('.wh..wh..opq')).toMatchObject({ op: 'opaque', path: '' });
  expect(step('.wh..wh.plnk', { type: 'directory' })).toBeUndefined();
});

test('modes carry the type bits that mknod wants', () => {
  expect(step('f', { type: 'fifo', mode: 0o640 })?.mode).toBe(0o010640);
  expect(step('c', { type: 'character', mode: 0o600 })?.mode).toBe(0o020600);
  expect(step('b', { type: 'block', mode: 0o600 })?.mode).toBe(0o060600);
});

describe('an archive that is copied into a container', () => {
  const copied = (name: string, link = ''): string | undefined =>
    copyStepOf('var/lib', entry(name, link ? { type: 'hardlink', link } : {}))?.path;

  it('lies below its directory, absolute names too, and whiteouts are files like others', () => {
    expect(copied('a/./b')).toBe('var/lib/a/b');
    expect(copied('/a')).toBe('var/lib/a');
    expect(copied('a/../b')).toBe('var/lib/b');
    expect(copied('.wh.x')).toBe('var/lib/.wh.x');
    expect(copied('./')).toBeUndefined();
  });

  it('is refused where a name or a link leads out of it', () => {
    expect(() => copied('../x')).toThrow('is outside of "/var/lib"');
    expect(() => copied('a/../../x')).toThrow('is outside of "/var/lib"');
    expect(() => copied('x', '../y')).toThrow('is outside of "/var/lib"');
  });
});
