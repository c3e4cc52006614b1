import type { NetworkView, NetworkWish } from '../../engine/networks.ts';
import type { NetworkInspect } from './docker.ts';
import type { Checked, Fields } from './shape.ts';

/** POST /networks/create */
export const networkCreateShape = {
  Name: 'string',
  CheckDuplicate: 'boolean',
  Driver: 'string',
  Scope: 'string',
  EnableIPv4: 'maybe-boolean',
  EnableIPv6: 'boolean',
  IPAM: {
    object: {
      Driver: 'string',
      Options: 'texts',
      Config: { list: { object: { Subnet: 'string', IPRange: 'string', Gateway: 'string', AuxiliaryAddresses: 'texts',
        AuxAddress: 'texts' } } },
    },
  },
  Internal: 'boolean',
  Attachable: 'boolean',
  Ingress: 'boolean',
  ConfigOnly: 'boolean',
  ConfigFrom: { object: { Network: 'string' } },
  Options: 'texts',
  Labels: 'texts',
} as const satisfies Fields;

export function networkWish(body: Checked<typeof networkCreateShape>): NetworkWish {
  return {
    name: body.Name, driver: body.Driver, internal: body.Internal, attachable: body.Attachable,
    ipv4: body.EnableIPv4 ?? true, ipv6: body.EnableIPv6, ipamDriver: body.IPAM?.Driver ?? '',
    ipamOptions: body.IPAM?.Options ?? null,
    pools: (body.IPAM?.Config ?? []).map((pool) => ({
      subnet: pool.Subnet, range: pool.IPRange, gateway: pool.Gateway,
      auxiliary: pool.AuxiliaryAddresses ?? pool.AuxAddress ?? {},
    })),
    options: body.Options ?? {}, labels: body.Labels ?? {},
  };
}

const withLength = (address: string, length: number): string => (address === '' ? '' : `${address}/${length}`);

/** A network as Docker's API shows it. */
export function networkBody({ network, members }: NetworkView): NetworkInspect {
  return {
    Name: network.name,
    Id: network.id,
    Created: network.created,
    Scope: 'local',
    Driver: network.driver,
    EnableIPv4: network.predefined || network.pools.some(({ subnet }) => !subnet.includes(':')),
    EnableIPv6: network.ipv6,
    IPAM: {
      Driver: 'default',
      Options: network.ipamOptions ?? null,
      Config: network.pools.map(({ subnet, gateway, range, auxiliary, asked }) => ({
        Subnet: asked?.subnet ?? subnet,
        ...(range ? { IPRange: range } : {}),
        ...(asked && !asked.gateway ? {} : { Gateway: asked?.gateway ?? gateway }),
        ...(Object.keys(auxiliary).length > 0 ? { AuxiliaryAddresses: { ...auxiliary } } : {}),
      })),
    },
    Internal: network.internal,
    Attachable: network.attachable,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: Object.fromEntries(members.map(({ record, endpoint }) => [record.id, {
      Name: record.name,
      EndpointID: endpoint.endpointId,
      MacAddress: endpoint.mac,
      IPv4Address: withLength(endpoint.address, endpoint.prefixLength),
      IPv6Address: withLength(endpoint.address6, endpoint.prefixLength6),
    }])),
    Options: { ...network.options },
    Labels: { ...network.labels },
  };
}
