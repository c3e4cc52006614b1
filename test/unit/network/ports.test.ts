import { beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../../src/host/database.ts';
import { bindUdp, canBind, listenTcp } from '../../../src/host/sockets.ts';
import { parsePublish, type PortBinding } from '../../../src/model/ports.ts';
import { ephemeralRange, holdPorts, openPortLeases, type PortLeases, type Probe } from '../../../src/network/ports.ts';

describe('port leases', () => {
  let database: Database;
  let leases: PortLeases;
  const free: Probe = () => Promise.resolve(true);
  const lease = (owner: string, specs: string[], { probe = free, ipv6 = false } = {}): Promise<PortBinding[]> =>
    leases.lease(owner, specs.flatMap(parsePublish), { probe, ephemeral: [50000, 50003], ipv6 });
  const held = (): unknown[] => database.all('SELECT * FROM port_leases');
  beforeEach(() => {
    database = openDatabase(':memory:');
    leases = openPortLeases(database);
  });

  it('are for every IPv4 address unless one is named', async () => {
    expect(await lease('a', ['80:8080', '127.0.0.1:81:81'])).toEqual([
      { port: 8080, protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 80 }, { port: 81, protocol: 'tcp', hostIp: '127.0.0.1', hostPort: 81 }]);
  });

  it('are refused in Docker\'s words where they clash', async () => {
    await lease('a', ['80:80', '127.0.0.1:81:81']);
    for (const spec of ['80:80', '127.0.0.1:80:80', '81:81', '127.0.0.1:81:1']) {
      await expect(lease('b', [spec])).rejects.toThrow(/Bind for [0-9.]+:8[01] failed: port is already allocated/);
    }
    expect(await lease('b', ['80:80/udp', '198.51.100.1:81:81'])).toHaveLength(2);
  });

  it('are all or none', async () => {
    await lease('a', ['82:80']);
    await expect(lease('b', ['80:80', '81:80', '82:80'])).rejects.toThrow('already allocated');
    expect(held()).toHaveLength(1);
  });

  it('take the first of a range that is free, on the host as well', async () => {
    await lease('a', ['8000:80']);
    const probe: Probe = ({ port }) => Promise.resolve(port !== 8001);
    expect(await lease('b', ['8000-8003:80'], { probe })).toMatchObject([{ hostPort: 8002 }]);
    await expect(lease('c', ['8000-8002:80'], { probe })).rejects.toThrow('all ports are allocated: none of 8000-8002/tcp is free');
  });

  it('take random ports from the range given, each once, with the same number for both families', async () => {
    const bindings = await lease('a', ['80', '81'], { ipv6: true });
    expect(bindings.map(({ hostIp }) => hostIp)).toEqual(['0.0.0.0', '::', '0.0.0.0', '::']);
    expect(bindings[0]?.hostPort).toBe(bindings[1]?.hostPort);
    await lease('b', ['82', '83']);
    await expect(lease('c', ['84'])).rejects.toThrow('all ports are allocated');
    leases.release('a');
    expect(await lease('c', ['84'])).toHaveLength(1);
  });

  it('end with those who aren\'t alive', async () => {
    await lease('a', ['80:80']);
    await lease('b', ['81:80']);
    leases.keepOnly(new Set(['b']));
    expect(await lease('c', ['80:80'])).toHaveLength(1);
    await expect(lease('c', ['81:80'])).rejects.toThrow('already allocated');
  });

  it('see what other programs hold', async () => {
    const server = await listenTcp({ address: '127.0.0.1', port: 0 }, (socket) => socket.destroy());
    const { port } = server.address() as { port: number };
    const udp = await bindUdp({ address: '127.0.0.1', port: 0 });
    expect(await canBind('tcp', { address: '0.0.0.0', port })).toBe(false);
    expect(await canBind('udp', { address: '0.0.0.0', port: udp.address().port })).toBe(false);
    server.close();
    udp.close();
    const probe: Probe = ({ protocol, address }) => canBind(protocol === 'sctp' ? 'tcp' : protocol, { address, port });
    const closed = await lease('a', [`${port}:80`], { probe });
    expect(closed).toMatchObject([{ hostPort: port }]);
  });
});

describe('held ports', () => {
  it('become operations with the address as bytes', () => {
    expect(holdPorts([{ hostIp: '127.0.0.1', hostPort: 53, port: 53, protocol: 'udp' }, { hostIp: '::', hostPort: 80, port: 80, protocol: 'tcp' }])).toEqual([
      { op: 'hold_port', family: 2, protocol: 17, address: Uint8Array.of(127, 0, 0, 1), port: 53 },
      { op: 'hold_port', family: 10, protocol: 6, address: new Uint8Array(16), port: 80 }]);
  });
});

describe('the ephemeral range', () => {
  it.each([['32768\t60999\n', [32768, 60999]], [undefined, [49153, 65535]], ['x', [49153, 65535]], ['9 1', [49153, 65535]]])('of %j', (text, range) =>
    expect(ephemeralRange(text)).toEqual(range));
});
