import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePublish, type PortRequest } from '../../../src/model/ports.ts';
import { createWorld, helperPath, waitUntil, type Place, type Snapshot, type World } from '../../world.ts';
import { answerer, asker, openNetworkUnderTest, serving, type Container } from './containers.ts';

const publish = (...specs: string[]): PortRequest[] => specs.flatMap(parsePublish);
const proxyCommand = [process.execPath, join(import.meta.dirname, '../../../src/berth.ts'), 'proxy'];

describe('the network beside others', () => {
  let world: World;
  let helper: string;
  beforeEach(async () => {
    world = await createWorld();
    helper = await world.wrapper('host', helperPath);
  });
  afterEach(() => world.destroy());

  const from = async (place: Place | Container, protocol: 'tcp' | 'udp', address: string, port: number): Promise<string> => {
    const [program = '', ...args] = asker(protocol, address, port);
    const result = typeof place === 'string' ? await world.run(place, program, ...args) : await place.run(program, ...args);
    return result.stdout.trim() || result.stderr;
  };
  const serve = (container: Container, protocol: 'tcp' | 'udp', port: number, name: string): Promise<void> =>
    serving(container.start(...answerer(protocol, port, name) as [string, ...string[]]));
  const quiet = (snapshot: Snapshot): Snapshot => ({ ...snapshot, processes: [] });

  it('leaves rules of others alone, and iptables-save as it was', async () => {
    await world.must('host', 'sh', '-c', `
      iptables -P FORWARD DROP; iptables -N DOCKER; iptables -A FORWARD -o docker0 -j DOCKER; iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
      iptables -t mangle -A PREROUTING -p tcp --dport 7 -j MARK --set-mark 7; echo 1 > /proc/sys/net/ipv4/ip_forward`);
    const before = await world.snapshot();
    const network = openNetworkUnderTest(world, helper);
    const web = await network.container();
    await network.start(web, { ports: publish('10080:80') });
    await serve(web, 'tcp', 80, 'web');
    expect(await from('neighbour', 'tcp', '198.51.100.1', 10080)).toBe('web 198.51.100.2');
    await network.stop(web);
    await network.call({ call: 'settle' });
    await network.end();
    expect(quiet(await world.snapshot())).toEqual(quiet(before));
  });

  it('asks the user\'s chain first, and keeps what stands in it', async () => {
    const network = openNetworkUnderTest(world, helper);
    const web = await network.container();
    await network.start(web, { ports: publish('10080:80') });
    await serve(web, 'tcp', 80, 'web');
    await world.must('host', 'iptables', '-A', 'BERTH-USER', '-s', '198.51.100.2', '-j', 'DROP');
    expect(await from('neighbour', 'tcp', '198.51.100.1', 10080)).toBe('silent');
    await network.start(await network.container(), { ports: publish('10081:80') });
    await network.call({ call: 'reconcile', living: [web.id] });
    expect(await from('neighbour', 'tcp', '198.51.100.1', 10080)).toBe('silent');
    await network.stop(web);
    await network.call({ call: 'settle' });
    expect(await world.must('host', 'iptables-save', '-t', 'filter')).toContain('-A BERTH-USER -s 198.51.100.2/32 -j DROP');
  });

  it('runs twice at once, with isolated bridges', async () => {
    const before = await world.snapshot();
    const first = openNetworkUnderTest(world, helper, {}, 'one');
    const second = openNetworkUnderTest(world, helper, { bridge: 'berth9', bip: '172.29.0.1/24' }, 'two');
    const [a, b] = await Promise.all([first.container(), second.container()]);
    await first.start(a, { ports: publish('10080:80') });
    await second.start(b, { ports: publish('10081:80') });
    await Promise.all([serve(a, 'tcp', 80, 'a'), serve(b, 'tcp', 80, 'b')]);
    expect(await from('neighbour', 'tcp', '198.51.100.1', 10080)).toBe('a 198.51.100.2');
    expect(await from('neighbour', 'tcp', '198.51.100.1', 10081)).toBe('b 198.51.100.2');
    expect(await from(b, 'tcp', '198.51.100.1', 10080)).toMatch(/^a /);
    expect(await from(a, 'tcp', '172.29.0.2', 80)).toBe('silent');
    await first.stop(a);
    await first.call({ call: 'settle' });
    expect(await from('neighbour', 'tcp', '198.51.100.1', 10081)).toBe('b 198.51.100.2');
    await second.stop(b);
    await second.call({ call: 'settle' });
    await Promise.all([first.end(), second.end()]);
    const after = await world.snapshot();
    // The first opened forwarding and left it on for the second, which doesn't know whose it was.
    expect(quiet({ ...after, forwarding: '', iptables: '' })).toEqual(quiet({ ...before, forwarding: '', iptables: '' }));
    expect(after.iptables).not.toContain('berth');
  });

  it('refuses a bridge that isn\'t its own, and a subnet that the host reaches elsewhere', async () => {
    await world.must('host', 'ip', 'link', 'add', 'berth0', 'type', 'bridge');
    await world.must('host', 'ip', 'route', 'add', '172.29.5.0/24', 'via', '198.51.100.2');
    const before = await world.snapshot();
    const first = openNetworkUnderTest(world, helper, {}, 'one');
    const second = openNetworkUnderTest(world, helper, { bridge: 'berth9', bip: '172.29.0.1/16' }, 'two');
    await expect(first.start(await first.container())).rejects.toThrow('bridge berth0: a bridge of that name exists and isn\'t this engine\'s');
    await expect(second.start(await second.container())).rejects.toThrow('overlaps with 172.29.5.0/24, which the host reaches through lan0');
    await first.call({ call: 'settle' });
    await second.call({ call: 'settle' });
    await Promise.all([first.end(), second.end()]);
    expect(quiet(await world.snapshot())).toEqual(quiet(before));
  });

  it('starts and stops many at once, each with an address and a port of its own', async () => {
    const before = await world.snapshot();
    const network = openNetworkUnderTest(world, helper);
    const containers = await Promise.all(Array.from({ length: 12 }, () => network.container()));
    const endpoints = await Promise.all(containers.map((container) => network.start(container, { ports: publish('80', '81/udp') })));
    expect(new Set(endpoints.map(({ address }) => address)).size).toBe(12);
    expect(new Set(endpoints.flatMap(({ ports }) => ports.map(({ hostPort, protocol }) => `${hostPort}/${protocol}`))).size).toBe(24);
    await Promise.all(containers.map((container, i) => serve(container, 'tcp', 80, `c${i}`)));
    const answers = await Promise.all(endpoints.map(({ ports }) => from('neighbour', 'tcp', '198.51.100.1', ports[0]?.hostPort ?? 0)));
    expect(answers).toEqual(containers.map((_, i) => `c${i} 198.51.100.2`));
    await Promise.all(containers.map((container) => network.stop(container)));
    await network.call({ call: 'settle' });
    await network.end();
    expect(quiet(await world.snapshot())).toEqual(quiet(before));
  });

  it('sends a UDP client that never pauses to the new container on its port (moby#8795)', async () => {
    const network = openNetworkUnderTest(world, helper);
    const [one, two] = await Promise.all([network.container(), network.container()]);
    await network.start(one, { ports: publish('5353:53/udp') });
    await serve(one, 'udp', 53, 'one');
    const client = world.start('neighbour', process.execPath, '-e', `const s = require('dgram').createSocket('udp4');
      s.on('message', (m) => console.log(String(m))).on('error', () => {}); s.bind(7777, () => setInterval(() => s.send('?', 5353, '198.51.100.1'), 20))`);
    let heard = '';
    client.stdout?.on('data', (data: Buffer) => (heard += data.toString()));
    await waitUntil(() => heard.includes('one'), 5000);
    await network.stop(one);
    await network.start(two, { ports: publish('5353:53/udp'), address: '172.30.0.77' });
    await serve(two, 'udp', 53, 'two');
    await waitUntil(() => heard.includes('two'), 5000);
  });

  it('serves by proxy as well, on 127.0.0.1, ::1 and IPv6, beyond the engine\'s life', async () => {
    const before = await world.snapshot();
    const network = openNetworkUnderTest(world, helper, { userlandProxy: true, proxyCommand });
    const web = await network.container();
    const endpoint = await network.start(web, { ports: publish('10080:80', '10090:90/udp') });
    expect(endpoint.ports.map(({ hostIp }) => hostIp)).toEqual(['0.0.0.0', '::', '0.0.0.0', '::']);
    await Promise.all([serve(web, 'tcp', 80, 'web'), serve(web, 'udp', 90, 'web')]);
    for (const address of ['127.0.0.1', '::1', '2001:db8:51::1']) {
      expect(await from('host', 'tcp', address, 10080)).toBe('web 172.30.0.1');
      expect(await from('host', 'udp', address, 10090)).toBe('web 172.30.0.1');
    }
    expect(await from('neighbour', 'tcp', '2001:db8:51::1', 10080)).toBe('web 172.30.0.1');
    expect(await from('neighbour', 'tcp', '198.51.100.1', 10080)).toBe('web 198.51.100.2');
    expect(await from(web, 'tcp', '198.51.100.1', 10080)).toBe('web 172.30.0.1');
    await network.crash();
    expect(await from('host', 'tcp', '127.0.0.1', 10080)).toBe('web 172.30.0.1');
    await network.call({ call: 'reconcile', living: [web.id] });
    await network.stop(web);
    expect(await from('host', 'tcp', '127.0.0.1', 10080)).toBe('refused');
    await network.call({ call: 'settle' });
    await network.end();
    expect(quiet(await world.snapshot())).toEqual(quiet(before));
  });

  it('with a proxy refuses a port that another program has, and leaves none behind', async () => {
    const network = openNetworkUnderTest(world, helper, { userlandProxy: true, proxyCommand });
    await serving(world.start('host', ...answerer('tcp', 10080, 'stranger') as [string, ...string[]]));
    await expect(network.start(await network.container(), { ports: publish('10079:80', '10080:80') })).rejects.toThrow('address already in use');
    expect(await from('host', 'tcp', '127.0.0.1', 10079)).toBe('refused');
  });
}, 60_000);
