import { expect, test } from 'vitest';
import { normalise, type Names } from '../../compat/normalise.ts';

const base = '1'.repeat(64);
const names: Names = {
  directories: new Map([['/tmp/bw1/root', '<root>'], ['/tmp/bw1', '<world>']]),
  digests: new Map([[base, '<image busybox>']]),
};
const of = (text: string): string => normalise(text, names).trimEnd();

test('ids lose their digits, and the digests that both engines know keep a name', () => {
  expect(of(`${'ab'.repeat(32)} ${'ab'.repeat(6)} sha256:${base} ${base.slice(0, 12)}`)).toBe('<id> <id> sha256:<image busybox> <image busybox>');
  expect(of('123456789012')).toBe('123456789012');
});

test('times and ages lose their value, and the time that stands for never keeps it', () => {
  expect(of('2024-01-02T03:04:05.678Z 0001-01-01T00:00:00Z')).toBe('<time> 0001-01-01T00:00:00Z');
  expect(of('2024-01-02 03:04:05 +0000 UTC')).toBe('<time>');
  expect(of('Up 3 seconds|Up About a minute (Paused)|Exited (0) Less than a second ago')).toBe('Up <ago>|Up <ago> (Paused)|Exited (0) <ago> ago');
});

test('ports that the engine chose are hidden, those that were asked for stay', () => {
  expect(of('0.0.0.0:49153->80/tcp, 0.0.0.0:18080->80/tcp')).toBe('0.0.0.0:<port>->80/tcp, 0.0.0.0:18080->80/tcp');
});

test('a JSON block becomes one line per field, in order, and the text around it stays', () => {
  expect(of('before\n<<json\n{"b":[1,{"c":null}],"a":{},"Pid":77,"Created":1}\njson>>\nafter')).toBe(
    'before\nCreated = <time>\nPid = <pid>\na = {}\nb[0] = 1\nb[1].c = null\nafter');
});

test('several documents in one block are numbered, and what is no JSON stays text', () => {
  expect(of('<<json\n{"a":1}\n{"a":2}\njson>>')).toBe('line 1.a = 1\nline 2.a = 2');
  expect(of('<<json\nError: no\njson>>')).toBe('Error: no');
});

test('a size or pid of nothing is told, so that a missing one is seen', () => {
  expect(of('<<json\n{"Size":0,"SizeRw":5,"Pid":0,"Created":"0001-01-01T00:00:00Z"}\njson>>')).toBe(
    'Created = "0001-01-01T00:00:00Z"\nPid = 0\nSize = 0\nSizeRw = <size>');
});

test('paths below the engines’ directories keep their last name only', () => {
  expect(of('/tmp/bw1/root/containers/x/hosts:/tmp/bw1/root/a/b,/tmp/bw1/other')).toBe('<root>/…/hosts:<root>/…/b,<world>/other');
});
