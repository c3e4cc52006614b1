import { describe, expect, it } from 'vitest';
import { formatSubnet } from '../../../src/model/address.ts';
import { vethName } from '../../../src/network/attach.ts';
import { bridgeMac, bridgeSettings, checkOverlap, checkOwner, parseRoutes } from '../../../src/network/bridge.ts';

const bridge = bridgeSettings('berth0', '172.30.0.1/16', 1500);
const routes = parseRoutes([
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
  'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0', 'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
  'vpn0\t00801EAC\t00000000\t0001\t0\t0\t0\t00C0FFFF\t0\t0\t0', 'berth0\t00001EAC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0', '',
].join('\n'));

describe('the bridge', () => {
  it.each([
    ['', '172.30.0.1/16', 1500, '--bridge'], ['a-bridge-16-byte', '172.30.0.1/16', 1500, '--bridge'], ['../x', '172.30.0.1/16', 1500, '--bridge'],
    ['b', '172.30.0.1', 1500, '--bip'], ['b', 'fd00::1/64', 1500, '--bip'], ['b', '172.30.0.1/30', 1500, '8 to 29'], ['b', '10.0.0.1/4', 1500, '8 to 29'],
    ['b', '172.30.0.0/16', 1500, 'first or last'], ['b', '172.30.255.255/16', 1500, 'first or last'], ['b', '172.30.0.1/16', 40, '--mtu'],
  ])('refuses --bridge %s --bip %s --mtu %d', (link, bip, mtu, message) => expect(() => bridgeSettings(link, bip, mtu)).toThrow(message));

  it('reads the host\'s routes', () => {
    expect(routes.map(({ device, subnet }) => `${device} ${formatSubnet(subnet)}`)).toEqual(
      ['eth0 192.0.2.0/24', 'vpn0 172.30.128.0/18', 'berth0 172.30.0.0/16']);
  });

  it('refuses a subnet that the host reaches elsewhere, and not for its own route', () => {
    expect(() => checkOverlap(bridge, routes)).toThrow('overlaps with 172.30.128.0/18, which the host reaches through vpn0: choose another with --bip');
    expect(() => checkOverlap(bridge, routes.filter(({ device }) => device !== 'vpn0'))).not.toThrow();
  });

  it('takes over no link that isn\'t this engine\'s', () => {
    expect(() => checkOwner({ ifname: 'berth0', ifalias: 'berth:e', linkinfo: { info_kind: 'bridge' } }, 'e')).not.toThrow();
    for (const link of [{ ifname: 'berth0' }, { ifname: 'berth0', ifalias: 'berth:f', linkinfo: { info_kind: 'bridge' } },
      { ifname: 'berth0', ifalias: 'berth:e', linkinfo: { info_kind: 'dummy' } }]) {
      expect(() => checkOwner(link, 'e')).toThrow('isn\'t this engine\'s: choose another name');
    }
  });

  it('has a stable unicast MAC of its own', () => {
    expect(bridgeMac('e', 'berth0')).toEqual(bridgeMac('e', 'berth0'));
    expect(bridgeMac('e', 'berth0')).not.toEqual(bridgeMac('f', 'berth0'));
    expect((bridgeMac('e', 'berth0')[0] ?? 1) & 1).toBe(0);
  });

  it('has veth ends with names that fit', () => expect(vethName({ containerId: 'a'.repeat(64), networkId: 'b'.repeat(64) })).toMatch(/^bv[0-9a-f]{10}$/));
});
