import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePublish, type PortRequest } from '../../../src/model/ports.ts';
import { createWorld, helperPath, waitUntil, type Place, type Snapshot, type World } from '../../world.ts';
import { answerer, asker, openNetworkUnderTest, serving, type Container, type NetworkUnderTest } from './containers.ts';

const publish = (...specs: string[]): PortRequest[] => specs.flatMap(parsePublish);
type Server = [string, ...string[]];
/** Says who asked, over either family. */
const dual = (port: number, name: string): Server => [process.execPath, '-e',
  `require('net').createServer((s) => { s.on('error', () => {}); s.end('${name} ' + s.remoteAddress.replace('::ffff:', '') + '\\n'); }).listen(${port}, '::', () => console.log('up'))`];

describe('user-defined networks', () => {
  let world: World;
  let before: Snapshot;
  let network: NetworkUnderTest;
  let front: Container;
  let both: Container;
  let back: Container;
  let inner: Container;
  let apart: Container[];

  const from = async (place: Place | Container, address: string, port: number): Promise<string> => {
    const [program = '', ...args] = asker('tcp', address, port);
    const result = typeof place === 'string' ? await world.run(place, program, ...args) : await place.run(program, ...args);
    return result.stdout.trim() || result.stderr;
  };
  const pool = (subnet: string): { subnet: string; range: string; gateway: string; auxiliary: Record<string, string> } =>
    ({ subnet, range: '', gateway: '', auxiliary: {} });

  beforeAll(async () => {
    world = await createWorld();
    before = await world.snapshot();
    network = openNetworkUnderTest(world, await world.wrapper('host', helperPath));
    await network.create('front', { pools: [pool('10.1.0.0/24')] });
    await network.create('back', { ipv6: true, pools: [pool('10.2.0.0/24'), pool('fd00:2::/64')] });
    await network.create('vault', { internal: true, pools: [pool('10.3.0.0/24')] });
    await network.create('quiet', { pools: [pool('10.4.0.0/24')], options: { 'com.docker.network.bridge.enable_icc': 'false' } });
    [front, both, back, inner, ...apart] = await Promise.all(Array.from({ length: 6 }, () => network.container())) as
      [Container, Container, Container, Container, ...Container[]];
    await network.start(front, { networks: ['front'], ports: publish('10080:80') });
    await network.start(both, { networks: ['front', 'back'] });
    await network.start(back, { networks: ['back'], ports: publish('10082:80', '127.0.0.1:10083:80') });
    await network.start(inner, { networks: ['vault'], ports: publish('10084:80') });
    for (const container of apart) await network.start(container, { networks: ['quiet'] });
    await Promise.all([
      ...[front, both, inner, ...apart].map((container, i) =>
        serving(container.start(...answerer('tcp', 80, `web${i}`) as Server))),
      serving(back.start(...dual(80, 'back'))),
      serving(world.start('internet', ...answerer('tcp', 80, 'internet') as Server)),
    ]);
  }, 40_000);
  afterAll(() => world.destroy());

  it('join those on the same network, by IPv4 and IPv6', async () => {
    expect(await from(both, '10.1.0.2', 80)).toBe('web0 10.1.0.3');
    expect(await from(both, '10.2.0.3', 80)).toBe('back 10.2.0.2');
    expect(await from(both, 'fd00:2::3', 80)).toBe('back fd00:2::2');
  });

  it('keep out those of other networks, also by the gateway and with a published port\'s own address', async () => {
    expect(await from(front, '10.2.0.3', 80)).toBe('silent');
    expect(await from(back, '10.1.0.2', 80)).toBe('silent');
    expect(await from(front, '10.4.0.2', 80)).toBe('silent');
    expect(await from(inner, '10.1.0.2', 80)).not.toMatch(/^web/);
  });

  it('let others in by published ports, with the gateway as the source', async () => {
    expect(await from(front, '198.51.100.1', 10082)).toMatch(/^back /);
    expect(await from('neighbour', '198.51.100.1', 10080)).toBe('web0 198.51.100.2');
    expect(await from('host', '127.0.0.1', 10083)).toMatch(/^back /);
    expect(await from('neighbour', '198.51.100.1', 10083)).toBe('refused');
  });

  it('publish the same number over IPv6, with the client\'s own address', async () => {
    expect(await from('neighbour', '2001:db8:51::1', 10082)).toBe('back 2001:db8:51::2');
    expect(await from('neighbour', '2001:db8:51::1', 10080)).toBe('refused');
  });

  it('have a way out with the host\'s address, by the first network in name', async () => {
    expect(await from(front, '203.0.113.2', 80)).toBe('internet 203.0.113.1');
    expect((await both.run('ip', 'route')).stdout).toContain('default via 10.2.0.1 dev eth1');
    expect((await both.run('ip', '-6', 'route')).stdout).toContain('default via fd00:2::1 dev eth1');
    expect((await front.run('ip', '-6', 'addr')).stdout.trim()).toBe('');
  });

  it('have none where they are internal, and publish nothing', async () => {
    expect((await inner.run('ip', 'route')).stdout).not.toContain('default');
    await inner.run('ip', 'route', 'add', 'default', 'via', '10.3.0.1');
    expect(await from(inner, '203.0.113.2', 80)).toBe('silent');
    expect(await from(inner, '198.51.100.1', 10080)).not.toMatch(/^web/);
    expect(await from('neighbour', '198.51.100.1', 10084)).toBe('refused');
  });

  it('keep their containers from one another with icc=false, and let them out', async () => {
    expect(await from(apart[0] as Container, '10.4.0.3', 80)).not.toMatch(/^web/);
    expect(await from(apart[0] as Container, '203.0.113.2', 80)).toBe('internet 203.0.113.1');
    expect(await from('host', '10.4.0.3', 80)).toMatch(/^web/);
  });

  it('show a neighbour with routes to them nothing', async () => {
    for (const subnet of ['10.1.0.0/24', '10.2.0.0/24', '10.3.0.0/24']) {
      await world.must('neighbour', 'ip', 'route', 'add', subnet, 'via', '198.51.100.1');
    }
    await world.must('neighbour', 'ip', 'route', 'add', 'fd00:2::/64', 'via', '2001:db8:51::1');
    for (const address of ['10.1.0.3', '10.2.0.3', '10.3.0.2', 'fd00:2::3']) {
      expect(await from('neighbour', address, 80), address).toBe('silent');
    }
  });

  it('come and go live, and connections over the others stay', async () => {
    const heard: string[] = [];
    await serving(back.start(process.execPath, '-e',
      `require('net').createServer((s) => s.pipe(s).on('error', () => {})).listen(81, '0.0.0.0', () => console.log('up'))`));
    const client = both.start(process.execPath, '-e',
      `const s = require('net').connect(81, '10.2.0.3'); s.on('data', (d) => console.log(String(d))).on('close', () => { console.log('closed'); process.exit(); });
       let n = 0; setInterval(() => s.write(String(++n)), 20)`);
    client.stdout?.on('data', (data: Buffer) => heard.push(...data.toString().trim().split('\n')));
    await waitUntil(() => heard.length > 3, 5000);
    const endpoint = await network.connect(both, 'quiet', { address: '10.4.0.77' });
    expect(endpoint).toMatchObject({ device: 'eth2', address: '10.4.0.77', mac: '02:42:0a:04:00:4d' });
    expect(await from('host', '10.4.0.77', 80)).toMatch(/^web/);
    await expect(network.connect(both, 'quiet')).rejects.toThrow('already exists in network quiet');
    await expect(network.connect(front, 'quiet', { address: '10.4.0.77' })).rejects.toThrow('Address already in use');
    await network.disconnect(both, 'quiet');
    await network.disconnect(both, 'front');
    expect((await both.run('ip', '-brief', 'link')).stdout).not.toMatch(/eth0|eth2/);
    const count = heard.length;
    await waitUntil(() => heard.length > count + 3, 5000);
    expect(heard).not.toContain('closed');
    client.kill();
    expect(await network.connect(both, 'front')).toMatchObject({ device: 'eth0', address: '10.1.0.3' });
  });

  it('hand the way out, and the published ports, to another network', async () => {
    const third = await network.container();
    await network.start(third, { networks: ['front'], ports: publish('10085:80') });
    await serving(third.start(...answerer('tcp', 80, 'third') as Server));
    await network.connect(third, 'quiet', { gatewayPriority: 10 });
    expect((await third.run('ip', 'route')).stdout).toContain('default via 10.4.0.1');
    expect(await from('neighbour', '198.51.100.1', 10085)).toBe('third 198.51.100.2');
    await network.disconnect(third, 'quiet');
    expect((await third.run('ip', 'route')).stdout).toContain('default via 10.1.0.1');
    expect(await from('neighbour', '198.51.100.1', 10085)).toBe('third 198.51.100.2');
    expect(await from(third, '203.0.113.2', 80)).toBe('internet 203.0.113.1');
    await network.stop(third);
  });

  it('can\'t be removed with somebody on them, nor take what others have', async () => {
    await expect(network.call({ call: 'remove', network: 'front' })).rejects.toThrow('has active endpoints');
    await expect(network.create('front')).rejects.toThrow('network with name front already exists');
    await expect(network.create('more', { pools: [pool('10.1.0.128/25')] })).rejects.toThrow('Pool overlaps with other one on this address space');
    await expect(network.create('more', { pools: [pool('203.0.113.128/25')] })).rejects.toThrow('which the host reaches through wan0');
    await world.must('host', 'ip', 'link', 'add', 'theirs', 'type', 'bridge');
    const taken = { 'com.docker.network.bridge.name': 'theirs' };
    await expect(network.create('more', { options: taken })).rejects.toThrow('isn\'t this engine\'s');
    await expect(network.create('more', { options: { 'com.docker.network.bridge.name': 'lan0' } })).rejects.toThrow('isn\'t this engine\'s');
    expect(await world.must('host', 'ip', '-brief', 'link', 'show', 'theirs')).toContain('DOWN');
    await world.must('host', 'ip', 'link', 'del', 'theirs');
    expect((await network.create('more')).pools[0]?.subnet).toBe('172.17.0.0/24');
    await network.call({ call: 'remove', network: 'more' });
  });

  it('put a container on the host\'s own wire (macvlan), where its neighbours see it', async () => {
    await network.create('wire', { driver: 'macvlan', options: { parent: 'lan0' }, pools: [{ ...pool('198.51.100.0/24'), range: '198.51.100.64/27' }] });
    const guest = await network.container();
    const { address } = await network.start(guest, { networks: ['wire'] });
    expect(address).toBe('198.51.100.64');
    await serving(guest.start(...answerer('tcp', 80, 'guest') as Server));
    expect(await from('neighbour', address, 80)).toBe('guest 198.51.100.2');
    await network.connect(guest, 'vault');
    await network.disconnect(guest, 'wire');
    expect((await guest.run('ip', '-brief', 'link')).stdout).not.toContain('eth0');
    await network.stop(guest);
    await network.call({ call: 'remove', network: 'wire' });
  });

  it('work on after their engine was killed, and are known to the next one', async () => {
    await network.crash();
    expect(await from('neighbour', '198.51.100.1', 10080)).toBe('web0 198.51.100.2');
    await world.must('host', 'iptables', '-t', 'nat', '-F');
    await world.must('host', 'ip6tables', '-F', 'BERTH-FORWARD');
    await network.call({ call: 'reconcile', living: [front, both, back, inner].map(({ id }) => id) });
    expect(await from('neighbour', '198.51.100.1', 10080)).toBe('web0 198.51.100.2');
    expect(await from('neighbour', '2001:db8:51::1', 10082)).toBe('back 2001:db8:51::2');
    expect(await from(front, '10.2.0.3', 80)).toBe('silent');
    await network.call({ call: 'remove', network: 'quiet' });
  });

  it('leave nothing', async () => {
    for (const container of [front, both, back, inner]) await network.stop(container);
    for (const name of ['front', 'back', 'vault']) await network.call({ call: 'remove', network: name });
    await network.call({ call: 'settle' });
    await network.end();
    expect({ ...await world.snapshot(), processes: [] }).toEqual({ ...before, processes: [] });
  });
}, 60_000);
