import { describe, expect, it } from 'vitest';
import { renderRedirect } from '../../../../src/network/dns/redirect.ts';

/** Recorded from nft 1.0.6: its rule `ip daddr 127.0.0.11 udp dport 53 dnat to :PORT`, with port 0. */
const recordedRule = [
  '3400018 00c0001007061796c6f61640024000280080001000000000108000200000000010800030000000010080004000000000 4',
  '2c0001800800010 0636d7000200002800800010000000001080002000000000 00c000380080001007f00000b',
  '24000180090001006d6574610000000014000280080002000000001008000100000000 01',
  '2c00018008000100636d7000200002800800010000000001080002000000 00000c0003800500010011000000',
  '340001800c0001007061796c6f6164002400028008000100000000010800020000000002080003000000000208000400000000 02',
  '2c00018008000100636d700020000280080001000000000108000200000000000c0003800600010000350000',
  '2c0001800e000100696d6d65646961746500000018000280080001000000 00010c0002800600010000000000',
  '30000180080001006e61740024000280080001000000000108000200000000020800050000000001080007000000 0002',
].join('').replaceAll(' ', '');

describe('the NAT to a container\'s name server', () => {
  it('is what nft sends', () => {
    const { batch, portOffsets } = renderRedirect(false);
    expect(batch.toString('hex')).toContain(recordedRule);
    expect(batch.toString('hex')).toContain(recordedRule.replace('0500010011', '0500010006'));
    expect(portOffsets).toHaveLength(2);
    for (const offset of portOffsets) expect(batch.subarray(offset - 4, offset + 2).toString('hex')).toBe('060001000000');
  });

  it('replaces an earlier engine\'s in the same batch', () => {
    const types = (batch: Buffer): number[] => {
      const found: number[] = [];
      for (let at = 0; at < batch.length; at += batch.readUInt32LE(at)) found.push(batch.readUInt16LE(at + 4));
      return found;
    };
    expect(types(renderRedirect(false).batch)).toEqual([16, 2560, 2563, 2566, 2566, 17]);
    expect(types(renderRedirect(true).batch)).toEqual([16, 2560, 2562, 2560, 2563, 2566, 2566, 17]);
  });
});
