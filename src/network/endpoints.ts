import type { Database } from '../host/database.ts';
import type { PortBinding } from '../model/ports.ts';

/** One container on one network, from attach to detach. */
export interface EndpointRecord {
  readonly containerId: string;
  readonly networkId: string;
  /** 64 hex digits, drawn anew at each attach. */
  readonly endpointId: string;
  readonly address: string;
  readonly prefixLength: number;
  readonly gateway: string;
  /** `02:42:ac:1e:00:02`. */
  readonly mac: string;
  readonly ports: readonly PortBinding[];
}

export interface Endpoints {
  get(containerId: string): EndpointRecord | undefined;
  list(): EndpointRecord[];
  put(endpoint: EndpointRecord): void;
  remove(containerId: string): void;
}

/** Kept in memory and in the database; the database is read once. */
export function openEndpoints(database: Database): Endpoints {
  database.define('CREATE TABLE IF NOT EXISTS endpoints (container TEXT PRIMARY KEY, record TEXT NOT NULL)');
  const known = new Map(database.all<{ container: string; record: string }>('SELECT container, record FROM endpoints')
    .map(({ container, record }) => [container, JSON.parse(record) as EndpointRecord]));
  return {
    get: (containerId) => known.get(containerId),
    list: () => [...known.values()],
    put: (endpoint) => {
      database.run('INSERT OR REPLACE INTO endpoints (container, record) VALUES (?, ?)',
        endpoint.containerId, JSON.stringify(endpoint));
      known.set(endpoint.containerId, endpoint);
    },
    remove: (containerId) => {
      database.run('DELETE FROM endpoints WHERE container = ?', containerId);
      known.delete(containerId);
    },
  };
}

/** Who answers to which names on one network. */
export interface NamedEndpoint {
  readonly containerId: string;
  /** The container's name; `shortId` (its first 12 digits) and `aliases` lead to it as well. */
  readonly name: string;
  readonly shortId: string;
  readonly aliases: readonly string[];
  readonly ipv4?: string;
  readonly ipv6?: string;
}

/** What a container can look up on one of its networks: the answer of `Network.namesOn(containerId)`. */
export interface NetworkNames {
  readonly networkId: string;
  readonly networkName: string;
  /** User-defined: the default bridge resolves no names. */
  readonly resolves: boolean;
  /** No way out: outside names are not resolved by this network's account. */
  readonly internal: boolean;
  /** Everyone on it, the container itself included. */
  readonly members: readonly NamedEndpoint[];
  /** This container's own links: alias → container name or id. They come before names and aliases. */
  readonly links: Readonly<Record<string, string>>;
}
