import {
  contains, formatAddress, formatSubnet, overlaps, parseAddress, parseSubnet, widthOf, type Family, type Subnet,
} from '../model/address.ts';
import { BerthError, invalid } from '../model/errors.ts';
import { settingsOf } from './drivers.ts';
import {
  isPredefined, poolOf, type AddressPool, type Driver, type NetworkDefinition,
} from './networks.ts';
import { freeSubnet, type DefaultPool } from './pools.ts';

/** What somebody wants a network to be, in the words of Docker's API; '' where nothing was said. */
export interface NetworkWish {
  readonly name: string;
  readonly driver: string;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  readonly ipamDriver: string;
  /** Kept and shown; our own address management knows none. */
  readonly ipamOptions: Readonly<Record<string, string>> | null;
  readonly pools: readonly PoolWish[];
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface PoolWish {
  readonly subnet: string;
  readonly range: string;
  readonly gateway: string;
  readonly auxiliary: Readonly<Record<string, string>>;
}

export interface Surroundings {
  /** 64 hex digits for the new network. */
  readonly id: string;
  /** RFC 3339. */
  readonly created: string;
  /** The blocks of other networks. */
  readonly networks: readonly Subnet[];
  /** What the host has or reaches elsewhere: never chosen for a network that leaves the choice to us. */
  readonly host: readonly Subnet[];
  readonly defaults: readonly DefaultPool[];
}

const forbidden = (message: string): BerthError => new BerthError('forbidden', message);

/** A network in every detail, or one line that says why it can't be. Nothing is made. */
export function defineNetwork(wish: NetworkWish, around: Surroundings): NetworkDefinition {
  const { name } = wish;
  if (!/^\S(.*\S)?$/.test(name) || name.includes('\0')) throw invalid(`invalid name: ${name.slice(0, 100)}`);
  if (isPredefined(name)) throw forbidden(`operation is not permitted on predefined ${name} network `);
  const driver = driverOf(wish.driver);
  if (!['', 'default'].includes(wish.ipamDriver)) {
    throw new BerthError('not-found', `plugin "${wish.ipamDriver}" not found`);
  }
  if (!wish.ipv4 && !wish.ipv6) throw invalid('IPv4 or IPv6 must be enabled');
  const asked = wish.pools.filter(({ subnet }) => subnet !== '').map(readPool);
  const unasked = wish.pools.find(({ subnet, range, gateway }) => subnet === '' && (range !== '' || gateway !== ''));
  if (unasked) throw invalid(`Invalid subnet  : a gateway or IP range needs the subnet that it lies in`);
  for (const pool of asked) checkFree(pool, asked, around.networks);
  const families: readonly Family[] = [...(wish.ipv4 ? [4 as const] : []), ...(wish.ipv6 ? [6 as const] : [])];
  const pools = families.map((family) => {
    const own = asked.filter(({ block }) => block.family === family);
    if (own.length > 1) throw invalid(`${driver} networks have one IPv${family} subnet: leave the others out`);
    return own[0]?.pool ?? poolOf(freeSubnet(family, around.defaults, [...around.networks, ...around.host]));
  });
  // A subnet of a family that the network hasn't is let pass and has no effect, as Docker has it.
  const definition: NetworkDefinition = {
    id: around.id, name, driver, created: around.created, pools, ipv6: wish.ipv6,
    internal: wish.internal, attachable: wish.attachable, labels: wish.labels, options: wish.options,
    ...(wish.ipamOptions ? { ipamOptions: wish.ipamOptions } : {}),
  };
  settingsOf(definition); // throws where an option can't be
  return definition;
}

function driverOf(name: string): Driver {
  switch (name) {
    case '':
    case 'default':
    case 'bridge': return 'bridge';
    case 'macvlan': return 'macvlan';
    case 'host':
    case 'null': throw forbidden(`only one instance of "${name}" network is allowed`);
    case 'overlay': throw new BerthError('unavailable',
      'This node is not a swarm manager. Berth has no swarm mode: use the bridge driver');
    default: throw new BerthError('not-found', `plugin "${name}" not found`);
  }
}

interface ReadPool {
  readonly block: Subnet;
  readonly pool: AddressPool;
}

function readPool(wish: PoolWish): ReadPool {
  const block = parseSubnet(wish.subnet);
  if (!block) throw invalid(`Invalid subnet ${wish.subnet} : invalid CIDR address: ${wish.subnet}`);
  if (block.prefix > widthOf(block.family) - 2 || block.prefix < (block.family === 4 ? 8 : 16)) {
    throw invalid(`invalid subnet ${wish.subnet}: it needs room for a gateway and a container, and at most `
      + `${block.family === 4 ? '/8' : '/16'}`);
  }
  const subnet = formatSubnet(block);
  const gateway = wish.gateway === '' ? { family: block.family, value: block.network + 1n }
    : parseAddress(wish.gateway.split('/')[0] ?? '');
  if (!gateway) throw invalid(`invalid gateway address ${wish.gateway} in Ipam configuration`);
  if (!contains(block, gateway) || gateway.value === block.network) {
    throw invalid(`failed to allocate gateway (${wish.gateway}): Requested address is out of range`);
  }
  const range = wish.range === '' ? undefined : parseSubnet(wish.range);
  if (wish.range !== '' && (!range || range.prefix < block.prefix || !overlaps(block, range))) {
    throw invalid(`failed to parse pool request for pool "${subnet}" subpool "${wish.range}": Invalid Address SubPool`);
  }
  for (const [name, text] of Object.entries(wish.auxiliary)) {
    const address = parseAddress(text);
    if (!address || !contains(block, address)) {
      throw forbidden(`auxiliary address: (${name}:${text}) must belong to the master pool: ${subnet}`);
    }
    if (address.value === gateway.value) throw invalid(`auxiliary address: (${name}:${text}) is the gateway's`);
  }
  return {
    block,
    pool: {
      subnet, gateway: formatAddress(gateway), auxiliary: wish.auxiliary,
      asked: { subnet: wish.subnet, ...(wish.gateway === '' ? {} : { gateway: wish.gateway }) },
      ...(range ? { range: formatSubnet(range) } : {}),
    },
  };
}

function checkFree({ block }: ReadPool, asked: readonly ReadPool[], networks: readonly Subnet[]): void {
  const others = [...asked.map((pool) => pool.block).filter((other) => other !== block), ...networks];
  const clash = others.find((other) => overlaps(other, block));
  if (!clash) return;
  throw forbidden(`Pool overlaps with other one on this address space: ${formatSubnet(block)} with ${formatSubnet(clash)}`);
}
