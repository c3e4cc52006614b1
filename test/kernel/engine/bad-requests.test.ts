import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { routes } from '../../../src/api/routes/all.ts';
import { createWorld, waitUntil, type Daemon, type World } from '../../world.ts';
import { Client } from './client.ts';

/** What a request that can't be right may be answered with; a body that a route doesn't read changes nothing. */
const fine = new Set([200, 201, 204, 304, 400, 401, 403, 404, 405, 409, 411, 413, 415, 426, 431, 501, 503]);
const crash = /TypeError|RangeError|SyntaxError|Cannot (read|set|convert)|is not (a function|iterable)|undefined|\[object/;

/** Mulberry32: the same numbers for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

describe('bad requests', () => {
  let world: World;
  let daemon: Daemon;
  let api: Client;
  beforeAll(async () => {
    world = await createWorld();
    daemon = await world.daemon();
    api = new Client(daemon);
    await api.load('busybox');
    await api.create('true', { name: 'there' });
  });
  afterAll(() => world.destroy());

  const memory = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))?.[1]) / 1024;

  /** Sends bytes as they are; resolves with all that comes back until the connection ends, or after `patience`. */
  const raw = (bytes: Buffer | string, patience = 2000): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(daemon.host.slice(7));
      let text = '';
      const done = (): void => {
        socket.destroy();
        resolve(text);
      };
      const timer = setTimeout(done, patience);
      socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
      socket.on('close', () => (clearTimeout(timer), done())).on('error', () => {});
      socket.write(bytes);
    });

  const post = (path: string, body: Buffer | string, more = ''): string | Buffer =>
    Buffer.concat([
      Buffer.from(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${more}\r\n`),
      Buffer.from(body as string),
    ]);

  const served = async (): Promise<void> => expect((await api.call('GET', '/_ping')).status).toBe(200);

  const bodies: readonly (readonly [name: string, body: Buffer])[] = [
    ['half an object', Buffer.from('{')],
    ['a list', Buffer.from('[1]')],
    ['a number', Buffer.from('3')],
    ['bad UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['wrong types', Buffer.from('{"Image":1,"Cmd":{},"Name":[],"Container":{},"HostConfig":3,"Config":1,"Labels":[],"Options":3,"Detach":"x","Memory":"1","IPAM":7,"username":1}')],
  ];
  const filled = (path: string, name: string): string => path.replace(/:\w+/g, name).replace('*', `${name}/json`);

  it('every route answers junk with a status of its own and one line, whatever the body and the name', async () => {
    const seen: string[] = [];
    for (const { method, path } of routes) {
      // Taking things away, images in, or a registry that isn't there is no matter of bad words.
      if (path.endsWith('/prune') || ['/images/load', '/auth', '/images/search'].includes(path) || path.startsWith('/distribution')) continue;
      for (const name of ['nonesuch', '%2e%2e', '%ff', 'x'.repeat(2000)]) {
        const reply = await api.call(method, `${filled(path, name)}?until=1&filters=%7B`, method === 'GET' || method === 'HEAD' ? undefined : {});
        seen.push(`${method} ${path} ${reply.status}`);
        expect(fine, `${method} ${filled(path, name).slice(0, 100)}: ${JSON.stringify(reply.body).slice(0, 200)}`).toContain(reply.status);
        if (reply.status >= 400 && method !== 'HEAD') expect(String(reply.body.message)).toMatch(/^[^\n]+$/);
        expect(String(reply.body?.message ?? '')).not.toMatch(crash);
        if (!path.includes(':') && !path.includes('*')) break;
      }
    }
    expect(seen.length).toBeGreaterThan(100);
    await served();
  });

  it.each(bodies)('a body that is %s is refused by every route that reads one', async (_name, body) => {
    const readers = [
      '/containers/create', '/containers/there/update', '/containers/there/exec', '/networks/create', '/networks/bridge/connect',
      '/volumes/create', '/exec/nonesuch/start', '/networks/bridge/disconnect', '/auth', '/commit?container=there',
    ];
    for (const path of readers) {
      const reply = await raw(post(path, body));
      const status = Number(/^HTTP\/1.1 (\d+)/.exec(reply)?.[1]);
      expect([400, 404, 409, 501], `${path}: ${reply.slice(0, 300)}`).toContain(status);
      expect(reply).not.toMatch(crash);
    }
    await served();
  });

  it.each([
    ['GET', '/containers/json?limit=1e9', 400],
    ['GET', '/containers/json?filters=%5B1%5D', 400],
    ['GET', '/containers/json?filters=%7B%22name%22%3A3%7D', 400],
    ['GET', '/containers/json?filters=%7B%22nonesuch%22%3A%5B%5D%7D', 400],
    ['GET', '/containers/json?all=1&filters=%7B%22health%22%3A%5B%22ill%22%5D%7D', 400],
    ['POST', '/containers/there/resize?h=-1&w=3', 400],
    ['POST', '/containers/there/resize?h=x&w=3', 400],
    ['POST', '/containers/there/kill?signal=SIGFOO', 400],
    ['POST', '/containers/there/stop?t=soon', 400],
    ['POST', '/containers/there/rename?name=a%20b', 400],
    ['POST', '/containers/there/rename', 400],
    ['GET', '/containers/there/logs?since=x&stdout=1', 400],
    ['GET', '/images/json?filters=%7B', 400],
    ['GET', '/networks?filters=%7B%22nonesuch%22%3A%5B%22x%22%5D%7D', 400],
    ['GET', '/volumes?filters=3', 400],
    ['GET', '/events?filters=%7B%22type%22%3A%7B%22container%22%3A%22yes%22%7D%7D', 400],
    ['PATCH', '/containers/json', 404],
    ['GET', '/v1.51', 404],
    ['GET', '//containers/json', 404],
  ] as [string, string, number][])('%s %s is answered %i', async (method, path, status) => {
    const reply = await api.call(method, path, method === 'POST' ? {} : undefined);
    expect(reply.status, JSON.stringify(reply.body)).toBe(status);
    expect(typeof reply.body.message).toBe('string');
  });

  it('a pattern that takes for ever elsewhere is answered at once', async () => {
    await api.create('true', { name: `a${'a'.repeat(60)}b` });
    const begin = performance.now();
    await api.must('GET', `/containers/json?all=1&filters=${encodeURIComponent('{"name":["(a+)+$"]}')}`);
    expect(performance.now() - begin).toBeLessThan(2000);
  });

  it('a hundred megabytes of JSON are refused without being kept', async () => {
    const before = memory();
    const socket = connect(daemon.host.slice(7));
    let reply = '';
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()).on('error', () => {}));
    socket.on('data', (chunk: Buffer) => (reply += chunk.toString()));
    socket.write(`POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${100 * 2 ** 20}\r\n\r\n{"Labels":{"a":"`);
    const part = Buffer.alloc(2 ** 20, 'x');
    for (let sent = 0; sent < 100 && !socket.destroyed; sent += 1)
      if (!socket.write(part)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
    await closed;
    if (reply !== '') expect(reply).toMatch(/^HTTP\/1.1 4(00|13)/);
    await served();
    expect(memory() - before).toBeLessThan(60);
  });

  it('nesting a million deep is refused', async () => {
    for (const body of ['['.repeat(1e6), `{"HostConfig":${'{"a":'.repeat(3e5)}`, `{"Labels":${'['.repeat(5e5)}${']'.repeat(5e5)}}`]) {
      expect(await raw(post('/containers/create', body), 8000)).toMatch(/^HTTP\/1.1 400/);
    }
    await served();
  });

  it('half a request, or one that is none, holds nobody up', async () => {
    const halves: Socket[] = [];
    for (const bytes of [
      'GET /containers/js', 'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"Ima', 'GET / HTTP/1.1\r\nHost',
      'POST /containers/create HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab',
    ]) {
      const socket = connect(daemon.host.slice(7)).on('error', () => {});
      socket.write(bytes);
      halves.push(socket);
    }
    await served();
    for (const bytes of ['\0\0\0\0', 'BOGUS\r\n\r\n', 'GET /x HTTP/9.9\r\n\r\n', `GET /${'a'.repeat(200_000)} HTTP/1.1\r\nHost: x\r\n\r\n`]) {
      expect(await raw(bytes)).toMatch(/^HTTP\/1.1 4\d\d/);
    }
    for (const socket of halves) socket.destroy();
    await served();
  });

  it('a client that stops reading fills no memory', async () => {
    const id = await api.run('yes | head -c 60000000; sleep 60');
    await waitUntil(async () => Number((await api.call('GET', `/containers/${id}/logs?stdout=1&tail=1`)).status) === 200, 5000);
    const before = memory();
    const deaf = Array.from({ length: 8 }, () => {
      const socket = connect(daemon.host.slice(7)).on('error', () => {});
      socket.pause();
      socket.write(`GET /containers/${id}/logs?stdout=1&follow=1 HTTP/1.1\r\nHost: x\r\n\r\n`);
      return socket;
    });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await served();
    expect(memory() - before).toBeLessThan(80);
    for (const socket of deaf) socket.destroy();
    await api.must('DELETE', `/containers/${id}?force=1`);
  });

  it('bodies made up at random are created or refused, and never crash', async () => {
    const number = random(20_261_124);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(number() * list.length)] as T;
    const odd: readonly unknown[] = [
      null, true, -1, 0, 1e15, 1e308, 0.5, '', 'x', 'busybox', '/', '../..', '\0', 'é'.repeat(300), [], {}, [null], [1], ['x'], [['x']], { a: null },
      { '': {} }, { __proto__: 1 }, { '80/tcp': [{}] }, [{ Type: 'bind' }], [{ Name: 'nofile' }], { Name: 'always' }, 'container:there', -2147483649,
    ];
    const names = [
      'Image', 'Cmd', 'Env', 'Entrypoint', 'User', 'Labels', 'Volumes', 'ExposedPorts', 'Healthcheck', 'StopSignal', 'StopTimeout', 'Hostname',
      'WorkingDir', 'Shell', 'MacAddress', 'Tty', 'NetworkingConfig', 'HostConfig',
    ];
    const hostNames = [
      'Binds', 'Mounts', 'PortBindings', 'RestartPolicy', 'LogConfig', 'NetworkMode', 'IpcMode', 'PidMode', 'Devices', 'Ulimits', 'Sysctls', 'Tmpfs',
      'Memory', 'MemorySwap', 'CpuQuota', 'CpusetCpus', 'PidsLimit', 'ShmSize', 'CapAdd', 'SecurityOpt', 'VolumesFrom', 'Dns', 'ExtraHosts', 'Links',
      'GroupAdd', 'DeviceRequests', 'DeviceCgroupRules', 'StorageOpt', 'Init', 'CgroupParent', 'UsernsMode', 'BlkioDeviceReadBps', 'Annotations',
    ];
    const end = performance.now() + 5000;
    let made = 0;
    let refused = 0;
    while (performance.now() < end) {
      const host = Object.fromEntries(Array.from({ length: Math.floor(number() * 4) }, () => [pick(hostNames), pick(odd)]));
      const some = Object.fromEntries(Array.from({ length: Math.floor(number() * 3) }, () => [pick(names), pick(odd)]));
      const body = { Image: 'busybox', Cmd: ['true'], HostConfig: host, ...some };
      const reply = await api.call('POST', '/containers/create', body);
      const told = `${JSON.stringify(body)} → ${JSON.stringify(reply.body)}`;
      expect([201, 400, 404, 409], told).toContain(reply.status);
      expect(JSON.stringify(reply.body), told).not.toMatch(crash);
      if (reply.status !== 201) {
        refused += 1;
        continue;
      }
      made += 1;
      await api.must('GET', `/containers/${reply.body.Id}/json`);
      const changed = await api.call('POST', `/containers/${reply.body.Id}/update`, { [pick(hostNames)]: pick(odd) });
      expect([200, 400, 409], JSON.stringify(changed.body)).toContain(changed.status);
      await api.must('DELETE', `/containers/${reply.body.Id}?force=1&v=1`);
    }
    expect(made).toBeGreaterThan(10);
    expect(refused).toBeGreaterThan(50);
    await served();
    expect(daemon.log()).not.toMatch(crash);
  });
});
