import { expect, test } from 'vitest';
import { mountWishes, parseBind, parseMount } from '../../../src/engine/mounts.ts';

test('an absolute source is a bind, private unless said', () => {
  expect(parseBind('/src:/dst')).toMatchObject({
    type: 'bind',
    source: '/src',
    destination: '/dst',
    readWrite: true,
    propagation: 'rprivate',
  });
  expect(parseBind('/src/:/dst/:ro,rslave')).toMatchObject({
    destination: '/dst',
    readWrite: false,
    propagation: 'rslave',
    mode: 'ro,rslave',
  });
});

test('a name is a volume, a path alone an anonymous one', () => {
  expect(parseBind('data:/d:ro,nocopy')).toMatchObject({
    type: 'volume',
    source: 'data',
    readWrite: false,
    noCopy: true,
  });
  expect(parseBind('/d')).toMatchObject({ type: 'volume', source: '', destination: '/d' });
});

test('a destination with .. stays in the container (CVE-2022-23648)', () => {
  expect(parseBind('/../../etc').destination).toBe('/etc');
  expect(parseBind('/a:/x/../../../y').destination).toBe('/y');
});

test.each([
  ['a:b:c:d', /invalid volume specification/],
  ['/a:', /invalid volume specification/],
  [':/a', /invalid volume specification/],
  ['/a:rel', /must be absolute/],
  ['rel', /must be absolute/],
  ['/a:/', /destination can't be '\/'/],
  ['/a:/..', /destination can't be/],
  ['/a:/b:rox', /invalid mode: rox/],
  ['/a:/b:ro,rw', /invalid mode/],
  ['vol:/b:rshared', /invalid mode/],
  ['rel/p:/b', /invalid characters/],
])('-v %s is refused', (text, words) => {
  expect(() => parseBind(text)).toThrow(words);
});

test('--mount says every field by name, and refuses what another type has', () => {
  expect(parseMount({ Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 1024, Mode: 0o1770 } })).toMatchObject({
    type: 'tmpfs',
    tmpfsOptions: ['size=1024', 'mode=1770'],
  });
  expect(parseMount({ Type: 'bind', Source: '/s', Target: '/t', ReadOnly: true })).toMatchObject({
    readWrite: false,
    createSource: false,
  });
  expect(() => parseMount({ Type: 'bind', Target: '/t' })).toThrow(/Source must not be empty/);
  expect(() => parseMount({ Type: 'tmpfs', Source: '/s', Target: '/t' })).toThrow(/Source must not be specified/);
  expect(() => parseMount({ Type: 'volume', Target: '/t', VolumeOptions: { Subpath: '../x' } })).toThrow(/subpath/);
  expect(() => parseMount({ Type: 'npipe' as 'bind', Target: '/t' })).toThrow(/mount type unknown/);
});

test("a destination twice is refused, but an image's volume gives way", () => {
  const none = { Binds: null };
  expect(() => mountWishes({ Binds: ['/a:/d', 'vol:/d'] }, null, [])).toThrow('Duplicate mount point: /d');
  expect(
    mountWishes({ Binds: ['/a:/d'] }, { '/d': {}, '/e': {} }, []).map(({ type, destination }) => [type, destination]),
  ).toEqual([
    ['bind', '/d'],
    ['volume', '/e'],
  ]);
  const brought = { ...parseBind('vol:/d'), noCopy: true };
  expect(mountWishes(none, { '/d': {} }, [brought])).toEqual([brought]);
  expect(mountWishes({ Binds: ['/mine:/d'] }, null, [brought])[0]).toMatchObject({ source: '/mine' });
});
