import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UnpackEncoder } from '../../../src/image/unpack-encoder.ts';
import { entryBytes, entryFields, renderUnpackHeader, unpackOps } from '../../../src/image/unpack-ops.ts';

test('runtime/unpack_ops.h is what the table renders', () => {
  const path = join(import.meta.dirname, '../../../runtime/unpack_ops.h');
  expect(readFileSync(path, 'utf8')).toBe(renderUnpackHeader());
});

test('the fields follow each other without a gap', () => {
  const sizes = { u16: 2, u32: 4, u64: 8, i64: 8 };
  let at = 0;
  for (const [name, type, offset] of entryFields) {
    expect([name, offset]).toEqual([name, at]);
    at += sizes[type];
  }
  expect(entryBytes).toBe(at);
});

test('a file is encoded as entry, data and close; times before 1970 and sizes over 4 GiB fit', () => {
  const encoder = new UnpackEncoder();
  encoder.entry({
    type: 'file', name: Buffer.from('a/b'), link: Buffer.alloc(0), mode: 0o4755, uid: 7, gid: 0xfffffffe, size: 5 * 2 ** 32 + 3,
    mtime: { seconds: -5, nanoseconds: 9 }, major: 0, minor: 0, sparse: true,
    xattrs: new Map([['user.x', Buffer.from([0, 1])], ['trusted.overlay.redirect', Buffer.from('/etc')]]),
  });
  encoder.data(Buffer.from('hi'), 5 * 2 ** 32 + 1);
  encoder.data(Buffer.alloc(100_000, 1), 0);
  encoder.close();
  encoder.end();
  const bytes = Buffer.concat(encoder.take());
  const xattrsBytes = 8 + 'user.x'.length + 1 + 2;
  expect(bytes[0]).toBe(unpackOps.file);
  expect(bytes.readUInt16LE(2)).toBe(1);
  const body = bytes.readUInt32LE(4);
  expect(body).toBe(entryBytes + 4 + 1 + xattrsBytes);
  expect(bytes.readUInt32LE(8)).toBe(0o104755);
  expect(bytes.readUInt32LE(16)).toBe(0xfffffffe);
  expect(bytes.readBigInt64LE(8 + 16)).toBe(-5n);
  expect(bytes.readBigUInt64LE(8 + 24)).toBe(5n * 2n ** 32n + 3n);
  expect(bytes.toString('latin1', 8 + entryBytes, 8 + entryBytes + 5)).toBe('a/b\0\0');
  let at = 8 + body;
  expect([bytes[at], bytes.readUInt32LE(at + 4)]).toEqual([unpackOps.data, 10]);
  expect(bytes.readBigUInt64LE(at + 8)).toBe(5n * 2n ** 32n + 1n);
  at += 8 + 10;
  expect([bytes[at], bytes.readUInt32LE(at + 4)]).toEqual([unpackOps.data, 100_008]);
  at += 8 + 100_008;
  expect([bytes[at], bytes[at + 8], bytes.length]).toEqual([unpackOps.close, unpackOps.end, at + 16]);
  expect(encoder.take()).toEqual([]);
  expect(encoder.size).toBe(5 * 2 ** 32 + 3);
});
