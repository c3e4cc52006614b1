import { beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../../src/host/database.ts';
import { formatAddress, parseAddress, parseSubnet } from '../../../src/model/address.ts';
import { macBytes, macOf, openIpam, type Ipam } from '../../../src/network/ipam.ts';

const subnet = parseSubnet('172.30.0.1/29') ?? expect.fail();
const gateway = { family: 4, value: subnet.value } as const;

describe('IPAM', () => {
  let database: Database;
  let ipam: Ipam;
  const lease = (owner: string, wanted?: string): string => formatAddress(ipam.lease('n', subnet, owner, wanted));
  beforeEach(() => {
    database = openDatabase(':memory:');
    ipam = openIpam(database);
    ipam.define('n', subnet, [gateway]);
  });

  it('hands out the lowest free address, never the gateway\'s or the block\'s ends', () => {
    expect(['a', 'b', 'c', 'd', 'e'].map((owner) => lease(owner))).toEqual(
      ['172.30.0.2', '172.30.0.3', '172.30.0.4', '172.30.0.5', '172.30.0.6']);
    expect(() => lease('f')).toThrow('no available IPv4 addresses in subnet 172.30.0.0/29');
    ipam.release('c');
    expect(lease('f')).toBe('172.30.0.4');
  });

  it('gives an owner the address it has', () => {
    expect(lease('a')).toBe(lease('a'));
  });

  it('gives a wanted address, once', () => {
    expect(lease('a', '172.30.0.5')).toBe('172.30.0.5');
    expect(() => lease('b', '172.30.0.5')).toThrow('already in use');
    expect(lease('a', '172.30.0.4')).toBe('172.30.0.4');
    expect(lease('b', '172.30.0.5')).toBe('172.30.0.5');
  });

  it.each([['172.30.0.1', 'already in use'], ['172.30.0.0', 'already in use'], ['172.30.0.7', 'already in use'],
    ['172.30.0.8', 'does not belong to any of this network\'s subnets'], ['::2', 'does not belong'], ['x', 'invalid IP address: x']])(
    'refuses %s', (wanted, message) => expect(() => lease('a', wanted)).toThrow(message));

  it('keeps leases across a restart, and drops those of the dead', () => {
    lease('a');
    lease('b');
    ipam = openIpam(database);
    ipam.define('n', subnet, [gateway]);
    expect(ipam.keepOnly(new Set(['b']))).toEqual(['a']);
    expect(ipam.leases('n')).toEqual([{ owner: 'b', slot: 3 }]);
    expect(lease('c')).toBe('172.30.0.2');
  });

  it('stays quick with thousands of leases', () => {
    const large = parseSubnet('10.0.0.1/16') ?? expect.fail();
    ipam.define('large', large, [{ family: 4, value: large.value }]);
    database.transaction(() => {
      for (let i = 0; i < 5000; i++) ipam.lease('large', large, `owner ${i}`);
    });
    expect(formatAddress(ipam.lease('large', large, 'last'))).toBe('10.0.19.138');
  });

  it('serves IPv6 blocks', () => {
    const six = parseSubnet('fd00:1::1/64') ?? expect.fail();
    ipam.define('six', six, [{ family: 6, value: six.value }]);
    expect(formatAddress(ipam.lease('six', six, 'a'))).toBe('fd00:1::2');
  });
});

describe('MAC addresses', () => {
  it('follow from the address as Docker\'s do', () => {
    expect(macOf(parseAddress('172.17.0.2') ?? expect.fail())).toBe('02:42:ac:11:00:02');
  });
  it.each(['', '02:42', '03:42:ac:11:00:02', '02-42-ac-11-00-02', '02:42:ac:11:00:0g'])('%j is refused', (text) =>
    expect(() => macBytes(text)).toThrow('invalid MAC address'));
});
