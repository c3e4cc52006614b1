import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createWorld, waitUntil, type Daemon, type World } from '../../world.ts';
import { Client, drain, unframe } from './client.ts';

describe('attach', () => {
  let world: World;
  let daemon: Daemon;
  let api: Client;
  let socket: string;
  beforeAll(async () => {
    world = await createWorld();
    daemon = await world.daemon();
    api = new Client(daemon);
    socket = daemon.host.replace('unix://', '');
    await api.load('busybox');
  });
  afterAll(() => world.destroy());
  const open = { config: { OpenStdin: true, StdinOnce: true } };
  const remove = (id: string): Promise<unknown> => api.must('DELETE', `/containers/${id}?force=1`);
  const attach = (id: string, query = 'stream=1&stdin=1&stdout=1&stderr=1') => api.hijack(`/containers/${id}/attach?${query}`);

  /** The head of the answer to a bare request, and the connection. */
  const raw = (request: string): Promise<{ head: string; rest: Buffer; socket: ReturnType<typeof connect> }> =>
    new Promise((resolve, reject) => {
      const connection = connect({ path: socket, allowHalfOpen: true });
      let got = Buffer.alloc(0);
      connection.on('error', reject);
      connection.on('data', function take(chunk: Buffer) {
        got = Buffer.concat([got, chunk]);
        const end = got.indexOf('\r\n\r\n');
        if (end < 0) return;
        connection.off('data', take);
        connection.pause();
        resolve({ head: got.toString('latin1', 0, end), rest: got.subarray(end + 4), socket: connection });
      });
      connection.write(request);
    });
  const post = (path: string, headers = ''): string => `POST ${path} HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n${headers}\r\n`;
  const upgrade = 'Connection: Upgrade\r\nUpgrade: tcp\r\n';

  it.each([
    ['/v1.41', upgrade, '101 UPGRADED', 'raw-stream', 'Connection: Upgrade'],
    ['/v1.42', upgrade, '101 UPGRADED', 'multiplexed-stream', 'Upgrade: tcp'],
    ['', '', '200 OK', 'multiplexed-stream', 'Connection: close'],
  ])('of API %s with headers %j is answered as Docker does', async (version, headers, status, type, third) => {
    const id = await api.create('echo hi', open);
    const answer = await raw(post(`${version}/containers/${id}/attach?stream=1&stdout=1`, headers));
    expect(answer.head).toContain(`HTTP/1.1 ${status}`);
    expect(answer.head).toContain(`Content-Type: application/vnd.docker.${type}`);
    expect(answer.head).toContain(third);
    await api.must('POST', `/containers/${id}/start`);
    const body = Buffer.concat([answer.rest, await drain(answer.socket)]);
    expect(body.includes('hi\n')).toBe(true);
    await remove(id);
  });

  it('sees the first and the last byte, of both streams, by several clients at once', async () => {
    const id = await api.create('echo first; echo err >&2; cat; echo last', open);
    const [one, two, onlyErrors] = await Promise.all([
      attach(id), attach(id, 'stream=1&stdout=1&stderr=1'), attach(id, 'stream=1&stderr=1'),
    ]);
    await api.must('POST', `/containers/${id}/start`);
    one.end('typed\n');
    const [first, second, third] = await Promise.all([drain(one), drain(two), drain(onlyErrors)]);
    expect(unframe(first, 1).toString()).toBe('first\ntyped\nlast\n');
    expect(unframe(first, 2).toString()).toBe('err\n');
    expect(second.equals(first) || unframe(second, 1).equals(unframe(first, 1))).toBe(true);
    expect(unframe(third).toString()).toBe('err\n');
    await remove(id);
  });

  it('with logs=1 replays what was written and goes on, with nothing lost or doubled', async () => {
    const id = await api.run('i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done; read x; echo end', open);
    const streams = await Promise.all([0, 1, 2].map(async (n) => {
      await new Promise((resolve) => setTimeout(resolve, n * 15));
      return attach(id, 'logs=1&stream=1&stdout=1');
    }));
    const input = await attach(id, 'stream=1&stdin=1');
    input.end('\n');
    const expected = `${Array.from({ length: 3000 }, (_, n) => n).join('\n')}\nend\n`;
    for (const stream of streams) expect(unframe(await drain(stream)).toString()).toBe(expected);
    await remove(id);
  });

  it('with logs alone gives the log and ends; with neither it ends at once', async () => {
    const id = await api.run('echo said; sleep 60');
    await waitUntil(async () => (await api.logs(id)).length > 0, 3000);
    expect(unframe(await drain(await attach(id, 'logs=1&stdout=1'))).toString()).toBe('said\n');
    expect((await drain(await attach(id, 'stdout=1'))).length).toBe(0);
    await remove(id);
  });

  it('leaves a terminal by the detach keys, which are told as an event, and the process goes on', async () => {
    const id = await api.run('read x; echo got $x; sleep 60', { config: { OpenStdin: true, Tty: true } });
    const since = Date.now() / 1000 - 1;
    const terminal = await attach(id, 'stream=1&stdin=1&stdout=1&detachKeys=ctrl-a,d');
    terminal.write('w');
    await new Promise((resolve) => terminal.once('data', resolve)); // its echo: the stream is joined
    terminal.write('x\x01d');
    await drain(terminal);
    expect((await api.inspect(id)).State.Running).toBe(true);
    const events = await api.must('GET', `/events?since=${since}&until=${Date.now() / 1000}&filters={"event":["detach"]}`);
    expect([events].flat()).toMatchObject([{ Action: 'detach', id }]);
    const again = await attach(id, 'stream=1&stdin=1&stdout=1');
    again.write('y\n');
    await waitUntil(async () => String(await api.must('GET', `/containers/${id}/logs?stdout=1`)).includes('got wxy'), 3000);
    again.destroy();
    await remove(id);
  });

  it.each([
    ['ctrl-!', 'Invalid detach keys (ctrl-!) provided', 400],
    ['ab', 'Invalid detach keys (ab) provided', 400],
  ])('refuses the detach keys %j', async (keys, message, status) => {
    const id = await api.create('true', open);
    expect(await api.call('POST', `/containers/${id}/attach?stream=1&detachKeys=${keys}`)).toMatchObject({ status, body: { message } });
    await remove(id);
  });

  it('is refused for a paused and an absent container in the words of Docker', async () => {
    const id = await api.run('sleep 60', { name: 'frozen' });
    await api.must('POST', `/containers/${id}/pause`);
    expect(await api.call('POST', `/containers/frozen/attach?stream=1`)).toMatchObject({
      status: 409, body: { message: 'container frozen is paused, unpause the container before attach' },
    });
    expect(await api.call('POST', '/containers/nobody/attach?stream=1')).toMatchObject({
      status: 404, body: { message: 'No such container: nobody' },
    });
    await remove(id);
  });

  it('by WebSocket carries bare bytes both ways, and leaves with the client', async () => {
    const id = await api.run('read x; echo got $x; echo err >&2; sleep 60', open);
    const client = new WebSocket(`ws+unix://${socket}:/containers/${id}/attach/ws?stream=1&stdin=1&stdout=1&stderr=1&logs=1`);
    const got: Buffer[] = [];
    client.on('message', (data: Buffer, binary) => {
      expect(binary).toBe(true);
      got.push(data);
    });
    await new Promise((resolve, reject) => client.once('open', resolve).once('error', reject));
    client.send('it\n');
    await waitUntil(() => Buffer.concat(got).toString() === 'got it\nerr\n', 3000);
    client.close();
    await new Promise((resolve) => client.once('close', resolve));
    expect((await api.inspect(id)).State.Running).toBe(true);
    await remove(id);
    const ended = await api.create('echo bye', open);
    const second = new WebSocket(`ws+unix://${socket}:/containers/${ended}/attach/ws?stdout=1`);
    const closed = new Promise<number>((resolve) => second.once('close', resolve));
    await new Promise((resolve, reject) => second.once('open', resolve).once('error', reject));
    await api.must('POST', `/containers/${ended}/start`);
    await closed;
    await remove(ended);
    expect(await api.call('GET', `/containers/${ended}/attach/ws`)).toMatchObject({ status: 404 });
  });

  it('a plain request to the WebSocket path is told what is expected', async () => {
    const id = await api.create('true');
    expect(await api.call('GET', `/containers/${id}/attach/ws`)).toMatchObject({
      status: 400, body: { message: 'not websocket protocol' },
    });
    await remove(id);
  });

  /** Descriptors and processes of daemon and helper; heap is the daemon's resident memory. */
  const baseline = (): { descriptors: number; keepers: number; memory: number } => ({
    descriptors: readdirSync(`/proc/${daemon.pid}/fd`).length,
    keepers: readdirSync(`${daemon.runDirectory}/keepers`).length,
    memory: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))?.[1]) / 1024,
  });

  it('a thousand clients that drop, half-closed or not, and failing execs with a terminal leave nothing', async () => {
    const id = await api.run('sleep 600', open);
    const drop = async (n: number): Promise<void> => {
      const stream = await attach(id, n % 2 ? 'stream=1&stdin=1&stdout=1' : 'stream=1&stdout=1');
      if (n % 3 === 0) {
        stream.end(); // half-closed first, as `docker attach` without stdin does
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      stream.destroy();
    };
    const failing = async (): Promise<void> => {
      const { Id } = await api.must('POST', `/containers/${id}/exec`, { Cmd: ['/no'], Tty: true, AttachStdin: true, AttachStdout: true });
      await drain(await api.hijack(`/exec/${Id}/start`, { Tty: true }));
    };
    const round = async (drops: number, execs: number): Promise<void> => {
      for (let n = 0; n < drops; n += 20) await Promise.all(Array.from({ length: 20 }, (_, k) => drop(n + k)));
      for (let n = 0; n < execs; n += 1) await failing();
    };
    await round(100, 5);
    await waitUntil(() => baseline().keepers === 1, 5000);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = baseline();
    await round(1000, 50);
    await waitUntil(() => {
      const now = baseline();
      return now.descriptors <= before.descriptors && now.keepers === before.keepers;
    }, 10_000).catch(() => {});
    const after = baseline();
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
    expect(after.keepers).toBe(before.keepers);
    expect(after.memory - before.memory).toBeLessThan(40);
    await remove(id);
  });

  it('an engine with silent clients, half-closed ones too, sleeps', async () => {
    const id = await api.run('sleep 600', open);
    const clients = await Promise.all(Array.from({ length: 10 }, () => attach(id, 'stream=1&stdout=1')));
    for (const client of clients) client.end();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const switches = (): number =>
      Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))?.[1]);
    const before = switches();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(switches() - before).toBeLessThan(10);
    for (const client of clients) client.destroy();
    await remove(id);
  });
});
