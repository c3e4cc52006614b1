import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type Daemon, type World } from '../../world.ts';
import { Client, expectAsBefore, traces } from './client.ts';

describe('networks of an engine', () => {
  let world: World;
  let daemon: Daemon;
  let api: Client;
  let before: Awaited<ReturnType<typeof traces>>;
  const create = (name: string, more: object = {}): Promise<{ Id: string }> => api.must('POST', '/networks/create', { Name: name, ...more });
  const subnet = (text: string): object => ({ IPAM: { Config: [{ Subnet: text }] } });
  const exec = async (name: string, ...command: string[]): Promise<string> => (await daemon.berth('exec', name, ...command)).stdout;
  const connect = (network: string, body: object) => api.call('POST', `/networks/${network}/connect`, body);
  const disconnect = (network: string, body: object) => api.call('POST', `/networks/${network}/disconnect`, body);
  const eventsOf = async (type: string): Promise<string[]> => {
    const filters = encodeURIComponent(JSON.stringify({ type: [type] }));
    const until = Math.ceil(Date.now() / 1000);
    const found = await api.must('GET', `/events?since=0&until=${until}&filters=${filters}`);
    return [found].flat().map((event: { Action: string; Actor: { Attributes: { name: string } } }) => `${event.Action} ${event.Actor.Attributes.name}`);
  };

  beforeAll(async () => {
    world = await createWorld();
    before = await traces(world);
    daemon = await world.daemon();
    api = new Client(daemon);
    await api.load('busybox');
  });
  afterAll(() => world.destroy());

  it('are made, found by name and the beginning of their id, and refused twice', async () => {
    const { Id: id } = await create('one', { ...subnet('10.1.0.0/24'), Labels: { tier: 'back' }, Options: { 'com.docker.network.driver.mtu': '1400' } });
    expect(await api.must('GET', `/networks/${id.slice(0, 6)}`)).toMatchObject({ Name: 'one', Driver: 'bridge', Scope: 'local', Labels: { tier: 'back' } });
    expect(await api.call('POST', '/networks/create', { Name: 'one' })).toMatchObject({ status: 409, body: { message: 'network with name one already exists' } });
    await create('two', { ...subnet('10.2.0.0/24'), EnableIPv6: true });
    await create('vault', { ...subnet('10.3.0.0/24'), Internal: true });
    expect(await world.must('host', 'ip', '-brief', 'addr', 'show', `br-${id.slice(0, 12)}`)).toContain('10.1.0.1/24');
  });

  it('take a container on several at create, each with its own settings', async () => {
    const endpoints = { two: { Aliases: ['api'] }, one: { IPAMConfig: { IPv4Address: '10.1.0.50' }, GwPriority: 5 } };
    await api.create('sleep 1000', { name: 'several', config: { NetworkingConfig: { EndpointsConfig: endpoints } }, host: { NetworkMode: 'two' } });
    await api.must('POST', '/containers/several/start');
    const { NetworkSettings: settings } = await api.inspect('several');
    expect(settings.Networks).toMatchObject({
      one: { IPAddress: '10.1.0.50', Gateway: '10.1.0.1', IPPrefixLen: 24, GwPriority: 5 },
      two: { IPAddress: '10.2.0.2', GlobalIPv6PrefixLen: 64, Aliases: ['api'], DNSNames: expect.arrayContaining(['several', 'api']) },
    });
    expect(settings.IPAddress).toBe('');
    expect(await exec('several', 'ip', 'route')).toContain('default via 10.1.0.1 dev eth1');
    expect(await exec('several', 'cat', '/sys/class/net/eth1/mtu')).toBe('1400\n');
    expect((await exec('several', 'cat', '/etc/hosts')).match(/^(10\.|fd)/gm)).toHaveLength(3);
    expect((await api.call('POST', '/v1.43/containers/create', { Image: 'busybox', NetworkingConfig: { EndpointsConfig: endpoints } })).status).toBe(400);
  });

  it('come and go while a container runs, and while it doesn\'t', async () => {
    expect((await connect('vault', { Container: 'several', EndpointConfig: { IPAMConfig: { IPv4Address: '10.3.0.9' } } })).status).toBe(200);
    expect((await api.inspect('several')).NetworkSettings.Networks.vault).toMatchObject({ IPAddress: '10.3.0.9', Gateway: '' });
    expect(await exec('several', 'cat', '/etc/hosts')).toContain('10.3.0.9\t');
    expect((await api.must('GET', '/networks/vault')).Containers[(await api.inspect('several')).Id]).toMatchObject({ Name: 'several', IPv4Address: '10.3.0.9/24' });
    expect(await connect('vault', { Container: 'several' })).toMatchObject({ status: 403, body: { message: 'endpoint with name several already exists in network vault' } });
    expect((await disconnect('one', { Container: 'several' })).status).toBe(200);
    expect(await exec('several', 'cat', '/etc/hosts')).not.toContain('10.1.0.50');
    expect(await exec('several', 'ip', 'route')).toContain('default via 10.2.0.1 dev eth0');
    await api.must('POST', '/containers/several/stop?t=0');
    expect((await disconnect('two', { Container: 'several' })).status).toBe(200);
    expect((await connect('one', { Container: 'several' })).status).toBe(200);
    await api.must('POST', '/containers/several/start');
    expect(Object.keys((await api.inspect('several')).NetworkSettings.Networks).sort()).toEqual(['one', 'vault']);
  });

  it('change one at a time, however many ask at once', async () => {
    const answers = await Promise.all([0, 1, 2, 3].map(() => connect('two', { Container: 'several' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403]);
    const gone = await Promise.all([0, 1, 2].map(() => disconnect('two', { Container: 'several' })));
    expect(gone.map(({ status }) => status).sort()).toEqual([200, 500, 500]);
  });

  it('are told in events', async () => {
    const told = await eventsOf('network');
    expect(told.slice(0, 5)).toEqual(['create one', 'create two', 'create vault', 'connect two', 'connect one']);
    expect(told).toContain('disconnect one');
  });

  it('refuse what can\'t be, in Docker\'s words, and keep nothing of it', async () => {
    const refused: [string, string, object | undefined, number, string][] = [
      ['DELETE', '/networks/one', undefined, 403, 'has active endpoints'],
      ['DELETE', '/networks/bridge', undefined, 403, 'bridge is a pre-defined network and cannot be removed'],
      ['DELETE', '/networks/nosuch', undefined, 404, 'network nosuch not found'],
      ['POST', '/networks/host/connect', { Container: 'several' }, 400, 'container cannot be disconnected from host network or connected to host network'],
      ['POST', '/networks/none/connect', { Container: 'several' }, 400, 'private (none) mode'],
      ['POST', '/networks/two/connect', { Container: 'nosuch' }, 404, 'No such container: nosuch'],
      ['POST', '/networks/two/connect', { Container: 'several', EndpointConfig: { IPAMConfig: { IPv4Address: '10.9.0.1' } } }, 400, 'It does not belong to any of this network\'s subnets'],
      ['POST', '/networks/two/connect', { Container: 'several', EndpointConfig: { IPAMConfig: { IPv4Address: '10.2.0.1' } } }, 403, 'Address already in use'],
      ['POST', '/networks/two/connect', { Container: 'several', EndpointConfig: { MacAddress: '01:00:00:00:00:01' } }, 400, 'invalid MAC address'],
      ['POST', '/networks/two/connect', { Container: 1 }, 400, 'Container'], ['POST', '/networks/create', { Name: 7 }, 400, 'Name'],
      ['POST', '/networks/create', { Name: 'x', IPAM: { Config: [7] } }, 400, 'Config'],
    ];
    for (const [method, path, body, status, message] of refused) {
      const reply = await api.call(method, path, body);
      expect([reply.status, reply.body.message], `${method} ${path} ${JSON.stringify(body)}`).toEqual([status, expect.stringContaining(message)]);
    }
    expect(Object.keys((await api.inspect('several')).NetworkSettings.Networks).sort()).toEqual(['one', 'vault']);
    expect(await exec('several', 'ip', 'link')).not.toMatch(/eth2/);
  });

  it('get more ports, and lose them, while a container runs', async () => {
    const page = async (port: number): Promise<string> =>
      (await world.run('neighbour', 'curl', '-s', '-m', '2', '-o', '/dev/null', '-w', '%{http_code}', `http://198.51.100.1:${port}/hostname`)).stdout;
    await api.run('httpd -f -p 80 -h /etc', { name: 'site', host: { NetworkMode: 'two', PortBindings: { '80/tcp': [{ HostPort: '8080' }] } } });
    expect(await page(8080)).toBe('200');
    expect(await daemon.berth('port', 'add', 'site', '8081:80', '127.0.0.1:8082:80')).toMatchObject({ exitCode: 0, stderr: '' });
    expect([await page(8080), await page(8081), await page(8082)]).toEqual(['200', '200', '000']);
    expect((await daemon.berth('port', 'site')).stdout).toContain('80/tcp -> 127.0.0.1:8082');
    expect((await daemon.berth('port', 'add', 'site', '8081:80')).stderr).toContain('port is already allocated');
    expect(await daemon.berth('port', 'rm', 'site', '8080')).toMatchObject({ exitCode: 0 });
    expect([await page(8080), await page(8081)]).toEqual(['000', '200']);
    expect((await daemon.berth('port', 'rm', 'site', '8080')).stderr).toContain('8080/tcp is not published');
    await api.must('POST', '/containers/site/restart?t=0');
    expect([await page(8080), await page(8081)]).toEqual(['000', '200']);
    await api.must('DELETE', '/containers/site?force=1');
    expect(await page(8081)).toBe('000');
  });

  it('are all known again after their engine was killed', async () => {
    await api.run('sleep 1000', { name: 'other', host: { NetworkMode: 'two', PortBindings: { '80/tcp': [{ HostPort: '' }] } } });
    // In the middle of whatever: each of these is there wholly afterwards, or not at all.
    for (let i = 0; i < 5; i++) void create(`torn${i}`).catch(() => undefined);
    await daemon.stop('SIGKILL');
    daemon = await world.daemon();
    api = new Client(daemon);
    const names = (await api.must('GET', '/networks')).map(({ Name }: { Name: string }) => Name);
    expect(names).toEqual(expect.arrayContaining(['bridge', 'host', 'none', 'one', 'two', 'vault']));
    const bridges = JSON.parse(await world.must('host', 'ip', '-json', 'link', 'show', 'type', 'bridge')) as unknown[];
    expect(bridges).toHaveLength(names.length - 3);
    await Promise.all(names.filter((name: string) => name.startsWith('torn')).map((name: string) => api.must('DELETE', `/networks/${name}`)));
    const { NetworkSettings: settings } = await api.inspect('other');
    expect(settings.Ports['80/tcp'].map(({ HostPort }: { HostPort: string }) => HostPort)).toEqual(expect.arrayContaining([settings.Ports['80/tcp'][0].HostPort]));
    expect((await connect('two', { Container: 'several' })).status).toBe(200);
    expect(await exec('several', 'ping', '-c1', '-W1', settings.Networks.two.IPAddress)).toContain('1 packets received');
  });

  it('are pruned but for those that a container wants, and leave nothing', async () => {
    await api.must('DELETE', '/containers/several?force=1');
    await create('idle');
    expect((await api.must('POST', '/networks/prune')).NetworksDeleted.sort()).toEqual(['idle', 'one', 'vault']);
    await api.must('POST', '/containers/other/stop?t=0');
    expect((await api.must('POST', '/networks/prune')).NetworksDeleted).toBeNull();
    await api.must('DELETE', '/containers/other');
    expect((await api.must('POST', '/networks/prune')).NetworksDeleted).toEqual(['two']);
    await daemon.stop();
    await expectAsBefore(() => traces(world), before);
  });
}, 60_000);
