import type { IpamConfig, NetworkCreateRequest } from '../../../api/wire/docker.ts';
import { contains, parseAddress, parseSubnet } from '../../../model/address.ts';
import { parsePair } from '../../create/network.ts';
import { UsageError } from '../../errors.ts';
import { list, maybe, parsed, text, toggle, type Values } from '../../flags.ts';
import { verb } from '../../verb.ts';

const flags = {
  attachable: toggle('--attachable', 'Accepted, for scripts: every container may be connected'),
  auxAddress: parsed('--aux-address <name=address>', 'An address that no container gets', parsePair),
  driver: text('-d, --driver <driver>', 'bridge or macvlan', 'bridge'),
  gateway: list('--gateway <address>', "The gateway's address in its subnet"),
  internal: toggle('--internal', 'No way out of it, and none in'),
  ipRange: list('--ip-range <subnet>', 'Containers get addresses from this part of the subnet'),
  ipamDriver: text('--ipam-driver <driver>', 'default', 'default'),
  ipamOpt: parsed('--ipam-opt <name=value>', 'Accepted and without effect', parsePair),
  ipv4: maybe('--ipv4', 'IPv4 addresses (there unless --ipv4=false)'),
  ipv6: maybe('--ipv6', 'IPv6 addresses too'),
  label: parsed('--label <name=value>', 'Note something about it', parsePair),
  opt: parsed('-o, --opt <name=value>', 'An option of the driver', parsePair),
  scope: text('--scope <scope>', 'local'),
  subnet: list('--subnet <subnet>', 'Its addresses, as in 10.9.0.0/24; one of IPv4, one of IPv6'),
};

export default verb({
  usage: '[OPTIONS] NETWORK',
  about: 'Create a network.',
  examples: [
    ['network create backend', 'A bridge of its own, isolated from the others'],
    ['network create --subnet 10.9.0.0/24 --gateway 10.9.0.1 --ipv6 dual', 'With addresses of your own, and IPv6'],
    ['network create --internal vault', 'Its containers reach one another, and nothing else'],
    ['network create -d macvlan -o parent=eth0 --subnet 192.168.7.0/24 lan', "Containers on the host's own wire"],
  ],
  flags,
  least: 1,
  most: 1,
  async run(cli, options, [name = '']) {
    const body: NetworkCreateRequest = {
      Name: name, Driver: options.driver, Attachable: options.attachable, Internal: options.internal,
      ...(options.scope === '' ? {} : { Scope: options.scope }),
      ...(options.ipv4 === undefined ? {} : { EnableIPv4: options.ipv4 }),
      ...(options.ipv6 === undefined ? {} : { EnableIPv6: options.ipv6 }),
      IPAM: { Driver: options.ipamDriver, Options: Object.fromEntries(options.ipamOpt), Config: poolsOf(options) },
      Options: Object.fromEntries(options.opt),
      Labels: Object.fromEntries(options.label),
    };
    cli.line((await cli.client.post<{ Id: string }>('/networks/create', {}, body)).Id);
    return 0;
  },
});

/** Each range, gateway and auxiliary address goes to the subnet that it lies in. */
export function poolsOf({ subnet, ipRange, gateway, auxAddress }: Values<typeof flags>): IpamConfig[] {
  const split = (values: readonly string[]): string[] => values.flatMap((value) => value.split(',')).filter(Boolean);
  const pools: IpamConfig[] = split(subnet).map((text_) => ({ Subnet: text_ }));
  const home = (address: string, what: string): IpamConfig => {
    const parsedAddress = parseAddress(address.split('/')[0] ?? '');
    const pool = pools.find(({ Subnet = '' }) => {
      const block = parseSubnet(Subnet);
      return block && parsedAddress && contains(block, parsedAddress);
    });
    if (!pool) throw new UsageError(`no matching subnet for ${what} ${address}`, 1);
    return pool;
  };
  for (const range of split(ipRange)) home(range, 'range').IPRange = range;
  for (const address of split(gateway)) {
    const pool = home(address, 'gateway');
    if (pool.Gateway) throw new UsageError(`cannot configure multiple gateways (${address}, ${pool.Gateway}) for the same `
      + `subnet (${pool.Subnet})`, 1);
    pool.Gateway = address;
  }
  for (const [name, address] of auxAddress) (home(address, 'aux-address').AuxiliaryAddresses ??= {})[name] = address;
  return pools;
}
