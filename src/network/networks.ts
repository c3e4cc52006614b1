import { randomBytes } from 'node:crypto';
import type { Database } from '../host/database.ts';
import { formatAddress, formatSubnet, parseAddress, parseSubnet, type Family, type Subnet } from '../model/address.ts';
import { BerthError, conflict, invalid, notFound } from '../model/errors.ts';
import { option, settingsOf, type MacvlanSettings } from './drivers.ts';

export type Driver = 'bridge' | 'host' | 'null' | 'macvlan';

export interface BridgeSettings {
  /** The link's name, at most 15 bytes. */
  readonly link: string;
  /** One block of addresses a family, IPv4 first; the address that each carries is the gateway's. */
  readonly subnets: readonly Subnet[];
  readonly mtu: number;
  /** Containers of this network reach one another. */
  readonly icc: boolean;
  /** What leaves gets the host's address. */
  readonly masquerade: boolean;
  /** No way in or out but for its own containers and the host. */
  readonly internal: boolean;
  /** Where ports without a host address are published: '' is everywhere. */
  readonly hostIp: string;
}

/** One family's addresses of a network, as text. */
export interface AddressPool {
  /** `10.1.0.0/16`. */
  readonly subnet: string;
  readonly gateway: string;
  /** Shown by inspect as it was asked for. */
  readonly asked?: { readonly subnet: string; readonly gateway?: string };
  /** Containers get their addresses from this part of the block. */
  readonly range?: string;
  /** Name → address that no container gets. */
  readonly auxiliary: Readonly<Record<string, string>>;
}

/** What is kept of a network. */
export interface NetworkDefinition {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly driver: Driver;
  /** RFC 3339. */
  readonly created: string;
  readonly pools: readonly AddressPool[];
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the address management's driver: kept and shown. */
  readonly ipamOptions?: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** IPv6 was asked for. */
  readonly ipv6: boolean;
}

/** A network with what its driver makes of its options. */
export interface NetworkRecord extends NetworkDefinition {
  /** `bridge`, `host` and `none`: every engine has them, nobody removes them. */
  readonly predefined: boolean;
  readonly bridge?: BridgeSettings;
  readonly macvlan?: MacvlanSettings;
}

export interface NetworkRecords {
  list(): NetworkRecord[];
  /** By name, id, or the start of an id that only one network has. */
  find(reference: string): NetworkRecord;
  get(id: string): NetworkRecord | undefined;
  add(definition: NetworkDefinition): NetworkRecord;
  remove(id: string): void;
}

const predefinedNames = ['bridge', 'host', 'none'];
export const isPredefined = (name: string): boolean => predefinedNames.includes(name);

/** Records in memory and in the database. The settings of `bridge` are the daemon's options. */
export function openNetworks(database: Database, bridge: BridgeSettings): NetworkRecords {
  database.define(`CREATE TABLE IF NOT EXISTS networks (
    name TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, created TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS network_definitions (id TEXT PRIMARY KEY, definition TEXT NOT NULL)`);
  const known = new Map<string, NetworkRecord>();
  const keep = (network: NetworkRecord): NetworkRecord => {
    known.set(network.id, network);
    return network;
  };

  const idOf = (name: string): { id: string; created: string } => database.transaction(() => {
    const found = database.get<{ id: string; created: string }>('SELECT id, created FROM networks WHERE name = ?', name);
    if (found) return found;
    const row = { id: randomBytes(32).toString('hex'), created: new Date().toISOString() };
    database.run('INSERT INTO networks (name, id, created) VALUES (?, ?, ?)', name, row.id, row.created);
    return row;
  });
  const plain = { pools: [], internal: false, attachable: false, labels: {}, options: {}, ipv6: false, predefined: true };
  keep({ ...plain, ...idOf('bridge'), name: 'bridge', driver: 'bridge', ...ofBridge(bridge) });
  keep({ ...plain, ...idOf('host'), name: 'host', driver: 'host' });
  keep({ ...plain, ...idOf('none'), name: 'none', driver: 'null' });
  for (const { definition } of database.all<{ definition: string }>('SELECT definition FROM network_definitions')) {
    const parsed = JSON.parse(definition) as NetworkDefinition;
    keep({ ...parsed, predefined: false, ...settingsOf(parsed) });
  }

  function find(reference: string): NetworkRecord {
    const name = reference === 'default' || reference === '' ? 'bridge' : reference;
    const all = [...known.values()];
    const exact = known.get(name) ?? all.find((network) => network.name === name);
    if (exact) return exact;
    const byPrefix = /^[0-9a-f]{1,63}$/.test(name) ? all.filter((network) => network.id.startsWith(name)) : [];
    if (byPrefix.length > 1) {
      throw invalid(`${byPrefix.length} matches found based on ID prefix: network ${reference} is ambiguous`);
    }
    if (!byPrefix[0]) throw notFound(`network ${reference} not found`);
    return byPrefix[0];
  }

  return {
    list: () => [...known.values()],
    get: (id) => known.get(id),
    find,
    add: (definition) => {
      if ([...known.values()].some(({ name }) => name === definition.name)) {
        throw conflict(`network with name ${definition.name} already exists`);
      }
      const network = { ...definition, predefined: false, ...settingsOf(definition) };
      database.run('INSERT INTO network_definitions (id, definition) VALUES (?, ?)',
        definition.id, JSON.stringify(definition));
      return keep(network);
    },
    remove: (id) => {
      if (known.get(id)?.predefined) throw new BerthError('internal', `network ${id} can't be forgotten`);
      database.run('DELETE FROM network_definitions WHERE id = ?', id);
      known.delete(id);
    },
  };
}

/** The default network's record in the words of the others'. */
function ofBridge(bridge: BridgeSettings): Pick<NetworkRecord, 'bridge' | 'pools' | 'options'> {
  return {
    bridge,
    pools: bridge.subnets.map(poolOf),
    options: {
      [option.defaultBridge]: 'true', [option.icc]: String(bridge.icc), [option.masquerade]: String(bridge.masquerade),
      [option.hostIp]: bridge.hostIp || '0.0.0.0', [option.name]: bridge.link, [option.mtu]: String(bridge.mtu),
    },
  };
}

/** A block and the gateway in it as text. */
export function poolOf(subnet: Subnet): AddressPool {
  return { subnet: formatSubnet(subnet), gateway: formatAddress(subnet), auxiliary: {} };
}

/** The block of a pool, carrying the gateway's address. */
export function subnetOf({ subnet, gateway }: AddressPool): Subnet {
  const block = parseSubnet(subnet);
  const address = parseAddress(gateway);
  if (!block || !address) throw new BerthError('internal', `the record of subnet ${subnet} can't be read`);
  return { ...block, value: address.value };
}

export const poolOfFamily = (network: NetworkDefinition, family: Family): AddressPool | undefined =>
  network.pools.find(({ subnet }) => subnet.includes(':') === (family === 6));
