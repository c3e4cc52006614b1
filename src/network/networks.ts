import { randomBytes } from 'node:crypto';
import type { Database } from '../host/database.ts';
import { formatSubnet, type Subnet } from '../model/address.ts';
import { notFound } from '../model/errors.ts';
import { gatewayText } from './ipam.ts';

export type Driver = 'bridge' | 'host' | 'null';

export interface BridgeSettings {
  /** The link's name, at most 15 bytes. */
  readonly link: string;
  /** The gateway's address and the block around it. */
  readonly subnet: Subnet;
  readonly mtu: number;
  /** Containers of this network reach one another. */
  readonly icc: boolean;
  /** What leaves gets the host's address. */
  readonly masquerade: boolean;
}

export interface NetworkRecord {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly driver: Driver;
  /** RFC 3339. */
  readonly created: string;
  readonly bridge?: BridgeSettings;
}

export interface NetworkRecords {
  list(): NetworkRecord[];
  /** By name, id, or the start of an id that only one network has. */
  find(reference: string): NetworkRecord;
}

interface Row {
  id: string;
  name: string;
  created: string;
}

/**
 * The networks that every engine has: `bridge`, `host` and `none`. Their ids are drawn once and kept; the settings of
 * `bridge` are the daemon's options.
 */
export function openNetworks(database: Database, bridge: BridgeSettings): NetworkRecords {
  database.define(`CREATE TABLE IF NOT EXISTS networks (
    name TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, created TEXT NOT NULL)`);
  const load = (name: string): Row => database.transaction(() => {
    const known = database.get<Row>('SELECT id, name, created FROM networks WHERE name = ?', name);
    if (known) return known;
    const row = { id: randomBytes(32).toString('hex'), name, created: new Date().toISOString() };
    database.run('INSERT INTO networks (name, id, created) VALUES (?, ?, ?)', row.name, row.id, row.created);
    return row;
  });
  const predefined: NetworkRecord[] = [
    { ...load('bridge'), driver: 'bridge', bridge },
    { ...load('host'), driver: 'host' },
    { ...load('none'), driver: 'null' },
  ];
  return {
    list: () => predefined,
    find: (reference) => {
      const name = reference === 'default' || reference === '' ? 'bridge' : reference;
      const exact = predefined.find((network) => network.name === name || network.id === name);
      if (exact) return exact;
      const byPrefix = predefined.filter((network) => network.id.startsWith(name));
      if (byPrefix.length === 1 && byPrefix[0]) return byPrefix[0];
      throw notFound(`network ${reference} not found`);
    },
  };
}

export interface Member {
  readonly containerId: string;
  readonly name: string;
  readonly endpointId: string;
  readonly mac: string;
  /** With its prefix length. */
  readonly address: string;
}

/** A network as Docker's API shows it. */
export function inspectNetwork(network: NetworkRecord, members: readonly Member[]): Record<string, unknown> {
  const { bridge } = network;
  return {
    Name: network.name, Id: network.id, Created: network.created, Scope: 'local', Driver: network.driver,
    EnableIPv4: true, EnableIPv6: false,
    IPAM: {
      Driver: 'default', Options: null,
      Config: bridge ? [{ Subnet: formatSubnet(bridge.subnet), Gateway: gatewayText(bridge.subnet) }] : [],
    },
    Internal: false, Attachable: false, Ingress: false, ConfigFrom: { Network: '' }, ConfigOnly: false,
    Containers: Object.fromEntries(members.map((member) => [member.containerId, {
      Name: member.name, EndpointID: member.endpointId, MacAddress: member.mac,
      IPv4Address: member.address, IPv6Address: '',
    }])),
    Options: bridge ? {
      'com.docker.network.bridge.default_bridge': 'true',
      'com.docker.network.bridge.enable_icc': String(bridge.icc),
      'com.docker.network.bridge.enable_ip_masquerade': String(bridge.masquerade),
      'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
      'com.docker.network.bridge.name': bridge.link,
      'com.docker.network.driver.mtu': String(bridge.mtu),
    } : {},
    Labels: {},
  };
}
