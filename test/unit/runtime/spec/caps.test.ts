import { expect, test } from 'vitest';
import { capabilityMask } from '../../../../src/runtime/linux.ts';
import { capabilitySets, defaultCapabilities, wishedCapabilities } from '../../../../src/runtime/spec/caps.ts';

const every = (1n << 41n) - 1n;
const mask = (wish: { privileged?: boolean; add?: string[]; drop?: string[] }, limit = every): bigint =>
  capabilityMask(wishedCapabilities({ privileged: false, add: [], drop: [], ...wish }, limit));

test('the default set is Docker\'s', () => {
  expect(defaultCapabilities).toHaveLength(14);
  expect(mask({}).toString(16)).toBe('a80425fb');
});

test('names come in any case, with or without CAP_', () => {
  expect(mask({ drop: ['ALL'], add: ['cap_net_admin'] })).toBe(1n << 12n);
  expect(mask({ drop: ['all'], add: ['Net_Admin'] })).toBe(1n << 12n);
});

test('dropping all leaves what is added; adding all gives all but what is dropped; privileged has all', () => {
  expect(mask({ drop: ['ALL'] })).toBe(0n);
  expect(mask({ add: ['ALL'], drop: ['SYS_ADMIN'] })).toBe(every & ~(1n << 21n));
  expect(mask({ add: ['SYS_ADMIN'], drop: ['CHOWN'] }).toString(16)).toBe('a82425fa');
  expect(mask({ privileged: true, drop: ['ALL'] })).toBe(every);
});

test('nobody gets what the engine doesn\'t have itself', () => {
  const without = every & ~(1n << 24n);
  expect(mask({ privileged: true }, without)).toBe(without);
  expect(mask({ add: ['SYS_RESOURCE'] }, without)).toBe(mask({}));
});

test('an unknown name is refused in Docker\'s words', () => {
  expect(() => mask({ add: ['CAP_FLY'] })).toThrow('invalid CapAdd: unknown capability: "CAP_FLY"');
  expect(() => mask({ drop: ['fly'] })).toThrow('invalid CapDrop: unknown capability: "CAP_FLY"');
});

test('a user who isn\'t root has them as bounding only; nothing is ever inheritable or ambient', () => {
  expect(capabilitySets(['CAP_CHOWN'], 0)).toEqual({
    bounding: ['CAP_CHOWN'], effective: ['CAP_CHOWN'], permitted: ['CAP_CHOWN'], inheritable: [], ambient: [],
  });
  expect(capabilitySets(['CAP_CHOWN'], 1000)).toEqual({
    bounding: ['CAP_CHOWN'], effective: [], permitted: [], inheritable: [], ambient: [],
  });
});
