import type { Database } from '../host/database.ts';
import { formatAddress, parseAddress, parseSubnet, type Address, type Family } from '../model/address.ts';
import type { EndpointRecord } from './endpoints.ts';
import { macBytes, macOf, openIpam } from './ipam.ts';
import { poolOfFamily, subnetOf, type NetworkRecord } from './networks.ts';

/** What a container asks of its place on a network. */
export interface EndpointWish {
  /** The network's id. */
  readonly network: string;
  readonly address?: string;
  readonly address6?: string;
  /** Otherwise it follows from the address. */
  readonly mac?: string;
  readonly gatewayPriority?: number;
  /** The container's name; the others are its further names on this network. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** Alias → container name or id. */
  readonly links?: Readonly<Record<string, string>>;
}

type Place = Pick<EndpointRecord, 'address' | 'prefixLength' | 'gateway' | 'address6' | 'prefixLength6' | 'gateway6' | 'mac'>;

export interface Addresses {
  /** Sets aside a network's gateways and auxiliary addresses. Repeating is fine. */
  define(network: NetworkRecord): void;
  /** Leases for one container on one network, all or none. */
  lease(network: NetworkRecord, containerId: string, wish: EndpointWish): Place;
  release(containerId: string, network?: NetworkRecord): void;
  forget(network: NetworkRecord): void;
  /** Ends the leases of all who aren't in `living`. */
  keepOnly(living: ReadonlySet<string>): void;
}

const families: readonly Family[] = [4, 6];
/** Each family of a network has leases of its own. */
const leasesOf = (network: NetworkRecord, family: Family): string => (family === 4 ? network.id : `${network.id}/6`);

export function openAddresses(database: Database): Addresses {
  const ipam = openIpam(database);

  function leaseOne(network: NetworkRecord, family: Family, owner: string, wanted: string | undefined): Address | undefined {
    const pool = poolOfFamily(network, family);
    if (!pool) return undefined;
    const range = pool.range === undefined ? undefined : parseSubnet(pool.range);
    return ipam.lease(leasesOf(network, family), subnetOf(pool), owner, wanted, range);
  }

  const release: Addresses['release'] = (containerId, network) => {
    if (!network) ipam.release(containerId);
    else for (const family of families) ipam.release(containerId, leasesOf(network, family));
  };

  return {
    define: (network) => {
      for (const pool of network.pools) {
        const subnet = subnetOf(pool);
        const auxiliary = Object.values(pool.auxiliary).flatMap((text) => parseAddress(text) ?? []);
        ipam.define(leasesOf(network, subnet.family), subnet, [subnet, ...auxiliary]);
      }
    },
    lease: (network, containerId, wish) => {
      try {
        const four = leaseOne(network, 4, containerId, wish.address);
        const six = leaseOne(network, 6, containerId, wish.address6);
        const mac = wish.mac ?? (four || six ? macOf(four ?? (six as Address)) : '');
        if (wish.mac !== undefined) macBytes(wish.mac);
        const [pool4, pool6] = [poolOfFamily(network, 4), poolOfFamily(network, 6)];
        const lengthOf = (text: string): number => Number(text.split('/')[1]);
        return {
          mac: mac.toLowerCase(),
          address: four ? formatAddress(four) : '', prefixLength: pool4 ? lengthOf(pool4.subnet) : 0,
          gateway: pool4 && !network.internal ? pool4.gateway : '',
          address6: six ? formatAddress(six) : '', prefixLength6: pool6 ? lengthOf(pool6.subnet) : 0,
          gateway6: pool6 && !network.internal ? pool6.gateway : '',
        };
      } catch (error) {
        release(containerId, network);
        throw error;
      }
    },
    release,
    forget: (network) => {
      for (const family of families) ipam.forget(leasesOf(network, family));
    },
    keepOnly: (living) => void ipam.keepOnly(living),
  };
}
