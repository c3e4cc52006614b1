import type { Database } from '../host/database.ts';
import type { PortBinding } from '../model/ports.ts';

/** One container on one network, from attach to detach. Where a family isn't there its texts are '' and its length 0. */
export interface EndpointRecord {
  readonly containerId: string;
  readonly networkId: string;
  /** 64 hex digits, drawn anew at each attach. */
  readonly endpointId: string;
  readonly networkName: string;
  /** The link's name in the container: `eth0`. */
  readonly device: string;
  readonly address: string;
  readonly prefixLength: number;
  /** '' on a network without a way out. */
  readonly gateway: string;
  readonly address6: string;
  readonly prefixLength6: number;
  readonly gateway6: string;
  /** `02:42:ac:1e:00:02`. */
  readonly mac: string;
  /** Of a container's networks the highest gives the default route; among equals the first by name. */
  readonly gatewayPriority: number;
  /** The container's name and the others under which this network knows it. */
  readonly name: string;
  readonly aliases: readonly string[];
  /** Alias → container name or id, for this container alone. */
  readonly links: Readonly<Record<string, string>>;
  /** Published ports; all of them are at the endpoint with the default route. */
  readonly ports: readonly PortBinding[];
}

export interface Endpoints {
  get(containerId: string, networkId: string): EndpointRecord | undefined;
  /** In the order of their links: eth0 first. */
  of(containerId: string): readonly EndpointRecord[];
  on(networkId: string): EndpointRecord[];
  list(): EndpointRecord[];
  put(endpoint: EndpointRecord): void;
  remove(containerId: string, networkId: string): void;
}

/** Kept in memory and in the database; the database is read once. */
export function openEndpoints(database: Database): Endpoints {
  database.define(`CREATE TABLE IF NOT EXISTS network_endpoints (
    container TEXT NOT NULL, network TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (container, network))`);
  /** Container → its endpoints, eth0 first: a thousand containers are asked for one by one at each change of ports. */
  const known = new Map<string, EndpointRecord[]>();
  const numberOf = ({ device }: EndpointRecord): number => Number(/\d+$/.exec(device)?.[0] ?? 0);
  const others = ({ containerId, networkId }: Pick<EndpointRecord, 'containerId' | 'networkId'>): EndpointRecord[] =>
    (known.get(containerId) ?? []).filter((endpoint) => endpoint.networkId !== networkId);
  const keep = (endpoint: EndpointRecord): void =>
    void known.set(endpoint.containerId, [...others(endpoint), endpoint].sort((a, b) => numberOf(a) - numberOf(b)));
  for (const { record } of database.all<{ record: string }>('SELECT record FROM network_endpoints')) {
    keep(JSON.parse(record) as EndpointRecord);
  }
  const list = (): EndpointRecord[] => [...known.values()].flat();
  return {
    get: (containerId, networkId) => known.get(containerId)?.find((endpoint) => endpoint.networkId === networkId),
    of: (containerId) => known.get(containerId) ?? [],
    on: (networkId) => list().filter((endpoint) => endpoint.networkId === networkId),
    list,
    put: (endpoint) => {
      database.run('INSERT OR REPLACE INTO network_endpoints (container, network, record) VALUES (?, ?, ?)',
        endpoint.containerId, endpoint.networkId, JSON.stringify(endpoint));
      keep(endpoint);
    },
    remove: (containerId, networkId) => {
      database.run('DELETE FROM network_endpoints WHERE container = ? AND network = ?', containerId, networkId);
      const rest = others({ containerId, networkId });
      if (rest.length > 0) known.set(containerId, rest);
      else known.delete(containerId);
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
