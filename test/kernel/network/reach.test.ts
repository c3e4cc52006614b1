import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PortRequest } from '../../../src/model/ports.ts';
import { parsePublish } from '../../../src/model/ports.ts';
import { createWorld, helperPath, type Place, type Snapshot, type World } from '../../world.ts';
import { answerer, asker, openNetworkUnderTest, serving, type Container, type NetworkUnderTest } from './containers.ts';

const publish = (...specs: string[]): PortRequest[] => specs.flatMap(parsePublish);

describe('a published container on the default bridge', () => {
  let world: World;
  let before: Snapshot;
  let network: NetworkUnderTest;
  let web: Container;
  let other: Container;

  const from = async (place: Place | Container, protocol: 'tcp' | 'udp', address: string, port: number): Promise<string> => {
    const [program = '', ...args] = asker(protocol, address, port);
    const result = typeof place === 'string' ? await world.run(place, program, ...args) : await place.run(program, ...args);
    return result.stdout.trim() || result.stderr;
  };

  beforeAll(async () => {
    world = await createWorld();
    before = await world.snapshot();
    network = openNetworkUnderTest(world, await world.wrapper('host', helperPath));
    [web, other] = await Promise.all([network.container(), network.container()]);
    const endpoint = await network.start(web, { ports: publish('10080:80', '127.0.0.1:10081:80', '198.51.100.1:10082:80', '10090:90/udp') });
    expect(endpoint.address).toBe('172.30.0.2');
    await network.start(other);
    await Promise.all([
      serving(web.start(...answerer('tcp', 80, 'web') as [string, ...string[]])),
      serving(web.start(...answerer('tcp', 81, 'hidden') as [string, ...string[]])),
      serving(web.start(...answerer('udp', 90, 'web') as [string, ...string[]])),
      serving(world.start('internet', ...answerer('tcp', 80, 'internet') as [string, ...string[]])),
    ]);
  }, 30_000);
  afterAll(async () => world.destroy());

  it('has eth0 with address, MAC and default route, and no IPv6', async () => {
    const [eth0] = JSON.parse((await web.run('ip', '-json', 'addr', 'show', 'eth0')).stdout);
    expect(eth0).toMatchObject({ address: '02:42:ac:1e:00:02', mtu: 1500, operstate: 'UP' });
    expect(eth0.addr_info).toMatchObject([{ local: '172.30.0.2', prefixlen: 16, broadcast: '172.30.255.255' }]);
    expect((await web.run('ip', 'route')).stdout).toContain('default via 172.30.0.1 dev eth0');
    expect((await web.run('ip', '-6', 'addr')).stdout.trim()).toBe('');
  });

  it('marks the veth end on the host with the container\'s id', async () => {
    const links = JSON.parse(await world.must('host', 'ip', '-json', 'link', 'show', 'type', 'veth')) as { ifname: string; ifalias?: string; master?: string }[];
    expect(links.find(({ ifalias }) => ifalias === `berth:${web.id}`)).toMatchObject({ master: 'berth0' });
    expect((await world.snapshot()).addresses.filter((line) => line.startsWith('bv'))).toEqual([]);
  });

  it('is reached from the host by 127.0.0.1, by the host\'s addresses and by its own', async () => {
    expect(await from('host', 'tcp', '127.0.0.1', 10080)).toBe('web 172.30.0.1');
    expect(await from('host', 'tcp', '127.0.0.1', 10081)).toBe('web 172.30.0.1');
    expect(await from('host', 'tcp', '198.51.100.1', 10080)).toMatch(/^web /);
    expect(await from('host', 'tcp', '172.30.0.2', 80)).toBe('web 172.30.0.1');
    expect(await from('host', 'udp', '127.0.0.1', 10090)).toBe('web 172.30.0.1');
  });

  it('is reached from the neighbour, whose address it sees', async () => {
    expect(await from('neighbour', 'tcp', '198.51.100.1', 10080)).toBe('web 198.51.100.2');
    expect(await from('neighbour', 'tcp', '198.51.100.1', 10082)).toBe('web 198.51.100.2');
    expect(await from('neighbour', 'udp', '198.51.100.1', 10090)).toBe('web 198.51.100.2');
    expect(await from('internet', 'tcp', '203.0.113.1', 10080)).toBe('web 203.0.113.2');
  });

  it('publishes on the address that was asked for alone', async () => {
    expect(await from('internet', 'tcp', '203.0.113.1', 10082)).toBe('refused');
    expect(await from('neighbour', 'tcp', '198.51.100.1', 10081)).toBe('refused');
    expect(await from('host', 'tcp', '198.51.100.1', 10081)).toBe('refused');
  });

  it('is reached by other containers, by its address and by a published port', async () => {
    expect(await from(other, 'tcp', '172.30.0.2', 80)).toBe('web 172.30.0.3');
    expect(await from(other, 'tcp', '198.51.100.1', 10080)).toMatch(/^web /);
    expect(await from(other, 'tcp', '172.30.0.1', 10080)).toMatch(/^web /);
    expect(await from(other, 'udp', '198.51.100.1', 10090)).toMatch(/^web /);
  });

  it('reaches itself through its published port', async () => {
    expect(await from(web, 'tcp', '198.51.100.1', 10080)).toMatch(/^web /);
    expect(await from(web, 'udp', '198.51.100.1', 10090)).toMatch(/^web /);
  });

  it('leaves with the host\'s address', async () => {
    expect(await from(web, 'tcp', '203.0.113.2', 80)).toBe('internet 203.0.113.1');
  });

  it('shows a neighbour with routes to its subnet and to 127/8 nothing but published ports (moby#45610)', async () => {
    await world.must('neighbour', 'ip', 'route', 'add', '172.30.0.0/16', 'via', '198.51.100.1');
    await world.must('neighbour', 'sysctl', '-w', 'net.ipv4.conf.all.route_localnet=1');
    await world.must('neighbour', 'ip', 'addr', 'del', '127.0.0.1/8', 'dev', 'lo');
    await world.must('neighbour', 'ip', 'route', 'add', '127.0.0.0/8', 'via', '198.51.100.1', 'src', '198.51.100.2');
    expect(await from('neighbour', 'tcp', '172.30.0.2', 81)).toBe('silent');
    expect(await from('neighbour', 'tcp', '172.30.0.2', 80)).toBe('silent');
    expect(await from('neighbour', 'tcp', '127.0.0.1', 10081)).toBe('silent');
    expect(await from('neighbour', 'tcp', '127.0.0.1', 10080)).toBe('silent');
  });

  it('makes the host forward for containers, and be no router for its neighbours', async () => {
    await world.must('internet', 'sh', '-c', 'ip route replace 198.51.100.0/24 via 203.0.113.1');
    expect(await from('neighbour', 'tcp', '203.0.113.2', 80)).toBe('silent');
  });

  it('refuses a port that is taken, in Docker\'s words, and keeps nothing of the attempt', async () => {
    const third = await network.container();
    await expect(network.start(third, { ports: publish('10070:70', '10080:80') }))
      .rejects.toThrow('Bind for 0.0.0.0:10080 failed: port is already allocated');
    await serving(world.start('host', ...answerer('tcp', 10071, 'stranger') as [string, ...string[]]));
    await expect(network.start(third, { ports: publish('10071:71') })).rejects.toThrow('address already in use');
    expect((await network.start(third, { ports: publish('10070-10075:71') })).ports).toMatchObject([{ hostPort: 10070 }]);
    await network.stop(third);
    expect(await from('host', 'tcp', '127.0.0.1', 10070)).toBe('refused');
  });

  it('serves on after its engine was killed, and is known to the next one', async () => {
    await network.crash();
    expect(await from('neighbour', 'tcp', '198.51.100.1', 10080)).toBe('web 198.51.100.2');
    await world.must('host', 'iptables', '-t', 'nat', '-F');
    await network.call({ call: 'reconcile', living: [web.id, other.id] });
    expect(await from('neighbour', 'tcp', '198.51.100.1', 10080)).toBe('web 198.51.100.2');
    await expect(network.start(await network.container(), { address: '172.30.0.2' })).rejects.toThrow('already in use');
  });

  it('leaves no trace when the last container goes', async () => {
    await network.stop(other);
    expect(await from('neighbour', 'tcp', '198.51.100.1', 10080)).toBe('web 198.51.100.2');
    await network.stop(web);
    await network.call({ call: 'settle' });
    await network.end();
    const after = await world.snapshot();
    expect({ ...after, processes: [] }).toEqual({ ...before, processes: [] });
  });
}, 60_000);
