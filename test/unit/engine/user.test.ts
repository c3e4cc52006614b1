import { expect, test } from 'vitest';
import { resolveUser } from '../../../src/engine/user.ts';

const files = {
  passwd:
    'root:x:0:0:root:/root:/bin/sh\n# a comment\nredis:x:101:102::/var/lib/redis:/bin/false\n' +
    '1234:x:77:78::/odd:/bin/sh\nbroken\n',
  group: 'root:x:0:\nredis:x:102:\naudio:x:29:redis,other\nvideo:x:44:redis\n',
};

test("nobody asked for is root with root's home", () => {
  expect(resolveUser('', files)).toEqual({ uid: 0, gid: 0, groups: [0], home: '/root' });
});

test('a name brings its group, its home and the groups that list it, its own group first', () => {
  expect(resolveUser('redis', files)).toEqual({ uid: 101, gid: 102, groups: [102, 29, 44], home: '/var/lib/redis' });
});

test('a number that has an entry brings what the name would', () => {
  expect(resolveUser('101', files)).toEqual(resolveUser('redis', files));
});

test('a number without entry stands for itself, with group 0 and home /', () => {
  expect(resolveUser('5000', files)).toEqual({ uid: 5000, gid: 0, groups: [0], home: '/' });
});

test('a group given drops the groups that list the user', () => {
  expect(resolveUser('redis:audio', files)).toEqual({ uid: 101, gid: 29, groups: [29], home: '/var/lib/redis' });
  expect(resolveUser('redis:4000', files).groups).toEqual([4000]);
});

test('a name made of digits is a name before it is a number', () => {
  expect(resolveUser('1234', files).uid).toBe(77);
});

test('added groups join by name or number, each once', () => {
  expect(resolveUser('redis', files, ['video', '29', '5']).groups).toEqual([102, 29, 44, 5]);
});

test.each([
  ['nobody2', /unable to find user nobody2/],
  ['redis:nogroup2', /unable to find group nogroup2/],
  ['2147483648', /range 0-2147483647/],
  ['4294967296', /range/],
  ['-1', /range/],
  ['0:2147483648', /range/],
])('the user %s is refused (CVE-2024-40635)', (spec, words) => {
  expect(() => resolveUser(spec, files)).toThrow(words);
});

test('an image without the files knows numbers only', () => {
  const none = { passwd: '', group: '' };
  expect(resolveUser('7:8', none)).toEqual({ uid: 7, gid: 8, groups: [8], home: '/' });
  expect(() => resolveUser('root', none)).toThrow(/unable to find user root/);
});
