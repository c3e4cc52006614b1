import { expect, test } from 'vitest';
import type { OciDeviceRule } from '../../../src/model/oci.ts';
import { deviceProgram } from '../../../src/runtime/devices-bpf.ts';
import { buildSpec } from '../../../src/runtime/spec/build.ts';
import { host, request } from './examples.ts';

interface Access {
  readonly kind: 'b' | 'c';
  readonly major: number;
  readonly minor: number;
  readonly access: string;
}

/** Runs the eBPF instructions that the generator uses, as the kernel would. */
function allowed(program: Uint8Array, { kind, major, minor, access }: Access): boolean {
  const bits = [...access].reduce((mask, letter) => mask | ({ m: 1, r: 2, w: 4 }[letter] ?? 0), 0);
  const context = [(bits << 16) | { b: 1, c: 2 }[kind], major, minor];
  const code = Buffer.from(program);
  const registers = Array.from({ length: 11 }, () => 0);
  for (let at = 0; at * 8 < code.length;) {
    const operation = code.readUInt8(at * 8);
    const [to, from] = [code.readUInt8(at * 8 + 1) & 15, code.readUInt8(at * 8 + 1) >> 4];
    const [offset, immediate] = [code.readInt16LE(at * 8 + 2), code.readInt32LE(at * 8 + 4)];
    at += 1;
    if (operation === 0x61) registers[to] = context[offset / 4] ?? 0;
    else if (operation === 0x54) registers[to] = ((registers[to] ?? 0) & immediate) >>> 0;
    else if (operation === 0x74) registers[to] = (registers[to] ?? 0) >>> immediate;
    else if (operation === 0xb7) registers[to] = immediate;
    else if (operation === 0xbf) registers[to] = registers[from] ?? 0;
    else if (operation === 0x55) at += registers[to] !== immediate ? offset : 0;
    else if (operation === 0x5d) at += registers[to] !== registers[from] ? offset : 0;
    else if (operation === 0x95) return registers[0] === 1;
    else throw new Error(`operation ${operation}`);
  }
  throw new Error('ran past the end');
}

const meant = (rules: readonly OciDeviceRule[], one: Access): boolean => rules.findLast(({ type = 'a', major, minor, access = 'rwm' }) =>
  (type === 'a' || type === one.kind) && (major ?? one.major) === one.major && (minor ?? one.minor) === one.minor
  && [...one.access].every((letter) => access.includes(letter)))?.allow ?? false;

const accesses: Access[] = (['b', 'c'] as const).flatMap((kind) => [[1, 3], [1, 4], [5, 2], [10, 200], [136, 7], [254, 0]].flatMap(
  ([major = 0, minor = 0]) => ['r', 'w', 'm', 'rw', 'rwm'].map((access) => ({ kind, major, minor, access }))));

test.each<[string, OciDeviceRule[]]>([
  ['the default list', buildSpec(request(), host).linux.resources?.devices ?? []],
  ['one more device, read-only', buildSpec(request({
    devices: [{ path: '/dev/x', type: 'b', major: 254, minor: 0, mode: 0o600, uid: 0, gid: 0, access: 'r' }],
  }), host).linux.resources?.devices ?? []],
  ['everything but one', [{ allow: true }, { allow: false, type: 'c', major: 10, minor: 200, access: 'w' }]],
  ['nothing said of most', [{ allow: true, type: 'c', major: 1, access: 'rw' }]],
])('the program says of every access what the rules say: %s', (_, rules) => {
  const program = deviceProgram(rules);
  expect(program).toBeDefined();
  for (const one of accesses) expect({ ...one, allowed: allowed(program ?? new Uint8Array(), one) }).toEqual({ ...one, allowed: meant(rules, one) });
});

test('where everything is allowed there is no program', () => {
  expect(deviceProgram([{ allow: false }, { allow: true, access: 'rwm' }])).toBeUndefined();
  expect(deviceProgram([])).toBeUndefined();
});
