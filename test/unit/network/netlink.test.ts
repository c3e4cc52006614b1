import { describe, expect, it } from 'vitest';
import { parseAddress, parseSubnet } from '../../../src/model/address.ts';
import {
  addAddress, setDefaultRoute, createBridge, createVeth, deleteLink, linkUp, netlink, noLinkLocal, setAlias, setBridgePort, setMaster, type Message,
} from '../../../src/network/netlink.ts';

/** An independent reader: header fields, then `type: payload` as hex, nested where the flag says so. */
function read({ bytes, patches }: Message, fixed: number): unknown {
  const data = Buffer.from(bytes);
  expect(data.readUInt32LE(0)).toBe(data.length);
  return {
    type: data.readUInt16LE(4), flags: data.readUInt16LE(6), head: data.toString('hex', 16, 16 + fixed),
    attributes: readAttributes(data.subarray(16 + fixed)), patches: patches.map(({ offset, value }) => `${offset}=${value}`),
  };
}

function readAttributes(data: Buffer): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (let at = 0; at < data.length;) {
    const length = data.readUInt16LE(at);
    if (length < 4) return { header: data.toString('hex', at) }; // a peer begins with a header of its own
    const type = data.readUInt16LE(at + 2);
    const payload = data.subarray(at + 4, at + length);
    found[type & 0x3fff] = type & 0x8000 ? readAttributes(payload) : payload.toString('hex');
    at += Math.ceil(length / 4) * 4;
  }
  return found;
}

const hex = (text: string): string => Buffer.from(text).toString('hex');
const subnet = parseSubnet('172.30.0.2/16') ?? expect.fail();
const gateway = parseAddress('172.30.0.1') ?? expect.fail();

describe('netlink messages', () => {
  it('make a bridge that must not exist yet', () => {
    expect(read(createBridge('berth0', { mtu: 1500, mac: Uint8Array.of(2, 0x42, 1, 2, 3, 4) }), 16)).toEqual({
      type: 16, flags: 0x605, head: '00'.repeat(16), patches: [],
      attributes: { 3: hex('berth0\0'), 4: 'dc050000', 1: '024201020304', 18: { 1: hex('bridge\0') } },
    });
  });

  it('make a veth pair across namespaces, its near end up on the bridge', () => {
    const message = createVeth({ name: 'bv01', mtu: 1400, master: 'berth0', peerName: 'eth0', peerMac: Uint8Array.of(2, 0x42, 172, 30, 0, 2) });
    const found = read(message, 16) as { patches: string[] };
    expect(found).toMatchObject({
      type: 16, flags: 0x605, head: '00000000000000000100000001000000',
      attributes: { 3: hex('bv01\0'), 4: '78050000', 10: '00000000', 18: { 1: hex('veth\0') } },
    });
    const offsets = Object.fromEntries(found.patches.map((patch) => patch.split('=').toReversed()));
    const bytes = Buffer.from(message.bytes);
    // Each patch lies behind the attribute it belongs to: IFLA_MASTER, IFLA_NET_NS_PID.
    expect(bytes.readUInt16LE(Number(offsets.berth0) - 2)).toBe(10);
    expect(bytes.readUInt16LE(Number(offsets.$pid) - 2)).toBe(19);
  });

  it('nest the peer\'s attributes behind its own header', () => {
    const { attributes } = read(createVeth({
      name: 'a', mtu: 1500, master: 'b', peerName: 'eth0', peerMac: Uint8Array.of(2, 0, 0, 0, 0, 1),
    }), 16) as { attributes: { 18: { 2: unknown } } };
    const data = createVeth({ name: 'a', mtu: 1500, master: 'b', peerName: 'eth0', peerMac: Uint8Array.of(2, 0, 0, 0, 0, 1) }).bytes;
    const start = Buffer.from(data).indexOf(Buffer.from(hex('eth0\0'), 'hex')) - 4;
    expect(readAttributes(Buffer.from(data).subarray(start))).toEqual({ 3: hex('eth0\0'), 4: 'dc050000', 1: '020000000001', 19: '00000000' });
    expect(attributes[18][2]).toBeDefined();
  });

  it('set links up, by name and, for lo, by its fixed index', () => {
    expect(read(linkUp('eth0'), 16)).toMatchObject({ type: 16, flags: 5, head: '00000000000000000100000001000000', patches: ['20=eth0'] });
    expect(read(linkUp(1), 16)).toMatchObject({ head: '00000000010000000100000001000000', patches: [] });
  });

  it('add an address with its broadcast address', () => {
    expect(read(addAddress('eth0', subnet), 8)).toEqual({
      type: 20, flags: 0x605, head: '0210000000000000', patches: ['20=eth0'],
      attributes: { 2: 'ac1e0002', 1: 'ac1e0002', 4: 'ac1effff' },
    });
  });

  it('add an IPv6 address without duplicate detection', () => {
    expect(read(addAddress('eth0', parseSubnet('fd00::2/64') ?? expect.fail()), 8)).toMatchObject({ head: '0a40020000000000' });
  });

  it('add the default route', () => {
    expect(read(setDefaultRoute('eth0', gateway), 12)).toEqual({
      type: 24, flags: 0x505, head: '02000000fe03000100000000', patches: ['40=eth0'], attributes: { 5: 'ac1e0001', 4: '00000000' },
    });
  });

  it('set alias, hairpin and master, and delete', () => {
    expect(read(setAlias('bv01', 'berth:x'), 16)).toMatchObject({ type: 16, flags: 5, attributes: { 3: hex('bv01\0'), 20: hex('berth:x') } });
    expect(read(setBridgePort('bv01', false), 16)).toMatchObject({ type: 19, head: `07${'00'.repeat(15)}`, patches: ['20=bv01'], attributes: { 12: { 4: '01' } } });
    expect(read(noLinkLocal('bv01'), 16)).toMatchObject({ type: 16, patches: ['20=bv01'], attributes: { 26: { 10: { 8: '01' } } } });
    expect(read(setMaster('a', 'b'), 16)).toMatchObject({ type: 16, patches: ['20=a', '36=b'] });
    expect(read(deleteLink('bv01'), 16)).toMatchObject({ type: 17, flags: 5, attributes: { 3: hex('bv01\0') } });
  });

  it('join into one operation, each aligned, with patches that move along', () => {
    const op = netlink([setAlias('bv01', 'odd'), linkUp('eth0')], true);
    expect(op).toMatchObject({ op: 'netlink', optional: true, patches: [`${setAlias('bv01', 'odd').bytes.length + 20}=eth0`] });
    expect(setAlias('bv01', 'odd').bytes.length % 4).toBe(0);
  });
});
