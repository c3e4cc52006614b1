import { expect, test } from 'vitest';
import { syscalls } from '../../../../src/runtime/seccomp/syscalls.ts';

test('numbers are those of the kernel, old and new, on each architecture', () => {
  const of = (name: string): (number | undefined)[] => [syscalls.x86_64.get(name), syscalls.i386.get(name), syscalls.aarch64.get(name)];
  expect(of('read')).toEqual([0, 3, 63]);
  expect(of('execve')).toEqual([59, 11, 221]);
  expect(of('socket')).toEqual([41, 359, 198]);
  expect(of('socketcall')).toEqual([undefined, 102, undefined]);
  expect(of('clone3')).toEqual([435, 435, 435]);
  expect(of('rseq')).toEqual([334, 386, 293]);
  expect(of('file_setattr')).toEqual([469, 469, 469]);
  expect(of('uretprobe')).toEqual([335, undefined, undefined]);
  expect(of('newfstatat')).toEqual([262, undefined, 79]);
});

test('no two names share a number', () => {
  for (const table of Object.values(syscalls)) expect(new Set(table.values()).size).toBe(table.size);
});
