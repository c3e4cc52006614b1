import type { Database } from '../host/database.ts';
import {
  contains, formatSubnet, lastOf, parseAddress, type Address, type Subnet,
} from '../model/address.ts';
import { BerthError, invalid, unavailable } from '../model/errors.ts';

/** An owner that is not a container: addresses that are never handed out. */
const reserved = 'reserved';
/** SQLite's integers end at 2^63; a larger block is used up to here, which no host fills. */
const furthest = (1n << 48n) - 1n;

interface Owned {
  readonly owner: string;
}

export interface Ipam {
  /** Sets aside a block's first and last address and `taken` (the gateway). Repeating is fine. */
  define(networkId: string, subnet: Subnet, taken: readonly Address[]): void;
  /** The lowest free address (of `range`), or the `wanted` one, leased to `owner`; an owner that has one keeps it. */
  lease(networkId: string, subnet: Subnet, owner: string, wanted?: string, range?: Subnet): Address;
  /** Ends an owner's leases, on one network or on all. */
  release(owner: string, networkId?: string): void;
  /** Ends the leases of all who aren't in `living`; returns their names. */
  keepOnly(living: ReadonlySet<string>): string[];
  leases(networkId: string): { owner: string; slot: number }[];
  forget(networkId: string): void;
}

/**
 * Address leases. A lease is a row (network, slot, owner), a slot being the distance from the block's first address.
 * Of each network we remember a slot below which all are taken, so that the lowest free one is found from there on.
 */
export function openIpam(database: Database): Ipam {
  database.define(`CREATE TABLE IF NOT EXISTS address_leases (
    network TEXT NOT NULL, slot INTEGER NOT NULL, owner TEXT NOT NULL, PRIMARY KEY (network, slot)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS address_leases_owner ON address_leases (owner)`);

  const fullBelow = new Map<string, number>();
  const insert = (network: string, slot: number, owner: string): void =>
    database.run('INSERT OR REPLACE INTO address_leases (network, slot, owner) VALUES (?, ?, ?)', network, slot, owner);
  const ownerOf = (network: string, slot: number): string | undefined =>
    database.get<Owned>('SELECT owner FROM address_leases WHERE network = ? AND slot = ?', network, slot)?.owner;

  return {
    define: (networkId, subnet, taken) => database.transaction(() => {
      const last = lastOf(subnet) - subnet.network;
      database.run('DELETE FROM address_leases WHERE network = ? AND owner = ?', networkId, reserved);
      insert(networkId, 0, reserved);
      if (last <= furthest) insert(networkId, Number(last), reserved);
      for (const address of taken) insert(networkId, Number(address.value - subnet.network), reserved);
    }),

    lease: (networkId, subnet, owner, wanted, range = subnet) => database.transaction(() => {
      const at = (slot: number): Address => ({ family: subnet.family, value: subnet.network + BigInt(slot) });
      const held = database.get<{ slot: number }>(
        'SELECT slot FROM address_leases WHERE network = ? AND owner = ?', networkId, owner);
      if (wanted !== undefined) {
        const address = parseAddress(wanted);
        if (!address) throw invalid(`invalid IP address: ${wanted}`);
        const slot = Number(address.value - subnet.network);
        if (!contains(subnet, address) || !Number.isSafeInteger(slot)) {
          throw invalid(`Invalid address ${wanted}: It does not belong to any of this network's subnets`);
        }
        const holder = ownerOf(networkId, slot);
        if (holder === owner) return address;
        if (holder !== undefined) {
          throw new BerthError('forbidden', 'Address already in use');
        }
        database.run('DELETE FROM address_leases WHERE network = ? AND owner = ?', networkId, owner);
        fullBelow.clear();
        insert(networkId, slot, owner);
        return address;
      }
      if (held) return at(held.slot);
      const first = Number(range.network - subnet.network);
      const from = Math.max(first, fullBelow.get(networkId) ?? 0);
      const gap = ownerOf(networkId, from) === undefined ? { free: from } : database.get<{ free: number }>(
        `SELECT a.slot + 1 AS free FROM address_leases a
         LEFT JOIN address_leases b ON b.network = a.network AND b.slot = a.slot + 1
         WHERE a.network = ? AND a.slot >= ? AND b.slot IS NULL ORDER BY a.slot LIMIT 1`,
        networkId, from);
      const slot = gap?.free ?? first;
      if (!contains(subnet, at(slot)) || !contains(range, at(slot))) {
        throw unavailable(`no available IPv${subnet.family} addresses in subnet ${formatSubnet(range)}: `
          + 'remove containers or choose a larger subnet');
      }
      insert(networkId, slot, owner);
      fullBelow.set(networkId, slot);
      return at(slot);
    }),

    release: (owner, networkId) => {
      fullBelow.clear();
      if (networkId === undefined) database.run('DELETE FROM address_leases WHERE owner = ?', owner);
      else database.run('DELETE FROM address_leases WHERE owner = ? AND network = ?', owner, networkId);
    },

    keepOnly: (living) => database.transaction(() => {
      fullBelow.clear();
      const owners = database.all<Owned>('SELECT DISTINCT owner FROM address_leases WHERE owner <> ?', reserved);
      const gone = owners.map(({ owner }) => owner).filter((owner) => !living.has(owner));
      for (const owner of gone) database.run('DELETE FROM address_leases WHERE owner = ?', owner);
      return gone;
    }),

    leases: (networkId) => database.all<{ owner: string; slot: number }>(
      'SELECT owner, slot FROM address_leases WHERE network = ? AND owner <> ? ORDER BY slot', networkId, reserved),

    forget: (networkId) => {
      fullBelow.delete(networkId);
      database.run('DELETE FROM address_leases WHERE network = ?', networkId);
    },
  };
}

/** Docker's way: the address itself in the last four bytes, so that a reused address brings its MAC along. */
export function macOf(address: Address): string {
  const low = [24n, 16n, 8n, 0n].map((shift) => Number((address.value >> shift) & 0xffn));
  return [2, 0x42, ...low].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** `02:42:ac:11:00:02` → 6 bytes. */
export function macBytes(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text) || Number.parseInt(text.slice(0, 2), 16) & 1) {
    throw invalid(`invalid MAC address: ${text}: want six hex bytes with colons between, the first one even`);
  }
  return Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));
}
