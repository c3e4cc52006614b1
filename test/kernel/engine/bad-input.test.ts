import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createWorld, waitUntil, type Daemon, type World } from '../../world.ts';
import { list } from '../../../src/host/files.ts';
import { Client, expectAsBefore, traces } from './client.ts';

describe("requests that can't be right", () => {
  let world: World;
  let daemon: Daemon;
  let api: Client;
  beforeAll(async () => {
    world = await createWorld();
    daemon = await world.daemon();
    api = new Client(daemon);
    await api.load('busybox');
  });
  afterAll(() => world.destroy());

  const left = async (): Promise<unknown> => ({
    world: await traces(world),
    containers: await list(join(daemon.root, 'containers')),
    volumes: await list(join(daemon.root, 'volumes')),
    keepers: await list(join(daemon.runDirectory, 'keepers')),
  });

  it.each([
    [{ Image: '' }, 400, 'no image'],
    [{ Image: 'nonesuch' }, 404, 'No such image: nonesuch:latest'],
    [{ Image: 'BAD NAME' }, 400, 'invalid reference format'],
    [{ HostConfig: { Memory: -1 } }, 400, 'Minimum memory'],
    [{ HostConfig: { CapAdd: ['NOPE'] } }, 400, 'NOPE'],
    [{ HostConfig: { Sysctls: { 'kernel.panic': '1' } } }, 400, 'kernel.panic'],
    [{ HostConfig: { CpusetCpus: '0-4294967295' } }, 400, 'cpuset'],
    [{ User: 'nobody-here' }, 400, 'unable to find user'],
    [{ User: '4294967296' }, 400, 'range'],
    [{ HostConfig: { Devices: [{ PathOnHost: '/nonesuch' }] } }, 400, '/nonesuch'],
    [
      { HostConfig: { Mounts: [{ Type: 'bind', Source: '/nonesuch', Target: '/x' }] } },
      400,
      'bind source path does not exist: /nonesuch',
    ],
    [{ HostConfig: { Binds: ['vol1:/a', 'vol2:/a'] } }, 400, 'Duplicate mount point: /a'],
    [{ Cmd: ['/nonesuch'] }, 400, 'no such file or directory'],
    [{ Cmd: ['nonesuch'] }, 400, 'executable file not found in $PATH'],
    [{ Cmd: ['/etc'] }, 400, 'permission denied'],
    [{ HostConfig: { NetworkMode: 'nonet' } }, 404, 'network nonet not found'],
    [{ HostConfig: { NetworkMode: 'container:nonesuch' } }, 404, 'No such container: nonesuch'],
    [{ HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '99999' }] } } }, 400, '99999'],
    [{ HostConfig: { SecurityOpt: ['seccomp={'] } }, 400, 'seccomp'],
    [{ HostConfig: { Ulimits: [{ Name: 'nonesuch', Soft: 1, Hard: 1 }] } }, 400, 'nonesuch'],
    [
      { NetworkingConfig: { EndpointsConfig: { bridge: { IPAMConfig: { IPv4Address: '10.99.0.1' } } } } },
      400,
      'user defined networks only',
    ],
    [{ Hostname: 'x'.repeat(65) }, 400, 'hostname'],
  ] as [object, number, string][])('%j is told in one line and leaves nothing', async (body, status, words) => {
    const before = await left();
    const made = await api.call('POST', '/containers/create', { Image: 'busybox', Cmd: ['true'], ...body });
    const reply = made.status === 201 ? await api.call('POST', `/containers/${made.body.Id}/start`) : made;
    expect(reply.status, JSON.stringify(reply.body)).toBe(status);
    expect(reply.body.message.toLowerCase()).toContain(words.toLowerCase());
    expect(reply.body.message).not.toContain('\n');
    if (made.status === 201) await api.must('DELETE', `/containers/${made.body.Id}`);
    await expectAsBefore(left, before);
  });

  it('a taken name and a taken port are conflicts that name the owner', async () => {
    const first = await api.run('sleep 60', {
      name: 'first',
      host: { PortBindings: { '80/tcp': [{ HostPort: '8099' }] } },
    });
    const name = await api.call('POST', '/containers/create?name=first', { Image: 'busybox' });
    expect(name).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining(`already in use by container "${first}"`) },
    });
    const second = await api.create('true', { host: { PortBindings: { '80/tcp': [{ HostPort: '8099' }] } } });
    expect((await api.call('POST', `/containers/${second}/start`)).body.message).toMatch(
      /driver failed programming external connectivity.*port is already allocated/,
    );
    await api.must('DELETE', `/containers/${first}?force=1`);
    await api.must('POST', `/containers/${second}/start`);
    await api.must('DELETE', `/containers/${second}?force=1`);
  });

  it.each([
    ['POST', '/containers/create', '{', 400],
    ['POST', '/containers/create', [], 400],
    ['GET', '/nonesuch', undefined, 404],
    ['GET', '/v1.99/version', undefined, 400],
    ['GET', '/v1.12/version', undefined, 400],
    ['GET', '/containers/json?filters={', undefined, 400],
    ['GET', '/containers/json?limit=x', undefined, 400],
    ['GET', '/containers/%2e%2e/json', undefined, 404],
    ['POST', '/containers/x/wait?condition=y', undefined, 400],
    ['POST', '/build', undefined, 501],
    ['GET', '/swarm', undefined, 503],
    ['GET', '/containers/nonesuch/logs?stdout=1', undefined, 404],
    ['GET', '/events?since=yesterday', undefined, 400],
    ['DELETE', '/networks/bridge', undefined, 403],
  ] as [string, string, unknown, number][])('%s %s with %j is answered %i', async (method, path, body, status) => {
    const reply = await api.call(method, path, body);
    expect(reply.status).toBe(status);
    expect(typeof reply.body.message).toBe('string');
  });

  it('a body without end is cut off, and the next request is served', async () => {
    const big = await api
      .call('POST', '/containers/create', { Image: 'busybox', Labels: { a: 'x'.repeat(5 * 2 ** 20) } })
      .catch((error: unknown) => error);
    expect(big).toMatchObject({ status: 400 });
    expect((await api.call('GET', '/_ping')).status).toBe(200);
  });

  it('a page in a browser is refused', async () => {
    const reply = await world.must(
      'host',
      'curl',
      '-s',
      '-H',
      'Origin: http://evil.example',
      '--unix-socket',
      daemon.host.slice(7),
      'http://x/containers/json',
    );
    expect(reply).toContain('requests from web pages');
  });

  it('two hundred clients that attach and drop leave descriptors as they were', async () => {
    const id = await api.run('sleep 60');
    const created = await api.create('true');
    const open = (): number => readdirSync(`/proc/${daemon.pid}/fd`).length;
    await api.call('GET', '/_ping');
    const before = open();
    for (let i = 0; i < 200; i += 1) {
      const socket = connect(daemon.host.slice(7));
      const path = `/containers/${i % 2 ? id : created}/attach?stream=1&stdout=1&stdin=1`;
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`);
      await new Promise((resolve) => socket.once('data', resolve));
      socket.destroy();
    }
    await waitUntil(() => open() <= before + 3, 5000);
    for (const one of [id, created]) await api.must('DELETE', `/containers/${one}?force=1`);
  });

  it("the daemon's log has nothing of a crash", () => {
    expect(daemon.log()).not.toMatch(/Error|undefined|at async/);
    expect(readFileSync(`/proc/${daemon.pid}/status`, 'utf8')).toContain('State');
  });
});
