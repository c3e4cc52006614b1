import { parseAddress, formatAddress } from '../model/address.ts';
import { invalid } from '../model/errors.ts';
import { subnetOf, type BridgeSettings, type NetworkDefinition } from './networks.ts';

/** The options of Docker's bridge driver, by the names that people give them. */
export const option = {
  name: 'com.docker.network.bridge.name',
  defaultBridge: 'com.docker.network.bridge.default_bridge',
  icc: 'com.docker.network.bridge.enable_icc',
  masquerade: 'com.docker.network.bridge.enable_ip_masquerade',
  hostIp: 'com.docker.network.bridge.host_binding_ipv4',
  mtu: 'com.docker.network.driver.mtu',
} as const;

/** How a link shares its parent: containers reach one another (`bridge`), or nobody but the outside (`private`). */
const macvlanModes = { private: 1, bridge: 4 } as const;

export interface MacvlanSettings {
  /** The host's link that the containers' hang from. */
  readonly parent: string;
  /** As the kernel counts them (MACVLAN_MODE_…). */
  readonly mode: number;
}

export const linkPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/;

/** What a network's driver makes of its options. Throws where an option can't be read. */
export function settingsOf(network: NetworkDefinition): { bridge?: BridgeSettings; macvlan?: MacvlanSettings } {
  switch (network.driver) {
    case 'bridge': return { bridge: bridgeOf(network) };
    case 'macvlan': return { macvlan: macvlanOf(network) };
    case 'host':
    case 'null': return {};
    default: return network.driver satisfies never;
  }
}

function bridgeOf({ id, options, pools, internal }: NetworkDefinition): BridgeSettings {
  const link = options[option.name] || `br-${id.slice(0, 12)}`;
  if (!linkPattern.test(link)) {
    throw invalid(`invalid ${option.name}: ${link}: an interface name has 1 to 15 letters, digits, dots, dashes, `
      + 'underscores');
  }
  if (isTrue(options, option.defaultBridge, false)) {
    throw invalid(`${option.defaultBridge} belongs to the network bridge alone: leave it out`);
  }
  const hostIp = options[option.hostIp] ?? '';
  const address = parseAddress(hostIp);
  if (hostIp !== '' && address?.family !== 4) {
    throw invalid(`failed to parse ${option.hostIp} value: ${hostIp}: want an IPv4 address`);
  }
  return {
    link, subnets: pools.map(subnetOf), mtu: mtuOf(options[option.mtu]), internal,
    icc: isTrue(options, option.icc, true),
    masquerade: isTrue(options, option.masquerade, true) && !internal,
    hostIp: address && address.value !== 0n ? formatAddress(address) : '',
  };
}

function macvlanOf({ options, ipv6 }: NetworkDefinition): MacvlanSettings {
  const { parent = '', macvlan_mode: mode = 'bridge' } = options;
  if (!linkPattern.test(parent)) {
    throw invalid(`a macvlan network needs the link of the host that it shares: add -o parent=LINK`);
  }
  if (!Object.hasOwn(macvlanModes, mode)) throw invalid(`invalid macvlan_mode ${mode}: want bridge or private`);
  if (ipv6) throw invalid('IPv6 is not there yet for macvlan networks: leave it out');
  return { parent, mode: macvlanModes[mode as keyof typeof macvlanModes] };
}

function mtuOf(text: string | undefined): number {
  if (!text || text === '0') return 1500;
  const mtu = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  // Below 1280 there is no IPv6, and below 68 no IPv4.
  if (mtu < 68 || mtu > 65535) throw invalid(`failed to parse ${option.mtu} value: ${text}: want a number to 65535`);
  return mtu;
}

function isTrue(options: Readonly<Record<string, string>>, name: string, otherwise: boolean): boolean {
  const text = options[name];
  if (text === undefined) return otherwise;
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
  throw invalid(`failed to parse ${name} value: ${text}: want true or false`);
}
