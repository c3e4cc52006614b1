import { describe, expect, it } from 'vitest';
import { addressBytes, contains, formatAddress, formatSubnet, lastOf, overlaps, parseAddress, parseSubnet } from '../../../src/model/address.ts';

const again = (text: string): string | undefined => {
  const address = parseAddress(text);
  return address && formatAddress(address);
};

describe('addresses', () => {
  it.each([
    ['0.0.0.0', '0.0.0.0'], ['255.255.255.255', '255.255.255.255'], ['172.30.0.1', '172.30.0.1'],
    ['::', '::'], ['::1', '::1'], ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['::ffff:1.2.3.4', '::ffff:102:304'], ['fe80::', 'fe80::'], ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ])('reads %s and writes %s', (text, canonical) => expect(again(text)).toBe(canonical));

  it.each(['', '1.2.3', '1.2.3.4.5', '256.0.0.1', '01.2.3.4', '1.2.3.4 ', ' ::1', ':::', '1::2::3', '1:2:3:4:5:6:7', '12345::', 'g::1', '1:2:3:4:5:6:7:8:9',
    '::1.2.3', '1:2:3:4:5:6:7:1.2.3.4', 'localhost'])('refuses %j', (text) => expect(parseAddress(text)).toBeUndefined());

  it('gives network byte order', () => {
    expect([...addressBytes({ family: 4, value: 0xac1e0002n })]).toEqual([172, 30, 0, 2]);
    expect([...addressBytes({ family: 6, value: 1n })]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  });
});

describe('subnets', () => {
  const subnet = (text: string) => parseSubnet(text) ?? expect.fail(text);

  it('keeps the address and knows its block', () => {
    const block = subnet('172.30.0.1/16');
    expect(formatSubnet(block)).toBe('172.30.0.0/16');
    expect(formatAddress(block)).toBe('172.30.0.1');
    expect(formatAddress({ family: 4, value: lastOf(block) })).toBe('172.30.255.255');
    expect(formatSubnet(subnet('0.0.0.0/0'))).toBe('0.0.0.0/0');
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', '::/129', 'x/8'])('refuses %j', (text) =>
    expect(parseSubnet(text)).toBeUndefined());

  it('says what it contains and overlaps', () => {
    expect(contains(subnet('10.1.0.0/16'), parseAddress('10.1.255.255')!)).toBe(true);
    expect(contains(subnet('10.1.0.0/16'), parseAddress('10.2.0.0')!)).toBe(false);
    expect(contains(subnet('0.0.0.0/0'), parseAddress('::1')!)).toBe(false);
    expect(overlaps(subnet('10.0.0.0/8'), subnet('10.9.8.0/24'))).toBe(true);
    expect(overlaps(subnet('10.9.8.0/24'), subnet('10.0.0.0/8'))).toBe(true);
    expect(overlaps(subnet('10.9.8.0/24'), subnet('10.9.9.0/24'))).toBe(false);
  });
});
