import { expect, test } from 'vitest';
import { resolveProfile } from '../../../../src/runtime/seccomp/resolve.ts';
import type { SeccompProfile, SeccompProfileRule } from '../../../../src/runtime/spec/request.ts';

const situation = { capabilities: ['CAP_CHOWN'], architecture: 'x86_64', kernel: [5, 10] } as const;
const profile = (...rules: SeccompProfileRule[]): SeccompProfile => ({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: rules });
const rule = (more: Partial<SeccompProfileRule>): SeccompProfileRule => ({ names: ['read'], action: 'SCMP_ACT_ALLOW', ...more });
const kept = (more: Partial<SeccompProfileRule>): boolean => resolveProfile(profile(rule(more)), situation).syscalls?.length === 1;

test('rules hold where their conditions do', () => {
  expect(kept({ includes: { caps: ['CAP_CHOWN'] } })).toBe(true);
  expect(kept({ includes: { caps: ['CAP_CHOWN', 'CAP_KILL'] } })).toBe(false);
  expect(kept({ excludes: { caps: ['CAP_KILL', 'CAP_CHOWN'] } })).toBe(false);
  expect(kept({ includes: { arches: ['amd64', 'x32'] } })).toBe(true);
  expect(kept({ includes: { arches: ['arm64'] } })).toBe(false);
  expect(kept({ excludes: { arches: ['amd64'] } })).toBe(false);
  expect([kept({ includes: { minKernel: '5.10' } }), kept({ includes: { minKernel: '5.11' } })]).toEqual([true, false]);
  expect([kept({ includes: { minKernel: '4.99' } }), kept({ excludes: { minKernel: '5.1' } })]).toEqual([true, false]);
});

test('the host\'s architecture is always among those of the filter, with what the map adds', () => {
  expect(resolveProfile(profile(), situation).architectures).toEqual(['SCMP_ARCH_X86_64']);
  const archMap = [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }];
  expect(resolveProfile({ ...profile(), archMap }, situation).architectures).toEqual(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86']);
});

test.each<[string, SeccompProfile]>([
  ['both \'architectures\' and \'archMap\'', { ...profile(), architectures: ['SCMP_ARCH_X86'], archMap: [{ architecture: 'x', subArchitectures: [] }] }],
  ['action "SCMP_ACT_NOTIFY" is not one of', profile(rule({ action: 'SCMP_ACT_NOTIFY' }))],
  ['action undefined', {} as SeccompProfile],
  ['argument index 6', profile(rule({ args: [{ index: 6, value: 0, op: 'SCMP_CMP_EQ' }] }))],
  ['operator "EQ"', profile(rule({ args: [{ index: 0, value: 0, op: 'EQ' }] }))],
  ['argument value 0.5', profile(rule({ args: [{ index: 0, value: 0.5, op: 'SCMP_CMP_EQ' }] }))],
  ['minKernel "new"', profile(rule({ includes: { minKernel: 'new' } }))],
  ['\'name\' and \'names\'', profile(rule({ name: 'write' }))],
])('a bad profile is refused: %s', (message, bad) => {
  expect(() => resolveProfile(bad, situation)).toThrow(message);
});
