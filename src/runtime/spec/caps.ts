import { invalid } from '../../model/errors.ts';
import type { OciCapabilities } from '../../model/oci.ts';
import { capabilityMask, capabilityNames } from '../linux.ts';

/** What a container has by default: Docker's fourteen. */
export const defaultCapabilities: readonly string[] = [
  'CHOWN', 'DAC_OVERRIDE', 'FSETID', 'FOWNER', 'MKNOD', 'NET_RAW', 'SETGID', 'SETUID', 'SETFCAP', 'SETPCAP', 'NET_BIND_SERVICE',
  'SYS_CHROOT', 'KILL', 'AUDIT_WRITE',
];

export interface CapabilityWish {
  readonly privileged: boolean;
  /** Names in any case, with or without `CAP_`, or `ALL`. */
  readonly add: readonly string[];
  readonly drop: readonly string[];
}

/**
 * The capabilities (`CAP_…`) that a wish comes to, by Docker's rules: privileged has all; `drop ALL` leaves what is
 * added; `add ALL` gives all but what is dropped. Throws where a name is unknown. `limit`: the engine's own bounding set.
 */
export function wishedCapabilities(wish: CapabilityWish, limit: bigint): string[] {
  const add = normalise(wish.add, 'CapAdd');
  const drop = normalise(wish.drop, 'CapDrop');
  const chosen = (name: string): boolean => {
    if (wish.privileged) return true;
    if (drop.has('ALL')) return add.has('ALL') || add.has(name);
    if (add.has('ALL')) return !drop.has(name);
    return add.has(name) || (defaultCapabilities.includes(name) && !drop.has(name));
  };
  return capabilityNames.filter((name) => chosen(name) && (capabilityMask([name]) & limit) !== 0n).map((name) => `CAP_${name}`);
}

/** The five sets: nothing inheritable or ambient (CVE-2022-24769), and nothing in force for a user who isn't root. */
export function capabilitySets(names: readonly string[], uid: number): OciCapabilities {
  const inForce = uid === 0 ? [...names] : [];
  return { bounding: [...names], effective: inForce, permitted: [...inForce], inheritable: [], ambient: [] };
}

function normalise(names: readonly string[], field: string): Set<string> {
  return new Set(names.map((given) => {
    const name = given.trim().toUpperCase().replace(/^CAP_/, '');
    if (name !== 'ALL' && !(capabilityNames as readonly string[]).includes(name)) {
      throw invalid(`invalid ${field}: unknown capability: "CAP_${name.slice(0, 100)}"`);
    }
    return name;
  }));
}
