import { describe, expect, it } from 'vitest';
import { parseSubnet, type Subnet } from '../../../src/model/address.ts';
import { defineNetwork, type NetworkWish, type PoolWish, type Surroundings } from '../../../src/network/define.ts';
import { settingsOf } from '../../../src/network/drivers.ts';
import { defaultPools, uniqueLocalPool } from '../../../src/network/pools.ts';

const block = (text: string): Subnet => parseSubnet(text) ?? expect.fail(text);
const around = (more: Partial<Surroundings> = {}): Surroundings => ({
  id: 'a1b2c3d4e5f6'.padEnd(64, '0'), created: '2026-01-01T00:00:00Z', networks: [block('172.30.0.1/16'), block('10.1.0.1/16')],
  host: [], defaults: [...defaultPools, uniqueLocalPool('e1')], ...more,
});
const wish = (more: Partial<NetworkWish> = {}): NetworkWish => ({
  name: 'backend', driver: '', internal: false, attachable: false, ipv4: true, ipv6: false, ipamDriver: 'default', ipamOptions: null, pools: [],
  options: {}, labels: {}, ...more,
});
const pool = (subnet: string, more: Partial<PoolWish> = {}): PoolWish => ({ subnet, range: '', gateway: '', auxiliary: {}, ...more });
const option = (name: string, value: string): Partial<NetworkWish> => ({ options: { [`com.docker.network.${name}`]: value } });

describe('a network without wishes', () => {
  it('gets a bridge by its id, and the first free block of the default pools', () => {
    const network = defineNetwork(wish(), around());
    expect(network.pools).toEqual([{ subnet: '172.17.0.0/24', gateway: '172.17.0.1', auxiliary: {} }]);
    expect(settingsOf(network).bridge).toMatchObject({ link: 'br-a1b2c3d4e5f6', mtu: 1500, icc: true, masquerade: true, hostIp: '' });
  });

  it('passes over what other networks and the host have', () => {
    const networks = [block('172.17.0.0/24'), block('172.17.1.0/24')];
    const host = [block('172.17.2.128/25'), block('172.17.3.0/30'), block('172.18.0.0/15')];
    expect(defineNetwork(wish(), around({ networks, host })).pools[0]?.subnet).toBe('172.17.4.0/24');
    expect(defineNetwork(wish(), around({ networks, host: [block('172.16.0.0/12')] })).pools[0]?.subnet).toBe('192.168.0.0/24');
  });

  it('finds room for thousands, and says when there is none left', () => {
    const networks: Subnet[] = [];
    for (let i = 0; i < 1000; i++) networks.push(block(defineNetwork(wish(), around({ networks })).pools[0]?.subnet ?? ''));
    expect(new Set(networks.map(({ network }) => network)).size).toBe(1000);
    expect(() => defineNetwork(wish(), around({ networks: [block('172.16.0.0/12'), block('192.168.0.0/16')] })))
      .toThrow('could not find an available, non-overlapping IPv4 address pool among the defaults');
  });

  it('may have IPv6 alone', () => {
    expect(defineNetwork(wish({ ipv4: false, ipv6: true }), around()).pools.map(({ subnet }) => subnet.includes(':'))).toEqual([true]);
  });

  it('gets unique local addresses of this engine with --ipv6', () => {
    const { pools } = defineNetwork(wish({ ipv6: true }), around());
    expect(pools[1]?.subnet).toMatch(/^fd[0-9a-f:]+::\/64$/);
    const next = defineNetwork(wish({ ipv6: true }), around({ networks: [block(pools[1]?.subnet ?? '')] }));
    expect(next.pools[1]?.subnet).not.toBe(pools[1]?.subnet);
    expect(next.pools[1]?.subnet.slice(0, 14)).toBe(pools[1]?.subnet.slice(0, 14));
  });
});

describe('a network with wishes', () => {
  it('has the first address as its gateway unless told, and shows what was asked', () => {
    const auxiliary = { router: '10.9.0.5' };
    expect(defineNetwork(wish({ pools: [pool('10.9.0.77/24', { range: '10.9.0.128/25', auxiliary })] }), around()).pools).toEqual([{
      subnet: '10.9.0.0/24', gateway: '10.9.0.1', range: '10.9.0.128/25', auxiliary, asked: { subnet: '10.9.0.77/24' },
    }]);
    expect(defineNetwork(wish({ pools: [pool('10.9.0.0/24', { gateway: '10.9.0.254' })] }), around()).pools[0]?.gateway).toBe('10.9.0.254');
  });

  it.each<[Partial<NetworkWish>, string, string]>([
    [{ name: '' }, 'invalid', 'invalid name'], [{ name: ' a' }, 'invalid', 'invalid name'],
    [{ name: 'bridge' }, 'forbidden', 'operation is not permitted on predefined bridge network'],
    [{ ipv4: false }, 'invalid', 'IPv4 or IPv6 must be enabled'],
    [{ driver: 'host' }, 'forbidden', 'only one instance of "host" network is allowed'],
    [{ driver: 'nope' }, 'not-found', 'plugin "nope" not found'], [{ ipamDriver: 'nope' }, 'not-found', 'plugin "nope" not found'],
    [{ pools: [pool('junk')] }, 'invalid', 'Invalid subnet junk : invalid CIDR address: junk'],
    [{ pools: [pool('10.9.0.0/31')] }, 'invalid', 'needs room'], [{ pools: [pool('10.0.0.0/7')] }, 'invalid', '/8'],
    [{ pools: [pool('', { gateway: '10.9.0.1' })] }, 'invalid', 'Invalid subnet'],
    [{ pools: [pool('10.9.0.0/24', { gateway: '10.8.0.1' })] }, 'invalid', 'failed to allocate gateway (10.8.0.1): Requested address is out of range'],
    [{ pools: [pool('10.9.0.0/24', { gateway: 'junk' })] }, 'invalid', 'invalid gateway address junk'],
    [{ pools: [pool('10.9.0.0/24', { range: '10.8.0.0/25' })] }, 'invalid', 'Invalid Address SubPool'],
    [{ pools: [pool('10.9.0.0/24', { auxiliary: { x: '10.8.0.1' } })] }, 'forbidden', 'auxiliary address: (x:10.8.0.1) must belong to the master pool: 10.9.0.0/24'],
    [{ pools: [pool('10.1.3.0/24')] }, 'forbidden', 'Pool overlaps with other one on this address space'],
    [{ pools: [pool('10.9.0.0/24'), pool('10.10.0.0/24')] }, 'invalid', 'one IPv4 subnet'],
    [option('bridge.name', 'longer-than-15-chars'), 'invalid', '1 to 15'], [option('driver.mtu', 'abc'), 'invalid', 'failed to parse'],
    [option('bridge.enable_icc', 'maybe'), 'invalid', 'failed to parse'], [option('bridge.host_binding_ipv4', '::1'), 'invalid', 'failed to parse'],
    [option('bridge.default_bridge', 'true'), 'invalid', 'belongs to the network bridge'],
    [{ driver: 'macvlan' }, 'invalid', '-o parent=LINK'], [{ driver: 'macvlan', options: { parent: 'eth0', macvlan_mode: 'vepa' } }, 'invalid', 'bridge or private'],
  ])('refuses %j', (more, kind, message) => {
    const thrown = (): unknown => {
      try {
        return defineNetwork(wish(more), around());
      } catch (error) {
        return error;
      }
    };
    expect(thrown()).toMatchObject({ kind, message: expect.stringContaining(message) });
  });
});
