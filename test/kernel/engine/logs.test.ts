import { readFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, waitUntil, type Daemon, type World } from '../../world.ts';
import { Client, unframe } from './client.ts';

describe('logs and events', () => {
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
  const remove = (id: string): Promise<unknown> => api.must('DELETE', `/containers/${id}?force=1`);
  const log = (Type: string, Config: object = {}): object => ({ LogConfig: { Type, Config } });

  /** A stream that nobody reads until asked to. */
  const open = (path: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const sent = request({ socketPath: daemon.host.replace('unix://', ''), path, agent: false }, resolve);
      sent.on('error', reject).end();
    });
  const textOf = async (stream: AsyncIterable<Buffer>): Promise<string> => {
    const parts: Buffer[] = [];
    for await (const part of stream) parts.push(part);
    return unframe(Buffer.concat(parts)).toString();
  };

  it("of the driver json-file lie in Docker's format where inspect says; of local elsewhere", async () => {
    const id = await api.run('echo "one \\"x\\""; echo two >&2', { host: log('json-file') });
    await api.wait(id);
    const { LogPath, HostConfig } = await api.inspect(id);
    expect(HostConfig.LogConfig).toEqual({ Type: 'json-file', Config: {} });
    const lines = readFileSync(LogPath, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    expect(lines.map(({ log: text, stream }) => `${stream} ${text}`).sort()).toEqual(['stderr two\n', 'stdout one "x"\n']);
    await remove(id);
    const local = await api.run('echo one; echo two', { host: log('local') });
    await api.wait(local);
    expect((await api.inspect(local)).LogPath).toBe('');
    expect((await api.logs(local)).toString()).toBe('one\ntwo\n');
    await remove(local);
  });

  it('of the driver none cannot be read, in the words of Docker; unknown drivers and options are refused', async () => {
    const id = await api.run('echo x', { host: log('none') });
    await api.wait(id);
    expect(await api.call('GET', `/containers/${id}/logs?stdout=1`)).toMatchObject({
      status: 501, body: { message: 'configured logging driver does not support reading' },
    });
    await remove(id);
    const refusal = async (Type: string, Config: object = {}): Promise<string> => {
      const reply = await api.call('POST', '/containers/create', { Image: 'busybox', HostConfig: log(Type, Config) });
      expect(reply.status).toBe(400);
      return reply.body.message as string;
    };
    expect(await refusal('syslog')).toContain('error looking up logging plugin syslog');
    expect(await refusal('json-file', { foo: '1' })).toBe("unknown log opt 'foo' for json-file log driver");
    expect(await refusal('local', { foo: '1' })).toBe("unknown log opt 'foo' for log driver local");
    expect(await refusal('json-file', { 'max-size': 'x' })).toContain('max-size');
    expect(await refusal('json-file', { 'max-file': '0' })).toContain('max-file cannot be less than 1');
  });

  it('are bounded by max-size and max-file, over which tail and since still read', async () => {
    const id = await api.run('i=0; while [ $i -lt 4000 ]; do echo line $i; i=$((i+1)); done', {
      host: log('json-file', { 'max-size': '50k', 'max-file': '3' }),
    });
    await api.wait(id);
    const all = (await api.logs(id)).toString().trim().split('\n');
    expect(all.length).toBeGreaterThan(1000);
    expect(all.length).toBeLessThan(2000);
    expect(all.at(-1)).toBe('line 3999');
    expect((await api.logs(id, 'stdout=1&tail=1500')).toString().trim().split('\n').length).toBe(Math.min(1500, all.length));
    const stamped = (await api.logs(id, 'stdout=1&timestamps=1')).toString().trim().split('\n');
    const [time = ''] = (stamped[700] ?? '').split(' ');
    const later = (await api.logs(id, `stdout=1&since=${time}`)).toString().trim().split('\n');
    expect(later).toContain(all[700]);
    expect(later).not.toContain(all[0]);
    await remove(id);
  });

  it('with attrs and details name the labels and variables that were asked for', async () => {
    const id = await api.run('echo x', {
      config: { Labels: { a: '1', b: '2' }, Env: ['V=3'] }, host: log('json-file', { labels: 'a', env: 'V', tag: 't' }),
    });
    await api.wait(id);
    const line = JSON.parse(readFileSync((await api.inspect(id)).LogPath, 'utf8'));
    expect(line).toMatchObject({ log: 'x\n', stream: 'stdout', attrs: { a: '1', V: '3', tag: 't' } });
    expect((await api.logs(id, 'stdout=1&details=1')).toString()).toBe('V=3,a=1,tag=t x\n');
    await remove(id);
  });

  it('followed by one that does not read hold up neither the container nor another follower', async () => {
    const id = await api.run('i=0; while [ $i -lt 40 ]; do yes 0123456789012345678901234567890123456789 | head -c 1000000; i=$((i+1)); done; echo end', {
      host: log('json-file', { 'max-size': '200m' }),
    });
    const slow = await open(`/containers/${id}/logs?follow=1&stdout=1`);
    const quick = open(`/containers/${id}/logs?follow=1&stdout=1&tail=1`).then(textOf);
    expect(await api.wait(id)).toBe(0);
    expect((await quick).endsWith('end\n')).toBe(true);
    const text = await textOf(slow);
    expect(text.length).toBe(40 * 1_000_000 + 4);
    await remove(id);
  });

  it('followed end with the container, at once where it has ended, and go on over a rotation', async () => {
    const id = await api.run('i=0; while [ $i -lt 300 ]; do echo $i 0123456789012345678901234567890123456789; i=$((i+1)); [ $((i%50)) = 0 ] && sleep 0.1; done', {
      host: log('json-file', { 'max-size': '4k', 'max-file': '20' }),
    });
    const text = await textOf(await open(`/containers/${id}/logs?follow=1&stdout=1`));
    expect(text.trim().split('\n').map((line) => line.split(' ')[0])).toEqual(Array.from({ length: 300 }, (_, n) => String(n)));
    expect((await api.inspect(id)).State.Running).toBe(false);
    expect(await textOf(await open(`/containers/${id}/logs?follow=1&stdout=1`))).toBe(text);
    await remove(id);
  });

  it('live through a new engine, and a follower of that sees what comes', async () => {
    const id = await api.run('echo before; sleep 2; echo after; sleep 60');
    await waitUntil(async () => (await api.logs(id)).length > 0, 3000);
    await daemon.stop();
    daemon = await world.daemon();
    api = new Client(daemon);
    const follower = await open(`/containers/${id}/logs?follow=1&stdout=1`);
    const parts: Buffer[] = [];
    follower.on('data', (part: Buffer) => parts.push(part)).on('error', () => {});
    await waitUntil(() => unframe(Buffer.concat(parts)).toString() === 'before\nafter\n', 5000);
    follower.destroy();
    await remove(id);
  });

  it('events come as Docker tells them, in its order, and since/until bound them to the nanosecond', async () => {
    const since = Date.now() / 1000;
    const id = await api.create('sleep 60', { name: 'told', config: { Labels: { a: 'b' } } });
    await api.must('POST', '/containers/told/start');
    await api.must('POST', '/containers/told/pause');
    await api.must('POST', '/containers/told/unpause');
    await api.must('POST', '/containers/told/rename?name=told2');
    await api.must('POST', '/containers/told2/kill?signal=HUP');
    await api.must('GET', '/containers/told2/top');
    await api.must('POST', '/containers/told2/restart?t=0');
    await api.must('POST', '/containers/told2/stop?t=0');
    await api.must('DELETE', '/containers/told2');
    const until = Date.now() / 1000;
    const filters = (wanted: object): string => `&filters=${encodeURIComponent(JSON.stringify(wanted))}`;
    const all = (await api.must('GET', `/events?since=${since}&until=${until}${filters({ type: ['container'] })}`)) as any[];
    expect(all.map(({ Action }) => Action)).toEqual([
      'create', 'start', 'pause', 'unpause', 'rename', 'kill', 'top', 'kill', 'kill', 'die', 'stop', 'start', 'restart',
      'kill', 'kill', 'die', 'stop', 'destroy',
    ]);
    expect(all[0]).toMatchObject({
      status: 'create', id, from: 'busybox', Type: 'container', scope: 'local',
      Actor: { ID: id, Attributes: { a: 'b', image: 'busybox', name: 'told' } },
    });
    expect(all[4].Actor.Attributes).toMatchObject({ oldName: '/told', name: 'told2' });
    expect(all[5].Actor.Attributes.signal).toBe('1');
    expect(all[9].Actor.Attributes.exitCode).toBe('137');
    const text = (await api.call('GET', `/events?since=${since}&until=${until}`)).body as any[];
    expect(text.length).toBeGreaterThanOrEqual(all.length);
    const named = await api.must('GET', `/events?since=${since}&until=${until}${filters({ label: ['a=b'], event: ['die'] })}`);
    expect([named].flat()).toHaveLength(2);
    expect(await api.call('GET', '/events?since=5&until=3')).toMatchObject({
      status: 400, body: { message: '`since` time (5) cannot be after `until` time (3)' },
    });
    expect((await api.call('GET', '/events?since=never&until=1')).status).toBe(400);
    expect((await api.call('GET', '/events?since=1h&until=0s')).status).toBe(200);
  });

  it('a follower of events that does not read is hung up on, and the engine goes on', async () => {
    const follower = await open('/events');
    follower.pause();
    const gone = new Promise<void>((resolve) => follower.once('error', () => resolve()).once('close', resolve));
    const id = await api.run('sleep 60', { config: { Labels: { long: 'x'.repeat(4000) } } });
    for (let n = 0; n < 3000; n += 1) {
      await api.must('POST', `/containers/${id}/pause`);
      await api.must('POST', `/containers/${id}/unpause`);
      if (n % 100 === 99 && (await api.must('GET', '/info')).NEventsListener === 0) break;
    }
    expect((await api.must('GET', '/info')).NEventsListener).toBe(0);
    follower.resume();
    await gone;
    await remove(id);
  });
});
