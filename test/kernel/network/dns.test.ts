import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portOf } from '../../../src/network/dns/resolver.ts';
import { createWorld, helperPath, type World } from '../../world.ts';
import { makeContainer, serving, type Container } from './containers.ts';

const fixture = (name: string): string => join(import.meta.dirname, '../../fixtures', name);
const resolverAddress = '127.0.0.11';

describe('a container\'s name server', () => {
  let world: World;
  let driver: ChildProcess;
  let web: Container;
  let loud: Container;
  let asked = '';

  async function startDriver(again: boolean): Promise<void> {
    driver = world.start('host', process.execPath, fixture('dns-driver.ts'), await world.wrapper('host', helperPath));
    driver.stderr?.on('data', (chunk: Buffer) => process.stderr.write(chunk));
    const members = [
      { containerId: web.id, name: 'web', shortId: web.id.slice(0, 12), aliases: ['www'], ipv4: '10.1.0.2' },
      ...Array.from({ length: 60 }, (_, i) => ({ containerId: '', name: `many${i}`, shortId: '-', aliases: ['many'], ipv4: `10.1.1.${i}` })),
    ];
    const network = { networkId: 'n', networkName: 'front', resolves: true, internal: false, members, links: {} };
    for (const [container, internal] of [[web, false], [loud, true]] as const) {
      driver.stdin?.write(`${JSON.stringify({
        id: container.id, pid: container.pid, again, servers: ['203.0.113.9', '203.0.113.2'], networks: [{ ...network, internal }],
      })}\n`);
      const [answer] = await once(driver.stdout as NodeJS.ReadableStream, 'data');
      expect(String(answer)).toBe('served\n');
    }
  }

  const ask = async (container: Container, protocol: string, type: string, name: string, times = 1): Promise<unknown[]> => {
    const { stdout } = await container.run(process.execPath, fixture('dns-ask.ts'), resolverAddress, protocol, type, name, String(times));
    return stdout.trim().split('\n').map((line) => line === 'silent' ? line : JSON.parse(line) as unknown);
  };

  beforeAll(async () => {
    world = await createWorld();
    [web, loud] = await Promise.all([makeContainer(world), makeContainer(world)]);
    for (const container of [web, loud]) await container.run('ip', 'link', 'set', 'lo', 'up');
    const authority = world.start('internet', process.execPath, fixture('dns-authority.ts'), '203.0.113.2');
    authority.stdout?.on('data', (chunk: Buffer) => (asked += chunk.toString()));
    await serving(authority);
    await startDriver(false);
  }, 30_000);
  afterAll(async () => world.destroy());

  it('answers for names and addresses of its networks, by UDP and TCP', async () => {
    expect(await ask(web, 'udp', 'A', 'WWW.front')).toEqual([{ rcode: 'NOERROR', cut: false, ttl: 600, data: ['10.1.0.2'] }]);
    expect(await ask(web, 'tcp', 'A', web.id.slice(0, 12))).toMatchObject([{ data: ['10.1.0.2'] }]);
    expect(await ask(web, 'udp', 'AAAA', 'web')).toMatchObject([{ rcode: 'NOERROR', data: [] }]);
    expect(await ask(web, 'udp', 'PTR', '2.0.1.10.in-addr.arpa')).toMatchObject([{ data: ['web.front'] }]);
    const [cut] = await ask(web, 'udp', 'A', 'many');
    expect(cut).toMatchObject({ cut: true });
    const [one, two] = await ask(web, 'tcp', 'A', 'many', 2) as { data: string[] }[];
    expect(one?.data).toHaveLength(60);
    expect(one?.data[0]).not.toBe(two?.data[0]);
    expect(asked).toBe('up\n');
  });

  it('asks outside for other names: the next server where the first is silent, and by TCP what is cut short', async () => {
    expect(await ask(web, 'udp', 'A', 'one.example')).toMatchObject([{ rcode: 'NOERROR', ttl: 5, data: ['198.18.0.0'] }]);
    expect(await ask(web, 'udp', 'A', 'gone.example')).toMatchObject([{ rcode: 'NXDOMAIN' }]);
    expect(await ask(web, 'udp', 'A', 'many-12.example')).toMatchObject([{ cut: false, data: { length: 12 } }]);
    expect(await ask(web, 'tcp', 'A', 'many-300.example')).toMatchObject([{ data: { length: 300 } }]);
    expect(asked).toContain('udp A many-12.example from 203.0.113.1\ntcp A many-12.example from 203.0.113.1\n');
  });

  it('leaves port 53 to the container', async () => {
    await serving(web.start(process.execPath, '-e',
      `require('dgram').createSocket('udp4').bind(53, '0.0.0.0', () => console.log('bound'))`));
    expect(await ask(web, 'udp', 'A', 'web')).toMatchObject([{ data: ['10.1.0.2'] }]);
    expect((await web.run('ss', '-Hlnu', 'src', resolverAddress)).stdout).toContain(`:${portOf(web.id)} `);
  });

  it('tells an internal network\'s container its neighbours, and asks nobody outside (CVE-2024-29018)', async () => {
    const before = asked;
    expect(await ask(loud, 'udp', 'A', 'web')).toMatchObject([{ data: ['10.1.0.2'] }]);
    expect(await ask(loud, 'udp', 'A', 'secret.example')).toMatchObject([{ rcode: 'SERVFAIL' }]);
    expect(await ask(loud, 'tcp', 'A', 'secret.example')).toMatchObject([{ rcode: 'SERVFAIL' }]);
    expect(asked).toBe(before);
  });

  it('serves others while one container floods', async () => {
    const flood = loud.start(process.execPath, '-e', `const s = require('dgram').createSocket('udp4'); const q = Buffer.from(
      '126701000001000000000000037765620000010001', 'hex'); s.connect(53, '${resolverAddress}', () => {
      const go = () => { for (let i = 0; i < 200; i++) s.send(q); setImmediate(go); }; go(); console.log('floods'); })`);
    await serving(flood);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const started = performance.now();
    expect(await ask(web, 'udp', 'A', 'web', 50)).toHaveLength(50);
    expect(performance.now() - started).toBeLessThan(3000);
    flood.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(await ask(loud, 'udp', 'A', 'web')).toMatchObject([{ data: ['10.1.0.2'] }]);
  });

  it('survives its helper, and is served again, at the same port, by the next engine', async () => {
    const [helper] = (await world.run('host', 'pgrep', '-P', String(driver.pid))).stdout.trim().split('\n');
    process.kill(Number(helper), 'SIGKILL');
    expect(await ask(web, 'udp', 'A', 'web')).toMatchObject([{ data: ['10.1.0.2'] }]);
    const gone = once(driver, 'exit');
    driver.kill('SIGKILL');
    await gone;
    await startDriver(true);
    expect(await ask(web, 'tcp', 'A', 'web')).toMatchObject([{ data: ['10.1.0.2'] }]);
    expect(await ask(web, 'udp', 'A', 'one.example')).toMatchObject([{ data: ['198.18.0.0'] }]);
    expect((await web.run('nft', 'list', 'ruleset')).stdout.match(/dnat/g)).toHaveLength(2);
    expect((await web.run('ss', '-Hlnu', 'src', resolverAddress)).stdout).toContain(`:${portOf(web.id)} `);
  });

  it('takes port 53 itself where the kernel won\'t have a NAT table', async () => {
    const bare = await makeContainer(world);
    await bare.run('ip', 'link', 'set', 'lo', 'up');
    // A chain of that name and another kind is in the way: the batch is refused as a whole.
    await bare.run('nft', 'add table ip berth-dns; add chain ip berth-dns output { type filter hook output priority 0; }');
    driver.stdin?.write(`${JSON.stringify({ id: bare.id, pid: bare.pid, networks: [], servers: [] })}\n`);
    expect(String((await once(driver.stdout as NodeJS.ReadableStream, 'data'))[0])).toBe('served\n');
    expect((await bare.run('ss', '-Hlntu', 'src', resolverAddress)).stdout.match(/:53 /g)).toHaveLength(2);
  });
}, 60_000);
