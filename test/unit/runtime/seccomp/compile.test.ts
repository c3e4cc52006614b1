import { expect, test } from 'vitest';
import type { OciSeccomp, OciSeccompArgument, OciSeccompOperator } from '../../../../src/model/oci.ts';
import { compileSeccomp, returnValue } from '../../../../src/runtime/seccomp/compile.ts';
import { defaultProfile } from '../../../../src/runtime/seccomp/profile.ts';
import { resolveProfile } from '../../../../src/runtime/seccomp/resolve.ts';
import { syscalls, type SyscallArchitecture } from '../../../../src/runtime/seccomp/syscalls.ts';
import { interpret } from './interpret.ts';

const audit: Record<SyscallArchitecture, number> = { x86_64: 0xc000003e, i386: 0x40000003, aarch64: 0xc00000b7 };
const ALLOW = 0x7fff0000;
const EPERM = 0x50001;
const ENOSYS = 0x50000 + 38;

const holds = ({ index, op, value, valueTwo = 0 }: OciSeccompArgument, given: readonly bigint[]): boolean => {
  const [is, to] = [BigInt.asUintN(64, given[index] ?? 0n), BigInt.asUintN(64, BigInt(value))];
  switch (op) {
    case 'SCMP_CMP_EQ': return is === to;
    case 'SCMP_CMP_NE': return is !== to;
    case 'SCMP_CMP_LT': return is < to;
    case 'SCMP_CMP_LE': return is <= to;
    case 'SCMP_CMP_GT': return is > to;
    case 'SCMP_CMP_GE': return is >= to;
    case 'SCMP_CMP_MASKED_EQ': return (is & to) === BigInt(valueTwo);
    default: return op satisfies never;
  }
};

/** What a profile says of a call, read straight from its rules. */
function meaning(profile: OciSeccomp, architecture: SyscallArchitecture, number: number, given: readonly bigint[]): number {
  const otherwise = returnValue(profile.defaultAction, profile.defaultErrnoRet);
  const names = new Set([...syscalls[architecture]].filter(([, one]) => one === number).map(([name]) => name));
  const rules = (profile.syscalls ?? [])
    .filter((rule) => rule.names.some((name) => names.has(name)))
    .filter((rule) => returnValue(rule.action, rule.errnoRet) !== otherwise);
  const certain = rules.find((rule) => !rule.args?.length);
  const met = certain ?? rules.find(({ args = [] }) => args.every((one) => holds(one, given)));
  return met ? returnValue(met.action, met.errnoRet) : otherwise;
}

const situation = (capabilities: string[]) => ({ capabilities, architecture: 'x86_64' as const, kernel: [6, 18] as [number, number] });
const samples: bigint[][] = [
  [], [2n, 1n], [38n], [40n], [0x7e020000n], [0x11n], [0x10000000n], [0xffffffffn], [1n], [8n], [0x20008n], [16n], [45n], [46n],
  [0x1_0000_0002n], [0xffff_ffff_ffff_ffffn],
];

for (const capabilities of [[], ['CAP_SYS_ADMIN'], ['CAP_SYS_CHROOT', 'CAP_SYS_NICE', 'CAP_SYSLOG', 'CAP_BPF']]) {
  test(`the default profile as BPF says of every call what the profile says (${capabilities.join(' ') || 'no capability'})`, () => {
    const profile = resolveProfile(defaultProfile, situation(capabilities));
    const program = compileSeccomp(profile);
    for (const architecture of ['x86_64', 'i386'] as const) {
      for (let number = 0; number < 520; number++) {
        for (const given of samples) {
          const got = interpret(program, { number, architecture: audit[architecture], arguments: given });
          const wanted = meaning(profile, architecture, number, given);
          if (got !== wanted) expect({ architecture, number, given, got }).toEqual({ architecture, number, given, got: wanted });
        }
      }
    }
  });
}

test('arm64 gets its own numbers', () => {
  const profile = resolveProfile(defaultProfile, { ...situation([]), architecture: 'aarch64' });
  const program = compileSeccomp(profile);
  for (let number = 0; number < 520; number++) {
    const given = [2n];
    expect(interpret(program, { number, architecture: audit.aarch64, arguments: given })).toBe(meaning(profile, 'aarch64', number, given));
  }
  expect(interpret(program, { number: 39, architecture: audit.x86_64, arguments: [] })).toBe(EPERM);
});

test('x32 calls, number -1 and architectures that the profile does not name are refused', () => {
  const program = compileSeccomp(resolveProfile(defaultProfile, situation([])));
  for (const number of [0x40000000, 0x40000027, 0xffffffff, 0x7fffffff]) {
    expect(interpret(program, { number, architecture: audit.x86_64, arguments: [] })).toBe(EPERM);
  }
  expect(interpret(program, { number: 172, architecture: audit.aarch64, arguments: [] })).toBe(EPERM);
});

test('sockets of the kernel\'s crypto and of the hypervisor are refused, through socketcall too', () => {
  const program = compileSeccomp(resolveProfile(defaultProfile, situation([])));
  const socket = (family: bigint): number => interpret(program, { number: 41, architecture: audit.x86_64, arguments: [family] });
  expect([socket(38n), socket(40n), socket(0x1_0000_0026n)]).toEqual([EPERM, EPERM, EPERM]);
  expect([socket(1n), socket(2n), socket(10n), socket(16n), socket(17n)]).toEqual([ALLOW, ALLOW, ALLOW, ALLOW, ALLOW]);
  const socketcall = (call: bigint): number => interpret(program, { number: 102, architecture: audit.i386, arguments: [call] });
  expect([socketcall(1n), socketcall(3n)]).toEqual([ENOSYS, ALLOW]);
});

test('new namespaces are refused by clone and unknown to clone3, unless with CAP_SYS_ADMIN', () => {
  const run = (capabilities: string[], number: number, flags: bigint): number =>
    interpret(compileSeccomp(resolveProfile(defaultProfile, situation(capabilities))), { number, architecture: audit.x86_64, arguments: [flags] });
  expect(run([], 56, 0x3d0f00n)).toBe(ALLOW); // what pthread_create asks for
  expect(run([], 56, 0x10000000n)).toBe(EPERM);
  expect(run([], 435, 0n)).toBe(ENOSYS);
  expect(run(['CAP_SYS_ADMIN'], 56, 0x10000000n)).toBe(ALLOW);
  expect(run(['CAP_SYS_ADMIN'], 435, 0n)).toBe(ALLOW);
});

const operators: OciSeccompOperator[] =
  ['SCMP_CMP_EQ', 'SCMP_CMP_NE', 'SCMP_CMP_LT', 'SCMP_CMP_LE', 'SCMP_CMP_GT', 'SCMP_CMP_GE', 'SCMP_CMP_MASKED_EQ'];
const values = [0n, 1n, 0xffff_fffen, 0xffff_ffffn, 0x1_0000_0000n, 0x1_0000_0001n, 0x8000_0000_0000_0000n, 0xffff_ffff_ffff_ffffn];

test('every operator compares all 64 bits', () => {
  for (const op of operators) {
    for (const value of values) {
      const rule = { index: 3, value, valueTwo: value & 0xffn, op };
      const program = compileSeccomp({
        defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86_64'],
        syscalls: [{ names: ['read'], action: 'SCMP_ACT_KILL_PROCESS', args: [rule] }],
      });
      for (const given of values) {
        const got = interpret(program, { number: 0, architecture: audit.x86_64, arguments: [0n, 0n, 0n, given] });
        expect([op, value, given, got]).toEqual([op, value, given, holds(rule, [0n, 0n, 0n, given]) ? 0x80000000 : ALLOW]);
      }
    }
  }
});

test('conditions on several arguments must all hold, on one and the same they are alternatives', () => {
  const filter = (args: OciSeccompArgument[]) => compileSeccomp({
    defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86_64'], syscalls: [{ names: ['read'], action: 'SCMP_ACT_ERRNO', args }],
  });
  const run = (program: Uint8Array, given: bigint[]): number => interpret(program, { number: 0, architecture: audit.x86_64, arguments: given });
  const both = filter([{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }, { index: 1, value: 2, op: 'SCMP_CMP_EQ' }]);
  expect([run(both, [1n, 2n]), run(both, [1n, 3n]), run(both, [0n, 2n])]).toEqual([EPERM, ALLOW, ALLOW]);
  const either = filter([{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }, { index: 0, value: 2, op: 'SCMP_CMP_EQ' }]);
  expect([run(either, [1n]), run(either, [2n]), run(either, [3n])]).toEqual([EPERM, EPERM, ALLOW]);
});

test('a profile of alternating actions and many conditions stays right when jumps grow beyond a byte', () => {
  const names = [...syscalls.x86_64.keys()];
  const profile: OciSeccomp = {
    defaultAction: 'SCMP_ACT_ERRNO', architectures: ['SCMP_ARCH_X86_64'],
    syscalls: names.map((name, index) => ({
      names: [name], action: index % 2 === 0 ? 'SCMP_ACT_ALLOW' : 'SCMP_ACT_LOG',
      ...(index % 5 === 0 && { args: [{ index: 0, value: index, op: 'SCMP_CMP_GT' as const }, { index: 1, value: 5, op: 'SCMP_CMP_EQ' as const }] }),
    })),
  };
  const program = compileSeccomp(profile);
  for (let number = 0; number < 480; number++) {
    for (const given of [[0n], [10_000n, 5n]]) {
      expect(interpret(program, { number, architecture: audit.x86_64, arguments: given })).toBe(meaning(profile, 'x86_64', number, given));
    }
  }
});

test('a filter that the kernel would find too long is refused with a reason', () => {
  const profile: OciSeccomp = {
    defaultAction: 'SCMP_ACT_ERRNO', architectures: ['SCMP_ARCH_X86_64'],
    syscalls: Array.from({ length: 1000 }, (_, value) => ({
      names: ['ioctl'], action: 'SCMP_ACT_ALLOW' as const, args: [{ index: 1, value, op: 'SCMP_CMP_EQ' as const }],
    })),
  };
  expect(() => compileSeccomp(profile)).toThrow(/50\d\d instructions are more than the kernel's 4096/);
});
