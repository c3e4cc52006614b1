import { randomInt } from 'node:crypto';
import type { Database } from '../host/database.ts';
import { addressBytes, parseAddress } from '../model/address.ts';
import { unavailable, type BerthError } from '../model/errors.ts';
import type { Op } from '../model/plan.ts';
import type { PortBinding, PortRequest, Protocol } from '../model/ports.ts';

/** One host port in use: `address` is an IP address in text, `0.0.0.0` and `::` standing for all of their family. */
interface HostPort {
  readonly address: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** Says whether the host would let us bind this port now. */
export type Probe = (port: HostPort) => Promise<boolean>;

export interface PortLeases {
  /**
   * Host ports for all of a container's wishes, or none at all. Ports in a wish's range are tried in turn, random ones
   * anywhere in `ephemeral`; one that another program holds is passed over.
   */
  lease(owner: string, requests: readonly PortRequest[], options: LeaseOptions): Promise<PortBinding[]>;
  /** Ends some of an owner's leases. */
  end(bindings: readonly PortBinding[]): void;
  release(owner: string): void;
  keepOnly(living: ReadonlySet<string>): void;
}

export interface LeaseOptions {
  readonly probe: Probe;
  /** First and last port to pick random ones from. */
  readonly ephemeral: readonly [number, number];
  /** Without a host address, listen on `::` as well: both get the same number. */
  readonly ipv6: boolean;
  /** And on `0.0.0.0`, unless told. */
  readonly ipv4?: boolean;
}

const hostPortOf = ({ hostIp, protocol, hostPort }: PortBinding): HostPort => ({ address: hostIp, protocol, port: hostPort });
const everywhere = new Set(['0.0.0.0', '::']);
const isIPv6 = (address: string): boolean => address.includes(':');

/** The text that Docker's users know. */
export const alreadyAllocated = (address: string, port: number): BerthError =>
  unavailable(`Bind for ${isIPv6(address) ? `[${address}]` : address}:${port} failed: port is already allocated`);

const inUse = ({ address, port, protocol }: HostPort): BerthError => unavailable(
  `failed to bind host port ${isIPv6(address) ? `[${address}]` : address}:${port}/${protocol}: address already in use: `
  + 'another program on the host holds it; choose another host port');

export function openPortLeases(database: Database): PortLeases {
  database.define(`CREATE TABLE IF NOT EXISTS port_leases (
    protocol TEXT NOT NULL, port INTEGER NOT NULL, address TEXT NOT NULL, owner TEXT NOT NULL,
    PRIMARY KEY (protocol, port, address)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS port_leases_owner ON port_leases (owner)`);

  const isFree = ({ address, protocol, port }: HostPort): boolean =>
    database.all<{ address: string }>('SELECT address FROM port_leases WHERE protocol = ? AND port = ?', protocol, port)
      .every((row) => isIPv6(row.address) !== isIPv6(address)
        || (row.address !== address && !everywhere.has(row.address) && !everywhere.has(address)));

  const take = (owner: string, wanted: readonly HostPort[]): boolean => database.transaction(() => {
    if (!wanted.every(isFree)) return false;
    for (const { address, protocol, port } of wanted) {
      database.run('INSERT INTO port_leases (protocol, port, address, owner) VALUES (?, ?, ?, ?)',
        protocol, port, address, owner);
    }
    return true;
  });
  const giveBack = (wanted: readonly HostPort[]): void => {
    for (const { address, protocol, port } of wanted) {
      database.run('DELETE FROM port_leases WHERE protocol = ? AND port = ? AND address = ?', protocol, port, address);
    }
  };

  async function leaseOne(owner: string, request: PortRequest, options: LeaseOptions): Promise<PortBinding[]> {
    const { protocol, hostIp } = request;
    const everyone = [...(options.ipv4 === false ? [] : ['0.0.0.0']), ...(options.ipv6 ? ['::'] : [])];
    const addresses = hostIp === '' ? everyone : [hostIp];
    const refusals: BerthError[] = [];
    for (const port of candidates(request, options.ephemeral)) {
      const wanted = addresses.map((address) => ({ address, protocol, port }));
      if (!take(owner, wanted)) {
        refusals.push(alreadyAllocated(addresses[0] ?? '', port));
        continue;
      }
      const free = await Promise.all(wanted.map(options.probe));
      if (free.every(Boolean)) {
        return wanted.map(({ address }) => ({ port: request.port, protocol, hostIp: address, hostPort: port }));
      }
      giveBack(wanted);
      refusals.push(inUse(wanted[free.indexOf(false)] ?? wanted[0] as HostPort));
    }
    if (request.first === request.last && refusals[0] && request.first !== 0) throw refusals[0];
    throw unavailable(`all ports are allocated: none of ${request.first || options.ephemeral[0]}-`
      + `${request.last || options.ephemeral[1]}/${protocol} is free`);
  }

  return {
    lease: async (owner, requests, options) => {
      const bindings: PortBinding[] = [];
      try {
        for (const request of requests) bindings.push(...await leaseOne(owner, request, options));
        return bindings;
      } catch (error) {
        giveBack(bindings.map(hostPortOf));
        throw error;
      }
    },
    end: (bindings) => giveBack(bindings.map(hostPortOf)),
    release: (owner) => database.run('DELETE FROM port_leases WHERE owner = ?', owner),
    keepOnly: (living) => database.transaction(() => {
      for (const { owner } of database.all<{ owner: string }>('SELECT DISTINCT owner FROM port_leases')) {
        if (!living.has(owner)) database.run('DELETE FROM port_leases WHERE owner = ?', owner);
      }
    }),
  };
}

/** The ports to try, in order: a range from its start; random ones from a random start, each once. */
function* candidates(request: PortRequest, [low, high]: readonly [number, number]): Generator<number> {
  if (request.first !== 0) {
    for (let port = request.first; port <= request.last; port++) yield port;
    return;
  }
  const count = high - low + 1;
  const start = randomInt(count);
  for (let i = 0; i < count; i++) yield low + ((start + i) % count);
}

/** Keeps the host ports bound by the container's keeper, so that no other program takes them while NAT serves them. */
export function holdPorts(bindings: readonly PortBinding[]): Op[] {
  return bindings.flatMap(({ hostIp, protocol, hostPort }): Op[] => {
    const address = parseAddress(hostIp);
    if (!address || protocol === 'sctp') return [];
    return [{
      op: 'hold_port', family: address.family === 4 ? 2 : 10, protocol: protocol === 'tcp' ? 6 : 17,
      address: addressBytes(address), port: hostPort,
    }];
  });
}

/** First and last port of the kernel's ephemeral range, from the text of /proc/sys/net/ipv4/ip_local_port_range. */
export function ephemeralRange(text: string | undefined): [number, number] {
  const [low, high] = (text ?? '').trim().split(/\s+/).map(Number);
  return low && high && low <= high ? [low, high] : [49153, 65535];
}
