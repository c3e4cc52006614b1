import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, waitUntil, type Daemon, type World } from '../../world.ts';
import { Client, drain, expectAsBefore, traces, unframe } from './client.ts';

describe("a container's life", () => {
  let world: World;
  let daemon: Daemon;
  let api: Client;
  let before: Awaited<ReturnType<typeof traces>>;
  beforeAll(async () => {
    world = await createWorld();
    before = await traces(world);
    daemon = await world.daemon();
    api = new Client(daemon);
    await api.load('busybox');
  });
  afterAll(() => world.destroy());

  it('goes from created over running to exited, with its exit code', async () => {
    const id = await api.create('exit 7');
    expect((await api.inspect(id)).State).toMatchObject({ Status: 'created', Running: false, Pid: 0 });
    await api.must('POST', `/containers/${id}/start`);
    expect(await api.wait(id)).toBe(7);
    expect((await api.inspect(id)).State).toMatchObject({
      Status: 'exited',
      Running: false,
      ExitCode: 7,
      Error: '',
      OOMKilled: false,
    });
    await api.must('DELETE', `/containers/${id}`);
    expect((await api.call('GET', `/containers/${id}/json`)).status).toBe(404);
  });

  it('a paused container is removed by force, at once', async () => {
    const id = await api.run('sleep 60');
    await api.must('POST', `/containers/${id}/pause`);
    expect((await api.call('DELETE', `/containers/${id}`)).status).toBe(409);
    const begin = performance.now();
    await api.must('DELETE', `/containers/${id}?force=1`);
    expect(performance.now() - begin).toBeLessThan(5000);
  });

  it('starts once: a second start is not modified, also while the first is under way', async () => {
    const id = await api.create('sleep 60');
    const both = await Promise.all([
      api.call('POST', `/containers/${id}/start`),
      api.call('POST', `/containers/${id}/start`),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([204, 304]);
    expect((await api.call('POST', `/containers/${id}/start`)).status).toBe(304);
    await api.must('DELETE', `/containers/${id}?force=1`);
  });

  it('keeps what it wrote from one run to the next', async () => {
    const id = await api.run('echo x >>/kept; wc -l </kept');
    await api.wait(id);
    await api.must('POST', `/containers/${id}/start`);
    await api.wait(id);
    expect((await api.logs(id)).toString()).toBe('1\n2\n');
    await api.must('DELETE', `/containers/${id}`);
  });

  it('ends at stop by its stop signal, or after the timeout by SIGKILL', async () => {
    const polite = await api.run('trap "exit 3" USR1; while :; do sleep 0.05; done', {
      config: { StopSignal: 'SIGUSR1' },
    });
    const deaf = await api.run('trap "" TERM; while :; do sleep 0.05; done');
    await new Promise((resolve) => setTimeout(resolve, 200));
    const started = performance.now();
    await Promise.all([
      api.must('POST', `/containers/${polite}/stop?t=30`),
      api.must('POST', `/containers/${deaf}/stop?t=1`),
    ]);
    expect(performance.now() - started).toBeLessThan(5000);
    expect((await api.inspect(polite)).State.ExitCode).toBe(3);
    expect((await api.inspect(deaf)).State.ExitCode).toBe(137);
    expect((await api.call('POST', `/containers/${deaf}/stop`)).status).toBe(304);
    expect((await api.call('POST', `/containers/${deaf}/kill`)).status).toBe(409);
    for (const id of [polite, deaf]) await api.must('DELETE', `/containers/${id}`);
  });

  it('is stopped and killed while it is paused', async () => {
    for (const verb of ['stop?t=1', 'kill']) {
      const id = await api.run('sleep 60');
      await api.must('POST', `/containers/${id}/pause`);
      expect((await api.inspect(id)).State).toMatchObject({ Status: 'paused', Paused: true, Running: true });
      expect((await api.call('POST', `/containers/${id}/start`)).status).toBe(409);
      await api.must('POST', `/containers/${id}/${verb}`);
      expect((await api.inspect(id)).State.Status).toBe('exited');
      await api.must('DELETE', `/containers/${id}`);
    }
  });

  it('shows every byte to a client that attached before the start, the first and the last', async () => {
    const id = await api.create(
      'echo first; dd if=/dev/zero bs=1024 count=3000 2>/dev/null | tr "\\0" x; echo; echo err >&2; printf last',
    );
    const client = await api.hijack(`/containers/${id}/attach?stream=1&stdout=1&stderr=1`);
    const waited = api.wait(id, 'next-exit');
    await api.must('POST', `/containers/${id}/start`);
    const got = await drain(client);
    expect(await waited).toBe(0);
    const out = unframe(got, 1);
    expect(out.length).toBe('first\n'.length + 3000 * 1024 + '\nlast'.length);
    expect(out.toString('latin1', 0, 6)).toBe('first\n');
    expect(out.toString('latin1', out.length - 4)).toBe('last');
    expect(unframe(got, 2).toString()).toBe('err\n');
    expect((await api.logs(id)).length).toBe(out.length + 4);
    await api.must('DELETE', `/containers/${id}`);
  });

  it('hears the end of its input and goes on to speak', async () => {
    const id = await api.create('cat; sleep 0.2; echo after', {
      config: { OpenStdin: true, StdinOnce: true, AttachStdin: true },
    });
    const client = await api.hijack(`/containers/${id}/attach?stream=1&stdin=1&stdout=1`);
    client.write('typed early ');
    await api.must('POST', `/containers/${id}/start`);
    client.end('and late\n');
    expect(unframe(await drain(client)).toString()).toBe('typed early and late\nafter\n');
    await api.must('DELETE', `/containers/${id}?force=1`);
  });

  it('answers a wait for its removal, in time and afterwards, when it removes itself', async () => {
    const id = await api.create('exit 9', { name: 'once', host: { AutoRemove: true } });
    const waited = api.wait(id, 'removed');
    await api.must('POST', `/containers/${id}/start`);
    expect(await waited).toBe(9);
    expect((await api.call('GET', `/containers/${id}/json`)).status).toBe(404);
    expect(await api.wait(id)).toBe(9);
    expect(await api.wait('once')).toBe(9);
  });

  it('answers whoever waits when it is removed without ever having run', async () => {
    const id = await api.create('true');
    const waited = [api.wait(id, 'next-exit'), api.wait(id, 'removed')];
    await new Promise((resolve) => setTimeout(resolve, 50));
    await api.must('DELETE', `/containers/${id}`);
    expect(await Promise.all(waited)).toEqual([0, 0]);
  });

  it('is removed by force while it runs; without, that is refused', async () => {
    const id = await api.run('sleep 60');
    expect((await api.call('DELETE', `/containers/${id}`)).body.message).toContain(
      'You cannot remove a running container',
    );
    await api.must('DELETE', `/containers/${id}?force=1`);
    expect((await api.call('GET', `/containers/${id}/json`)).status).toBe(404);
  });

  it('runs execs of its own user, directory and environment, and keeps their codes', async () => {
    const id = await api.run('sleep 60');
    const exec = async (body: object): Promise<{ out: string; code: number }> => {
      const { Id } = await api.must('POST', `/containers/${id}/exec`, {
        AttachStdout: true,
        AttachStderr: true,
        ...body,
      });
      const out = unframe(await drain(await api.hijack(`/exec/${Id}/start`, { Detach: false }))).toString();
      await waitUntil(async () => !(await api.must('GET', `/exec/${Id}/json`)).Running, 3000);
      return { out, code: (await api.must('GET', `/exec/${Id}/json`)).ExitCode as number };
    };
    expect(
      await exec({ Cmd: ['sh', '-c', 'id -u; pwd; echo $A; exit 6'], User: '12:13', WorkingDir: '/tmp', Env: ['A=b'] }),
    ).toEqual({ out: '12\n/tmp\nb\n', code: 6 });
    const missing = await exec({ Cmd: ['nonesuch'] });
    expect(missing).toMatchObject({ code: 127 });
    expect(missing.out).toContain('executable file not found in $PATH');
    expect(await exec({ Cmd: ['/etc'] })).toMatchObject({ code: 126 });
    expect((await exec({ Cmd: ['sh', '-c', 'echo $$; ls /proc | grep -c "^[0-9]"'] })).out).toMatch(
      /^\d{1,3}\n[234]\n$/,
    );
    await api.must('DELETE', `/containers/${id}?force=1`);
    const gone = await api.call('POST', `/containers/${id}/exec`, { Cmd: ['true'] });
    expect(gone.status).toBe(404);
  });

  it("does not wait, at an exec's end, for a child that kept its output", async () => {
    const id = await api.run('sleep 60');
    const { Id } = await api.must('POST', `/containers/${id}/exec`, {
      AttachStdout: true,
      Cmd: ['sh', '-c', 'sleep 30 & exit 5'],
    });
    const client = await api.hijack(`/exec/${Id}/start`, {});
    await waitUntil(async () => (await api.must('GET', `/exec/${Id}/json`)).ExitCode === 5, 5000);
    client.destroy();
    await api.must('DELETE', `/containers/${id}?force=1`);
  });

  it('shows its log from both ends, with times, and follows it', async () => {
    const id = await api.run('for i in 1 2 3 4 5; do echo line $i; sleep 0.1; done');
    const followed = api.logs(id, 'stdout=1&follow=1');
    expect((await followed).toString()).toBe('line 1\nline 2\nline 3\nline 4\nline 5\n');
    expect((await api.logs(id, 'stdout=1&tail=2')).toString()).toBe('line 4\nline 5\n');
    const times = (await api.logs(id, 'stdout=1&timestamps=1')).toString().trim().split('\n');
    expect(times).toHaveLength(5);
    expect(times[2]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z line 3$/);
    const since = String(times[2]).slice(0, 30);
    expect((await api.logs(id, `stdout=1&since=${since}`)).toString()).toBe('line 3\nline 4\nline 5\n');
    await api.must('DELETE', `/containers/${id}`);
  });

  it('lists its processes as the host sees them', async () => {
    const id = await api.run('sleep 61');
    const { Titles, Processes } = await api.must('GET', `/containers/${id}/top`);
    expect(Titles).toEqual(['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD']);
    const pid = (await api.inspect(id)).State.Pid as number;
    expect((Processes as string[][]).find((row) => row[1] === String(pid))?.at(-1)).toContain('sleep 61');
    await api.must('DELETE', `/containers/${id}?force=1`);
  });

  it('fills an empty volume from the image, and takes an anonymous one along on removal', async () => {
    const id = await api.run('ls /etc/passwd && touch /etc/mine', { config: { Volumes: { '/etc': {} } } });
    expect(await api.wait(id)).toBe(0);
    const name = (await api.inspect(id)).Mounts[0].Name as string;
    const again = await api.run('ls /e', { host: { Binds: [`${name}:/e`] } });
    await api.wait(again);
    expect((await api.logs(again)).toString()).toMatch(/mine\n(.*\n)*passwd/);
    expect((await api.call('DELETE', `/volumes/${name}`)).status).toBe(409);
    await api.must('DELETE', `/containers/${again}?v=1`);
    await api.must('DELETE', `/containers/${id}?v=1`);
    expect((await api.call('GET', `/volumes/${name}`)).status).toBe(404);
  });

  it('tells its story as events', async () => {
    const since = Date.now() / 1000 - 1;
    const id = await api.run('exit 4', { name: 'story', config: { Labels: { a: 'b' } } });
    await api.wait(id);
    await api.must('DELETE', `/containers/${id}`);
    const filters = encodeURIComponent(JSON.stringify({ container: [id] }));
    const events = (await api.must(
      'GET',
      `/events?since=${since}&until=${Date.now() / 1000 + 0.5}&filters=${filters}`,
    )) as { Action: string; Actor: { Attributes: Record<string, string> } }[];
    expect(events.map(({ Action }) => Action)).toEqual(['create', 'start', 'die', 'destroy']);
    expect(events[2]?.Actor.Attributes).toMatchObject({ exitCode: '4', name: 'story', image: 'busybox', a: 'b' });
  });

  it('takes a new name, and gives the old one free', async () => {
    const id = await api.create('true', { name: 'old-name' });
    await api.must('POST', `/containers/${id}/rename?name=new-name`);
    expect((await api.inspect('new-name')).Name).toBe('/new-name');
    const other = await api.create('true', { name: 'old-name' });
    expect((await api.call('POST', `/containers/${other}/rename?name=new-name`)).status).toBe(409);
    for (const one of [id, other]) await api.must('DELETE', `/containers/${one}`);
  });

  it('leaves nothing behind', async () => {
    for (const { Id } of (await api.must('GET', '/containers/json?all=1')) as { Id: string }[])
      await api.must('DELETE', `/containers/${Id}?force=1&v=1`);
    await daemon.stop();
    await expectAsBefore(() => traces(world), before);
  });
});
