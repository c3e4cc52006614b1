import { expect, test } from 'vitest';
import type { TarEntry } from '../../../src/image/tar-entry.ts';
import { TarReader } from '../../../src/image/tar-reader.ts';
import { archive, entry, header, padded, pax, paxRecord } from './tar-bytes.ts';

interface Read extends Omit<TarEntry, 'name' | 'link'> {
  name: string;
  link: string;
  pieces: { offset: number; text: string }[];
  closed: boolean;
}

function read(bytes: Buffer, chunk = bytes.length || 1): Read[] {
  const entries: Read[] = [];
  const reader = new TarReader({
    entry: (found) => {
      const [name, link] = [found.name.toString('latin1'), found.link.toString('latin1')];
      entries.push({ ...found, name, link, pieces: [], closed: false });
    },
    data: (piece, offset) => {
      const pieces = entries.at(-1)!.pieces;
      const last = pieces.at(-1);
      if (last && last.offset + last.text.length === offset) last.text += piece.toString('latin1');
      else pieces.push({ offset, text: piece.toString('latin1') });
    },
    close: () => void (entries.at(-1)!.closed = true),
  });
  for (let at = 0; at < bytes.length; at += chunk) reader.write(bytes.subarray(at, at + chunk));
  reader.end();
  return entries;
}

test('a ustar entry gives name with prefix, mode with setuid, owner, time and data, whatever the chunks', () => {
  const bytes = archive(
    entry({ name: 'b', prefix: 'a/x', mode: '0004755', uid: '0001750', mtime: '14371573507', data: 'hello' }),
    entry({ name: 'empty' }),
  );
  const whole = read(bytes);
  expect(whole[0]).toMatchObject({
    type: 'file', name: 'a/x/b', mode: 0o4755, uid: 1000, size: 5, mtime: { seconds: 0o14371573507, nanoseconds: 0 },
    pieces: [{ offset: 0, text: 'hello' }], closed: true,
  });
  expect(whole[1]).toMatchObject({ name: 'empty', size: 0, closed: true });
  for (const chunk of [1, 7, 511, 512, 513]) expect(read(bytes, chunk)).toEqual(whole);
});

test('a v7 header without magic and with a name that ends in a slash is a directory', () => {
  expect(read(archive(entry({ name: 'dir/', type: '\0', magic: '' })))[0]).toMatchObject({ type: 'directory' });
});

test('names that are not UTF-8 come back byte for byte, from the header and from PAX', () => {
  const raw = Buffer.from([0x62, 0xff, 0xfe, 0x61]);
  expect(read(archive(entry({ name: raw })))[0]!.name).toBe('b\xff\xfea');
  expect(read(archive(pax({ path: raw }), entry({ name: 'short' })))[0]!.name).toBe('b\xff\xfea');
});

test('GNU long names and long links hold for the next entry alone', () => {
  const name = 'n'.repeat(300);
  const link = 'l'.repeat(300);
  const bytes = archive(
    entry({ name: '././@LongLink', type: 'L', data: `${name}\0` }),
    entry({ name: '././@LongLink', type: 'K', data: `${link}\0` }),
    entry({ name: 'cut', type: '2', link: 'cut' }),
    entry({ name: 'next', type: '2', link: 'to' }),
  );
  expect(read(bytes, 100)).toMatchObject([{ name, link }, { name: 'next', link: 'to' }]);
});

test('base-256 numbers are read, negative ones too', () => {
  const big = Buffer.from([0x80, 0, 0, 0, 0, 0x1e, 0x84, 0x81]);
  const before = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]);
  const found = read(archive(entry({ name: 'f', uid: big, mtime: before })))[0]!;
  expect(found.uid).toBe(2000001);
  expect(found.mtime.seconds).toBe(-2);
});

test('PAX times keep nanoseconds, also before 1970', () => {
  const at = (mtime: string): unknown => read(archive(pax({ mtime }), entry({ name: 'f' })))[0]!.mtime;
  expect(at('1700000000.123456789')).toEqual({ seconds: 1700000000, nanoseconds: 123456789 });
  expect(at('5.5')).toEqual({ seconds: 5, nanoseconds: 500000000 });
  expect(at('-1.25')).toEqual({ seconds: -2, nanoseconds: 750000000 });
  expect(at('-3')).toEqual({ seconds: -3, nanoseconds: 0 });
});

test('xattrs are bytes: NUL, newline and equals signs survive', () => {
  const value = Buffer.from([0, 0x0a, 0x3d, 0xff]);
  const bytes = archive(
    pax({ 'SCHILY.xattr.security.capability': value, 'LIBARCHIVE.xattr.user.a%3db': value.toString('base64') }),
    entry({ name: 'f' }),
  );
  const { xattrs } = read(bytes)[0]!;
  expect(xattrs.get('security.capability')).toEqual(value);
  expect(xattrs.get('user.a=b')).toEqual(value);
});

test('global PAX records hold until a local one, or an empty one, takes them back', () => {
  const bytes = archive(
    pax({ uid: '7', 'SCHILY.xattr.user.g': 'x' }, 'g'),
    entry({ name: 'one' }),
    pax({ uid: '8' }),
    entry({ name: 'two' }),
    pax({ uid: '9' }, 'g'),
    entry({ name: 'three' }),
    pax({ uid: '' }),
    entry({ name: 'four', uid: '0000005' }),
  );
  expect(read(bytes).map(({ uid }) => uid)).toEqual([7, 8, 9, 5]);
});

test('a PAX size replaces the size of the header', () => {
  const bytes = archive(pax({ size: '5' }), header({ name: 'f', size: 0 }), padded('hello'));
  expect(read(bytes)[0]).toMatchObject({ size: 5, pieces: [{ offset: 0, text: 'hello' }] });
});

test('a hardlink and a directory with a size have no data', () => {
  const bytes = archive(header({ name: 'h', type: '1', link: 'f', size: 900 }), header({ name: 'd', type: '5', size: 512 }));
  expect(read(bytes).map(({ type }) => type)).toEqual(['hardlink', 'directory']);
});

test('devices carry their numbers', () => {
  expect(read(archive(entry({ name: 'c', type: '3', major: '0000005', minor: '0000454' })))[0])
    .toMatchObject({ type: 'character', major: 5, minor: 300 });
});

const field = (value: number): string => `${value.toString(8).padStart(11, '0')}\0`;

test('old GNU sparse files are put in place, with extension blocks', () => {
  const extension = Buffer.alloc(512);
  extension.write(field(4000) + field(2), 0);
  const sparse = header({
    name: 's', type: 'S', size: 6, magic: 'ustar  \0',
    edit: (block) => {
      [0, 1000, 2000, 3000].forEach((offset, at) => block.write(field(offset) + field(1), 386 + at * 24));
      block[482] = 1;
      block.write(field(5000), 483);
    },
  });
  const found = read(archive(sparse, extension, padded('abcdef')), 300)[0]!;
  expect(found).toMatchObject({ size: 5000, sparse: true, closed: true });
  expect(found.pieces).toEqual([
    { offset: 0, text: 'a' }, { offset: 1000, text: 'b' }, { offset: 2000, text: 'c' }, { offset: 3000, text: 'd' },
    { offset: 4000, text: 'ef' },
  ]);
});

test('PAX sparse files 0.0, 0.1 and 1.0 give the same file', () => {
  const pieces = [{ offset: 10, text: 'abc' }, { offset: 100, text: 'de' }];
  const zero = archive(
    pax(Buffer.concat([
      paxRecord('GNU.sparse.size', '200'), paxRecord('GNU.sparse.numblocks', '2'),
      paxRecord('GNU.sparse.offset', '10'), paxRecord('GNU.sparse.numbytes', '3'),
      paxRecord('GNU.sparse.offset', '100'), paxRecord('GNU.sparse.numbytes', '2'),
    ])),
    entry({ name: 's', data: 'abcde' }),
  );
  const one = archive(
    pax({ 'GNU.sparse.size': '200', 'GNU.sparse.name': 's', 'GNU.sparse.map': '10,3,100,2' }),
    entry({ name: 'GNUSparseFile.0/s', data: 'abcde' }),
  );
  const map = padded('2\n10\n3\n100\n2\n');
  const major = archive(
    pax({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '200', 'GNU.sparse.name': 's' }),
    entry({ name: 'GNUSparseFile.0/s', data: Buffer.concat([map, Buffer.from('abcde')]) }),
  );
  for (const bytes of [zero, one, major]) {
    for (const chunk of [bytes.length, 100]) {
      expect(read(bytes, chunk)).toMatchObject([{ name: 's', size: 200, sparse: true, pieces, closed: true }]);
    }
  }
});

test('a sparse file that is all hole closes without data', () => {
  const bytes = archive(
    pax({ 'GNU.sparse.size': '4096', 'GNU.sparse.map': '4096,0', 'GNU.sparse.name': 'hole' }), entry({ name: 'x' }),
  );
  expect(read(bytes)).toMatchObject([{ name: 'hole', size: 4096, pieces: [], closed: true }]);
});

test.each<[string, Buffer, RegExp]>([
  ['stops inside data', entry({ name: 'f', data: 'x'.repeat(600) }).subarray(0, 800), /^f: archive is truncated/],
  ['stops inside a header', entry({ name: 'f' }).subarray(0, 100), /truncated/],
  ['stops inside a PAX header', pax({ path: 'long' }).subarray(0, 600), /truncated/],
  ['has a wrong checksum', archive(entry({ name: 'f' }).fill('x', 0, 1)), /checksum/],
  ['is text', Buffer.from('no archive at all'.repeat(100)), /checksum/],
  ['goes on after its end', Buffer.concat([Buffer.alloc(512), entry({ name: 'f' })]), /after the end/],
  ['has a PAX record that lies about its length', archive(pax(Buffer.from('99 path=x\n')), entry({ name: 'f' })), /malformed PAX/],
  ['has a PAX size that is no number', archive(pax({ size: '12a' }), entry({ name: 'f' })), /bad number in PAX record size/],
  ['has letters for a size', archive(entry({ name: 'f', size: Buffer.from('12x') })), /bad number in header field size/],
  ['has a giant PAX header', header({ name: 'p', type: 'x', size: 2 ** 30 }), /over the limit/],
  ['has a giant long name', header({ name: 'p', type: 'L', size: 2 ** 30 }), /over the limit/],
  ['has an unknown type', archive(entry({ name: 'f', type: 'M' })), /unknown entry type "M"/],
  ['has a uid out of range', archive(pax({ uid: '4294967295' }), entry({ name: 'f' })), /uid 4294967295 is out of range/],
  ['has overlapping sparse segments', archive(
    pax({ 'GNU.sparse.size': '200', 'GNU.sparse.map': '10,3,11,2' }), entry({ name: 's', data: 'abcde' }),
  ), /out of order/],
  ['has a sparse map for more data than it holds', archive(
    pax({ 'GNU.sparse.size': '200', 'GNU.sparse.map': '10,30' }), entry({ name: 's', data: 'abcde' }),
  ), /covers 30 bytes/],
  ['has an endless sparse map', archive(
    pax({ 'GNU.sparse.major': '1', 'GNU.sparse.realsize': '9' }), entry({ name: 's', data: padded('9999999\n') }),
  ), /too long/],
])('an archive that %s is refused', (_, bytes, message) => {
  expect(() => read(bytes, 1000)).toThrow(message);
});

test('an archive without end blocks, or with nothing at all, is taken as it is', () => {
  expect(read(entry({ name: 'f' }))).toHaveLength(1);
  expect(read(Buffer.alloc(0))).toEqual([]);
});

test('a long header in one-byte chunks costs linear time', () => {
  const value = Buffer.alloc(500_000, 'v');
  const started = performance.now();
  read(archive(pax({ comment: value }), entry({ name: 'f' })), 1);
  expect(performance.now() - started).toBeLessThan(5000);
});
