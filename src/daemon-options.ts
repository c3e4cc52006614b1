import { Command, InvalidArgumentError, Option } from 'commander';
import { posix } from 'node:path';
import { messageOf } from './model/errors.ts';
import { parseDefaultPool, type DefaultPool } from './network/pools.ts';
import { parseAddress } from './model/address.ts';
import { hostDnsAddress } from './network/dns/host.ts';
import { addRegistryOptions, type RegistryFlags } from './daemon-registries.ts';

export interface DaemonOptions extends RegistryFlags {
  readonly root: string;
  readonly run: string;
  readonly hosts: readonly string[];
  readonly insecureTcp: boolean;
  readonly tlsverify: boolean;
  readonly tlscacert?: string;
  readonly tlscert?: string;
  readonly tlskey?: string;
  readonly bridge: string;
  readonly bip?: string;
  readonly defaultAddressPool: readonly DefaultPool[];
  readonly firewall: 'iptables' | 'nftables';
  readonly userlandProxy: boolean;
  readonly hostDns?: { readonly address: string; readonly port: number };
  readonly cgroupParent: string;
  /** Percent of the data root's disk. */
  readonly imageGcHigh?: number;
  readonly imageGcLow?: number;
  readonly debug: boolean;
}

const absolute = (text: string): string => {
  if (!text.startsWith('/')) throw new InvalidArgumentError('an absolute path is expected');
  return posix.normalize(text).replace(/(.)\/$/, '$1');
};
const bridgeName = (text: string): string => {
  if (!/^[a-zA-Z0-9_.-]{1,15}$/.test(text))
    throw new InvalidArgumentError("a link's name: at most 15 letters, digits, dots, dashes");
  return text;
};
const yesOrNo = (text: string): boolean => {
  if (['true', '1', 'yes'].includes(text)) return true;
  if (['false', '0', 'no'].includes(text)) return false;
  throw new InvalidArgumentError('true or false is expected');
};
const percent = (text: string): number => {
  if (!/^\d{1,2}$|^100$/.test(text)) throw new InvalidArgumentError('a whole number from 0 to 100 is expected');
  return Number(text);
};
const cidr = (text: string): string => {
  if (!/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(text))
    throw new InvalidArgumentError('an address with prefix length is expected, as in 172.30.0.1/16');
  return text;
};
const addressPool = (text: string): DefaultPool => {
  try {
    return parseDefaultPool(text);
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
};
const firewall = (text: string): 'iptables' | 'nftables' => {
  if (text === 'iptables') return text;
  throw new InvalidArgumentError(
    text === 'nftables' ? 'nftables is not there yet: use iptables' : 'iptables is expected',
  );
};

const hostDns = (text: string): { address: string; port: number } => {
  const [, address = '', port = '53'] = /^(\d+\.\d+\.\d+\.\d+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (!parseAddress(address) || Number(port) < 1 || Number(port) > 65_535)
    throw new InvalidArgumentError(`an IPv4 address is expected, with a port unless that is 53: ${hostDnsAddress}`);
  return { address, port: Number(port) };
};

/** The daemon's command line. `printed`: help was asked for and shown. */
export function parseDaemonOptions(argv: readonly string[]): DaemonOptions | { readonly exitCode: number } {
  const command = new Command('berth daemon')
    .description('Run the engine in the foreground. Containers outlive it.')
    .option('--root <dir>', 'data root: images, layers, containers, records', absolute, '/var/lib/berth')
    .option('--run <dir>', 'run directory: sockets', absolute, '/run/berth')
    .option(
      '-H, --host <address>',
      'listen here, unix:///path or tcp://address:port, with ?role=read for reading only; may be given more than once',
      (text: string, all: string[]) => [...all, text],
      [],
    )
    .option('--tlsverify', 'serve tcp:// hosts by TLS, to clients whose certificate the authority has signed', false)
    .option('--tlscacert <file>', "the authority's certificate", absolute)
    .option('--tlscert <file>', "this host's certificate", absolute)
    .option('--tlskey <file>', 'its key', absolute)
    .option('--insecure-tcp', 'serve tcp:// hosts without protection: whoever reaches the port is root here', false)
    .option('--bridge <name>', "the default network's bridge", bridgeName, 'berth0')
    .option('--bip <cidr>', "the bridge's address and subnet", cidr)
    .option(
      '--default-address-pool <base=…,size=…>',
      'whence networks get their subnets, as base=10.200.0.0/16,size=24; may be given more than once',
      (text: string, all: DefaultPool[]) => [...all, addressPool(text)],
      [],
    )
    .option('--firewall <kind>', 'iptables', firewall, 'iptables')
    .option('--userland-proxy <bool>', 'serve published ports by a process as well', yesOrNo, false)
    .addOption(
      new Option('--host-dns [address]', "tell the host containers' names: NAME, NAME.NETWORK, each also under .berth")
        .argParser(hostDns)
        .preset(hostDnsAddress),
    )
    .option('--cgroup-parent <path>', "the control group above the containers'", absolute, '/berth')
    .option('--image-gc-high <percent>', 'when the disk is fuller than this, remove images that no container uses', percent)
    .option('--image-gc-low <percent>', '… until it is no fuller than this (10 less unless told)', percent)
    .option('-D, --debug', 'say more', false)
    .addHelpText(
      'after',
      `
Examples:
  berth daemon                                             with the defaults
  berth daemon --root /srv/b --run /run/b --host unix:///run/b/b.sock --bridge b0 --bip 10.9.0.1/24
                                                           a second engine beside the first
  berth daemon -H unix:///run/berth/berth.sock -H 'unix:///run/berth/read.sock?role=read&group=monitor'
                                                           a further socket that allows only reading, for a group`,
    )
    .exitOverride();
  addRegistryOptions(command);
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    const { exitCode = 1 } = error as { exitCode?: number };
    return { exitCode };
  }
  const given = command.opts<Omit<DaemonOptions, 'hosts'> & { host: string[] }>();
  const { host, ...rest } = given;
  return { ...rest, hosts: host.length > 0 ? host : [`unix://${rest.run}/berth.sock`] };
}
