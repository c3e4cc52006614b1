import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, waitUntil, type Daemon, type World } from '../../world.ts';
import { Client, drain, unframe } from './client.ts';

describe('exec', () => {
  let world: World;
  let daemon: Daemon;
  let api: Client;
  let id: string;
  beforeAll(async () => {
    world = await createWorld();
    daemon = await world.daemon();
    api = new Client(daemon);
    await api.load('busybox');
    id = await api.run('mkdir -p /work; echo "me:x:1234:5678::/work:/bin/sh" >>/etc/passwd; touch /ready; sleep 600', {
      name: 'host', config: { Env: ['A=container', 'B=kept'] },
    });
    await waitUntil(async () => (await output(['test', '-e', '/ready'])).code === 0, 5000);
  });
  afterAll(() => world.destroy());

  const create = async (command: string[], more: object = {}): Promise<string> =>
    (await api.must('POST', `/containers/${id}/exec`, { Cmd: command, AttachStdout: true, AttachStderr: true, ...more })).Id;
  const inspect = (exec: string): Promise<any> => api.must('GET', `/exec/${exec}/json`);
  async function output(command: string[], more: object = {}, start: object = {}): Promise<{ text: string; code: number; exec: string }> {
    const exec = await create(command, more);
    const data = await drain(await api.hijack(`/exec/${exec}/start`, start));
    await waitUntil(async () => !(await inspect(exec)).Running, 3000);
    const text = ('Tty' in more ? data : unframe(data)).toString();
    return { text, code: (await inspect(exec)).ExitCode as number, exec };
  }

  it.each([
    ['the environment with its own lines over it', ['sh', '-c', 'echo $A $B'], { Env: ['A=exec'] }, 'exec kept\n'],
    ['a working directory', ['pwd'], { WorkingDir: '/work' }, '/work\n'],
    ['a user by a name of the root file system', ['sh', '-c', 'id -u; id -g; echo $HOME'], { User: 'me' }, '1234\n5678\n/work\n'],
    ['a user and group by number', ['sh', '-c', 'id -u; id -g'], { User: '7:8' }, '7\n8\n'],
    ['a terminal of the size of create', ['stty', 'size'], { Tty: true, ConsoleSize: [33, 44] }, '33 44\r\n'],
  ])('has %s', async (_, command, more, expected) => {
    const { text, code } = await output(command, more);
    expect(text).toBe(expected);
    expect(code).toBe(0);
  });

  it('has more capabilities where it is privileged', async () => {
    const mask = async (more: object): Promise<bigint> =>
      BigInt(`0x${(await output(['sed', '-n', 's/CapEff:\t//p', '/proc/self/status'], more)).text.trim()}`);
    expect(await mask({})).toBe(0xa80425fbn);
    expect(await mask({ Privileged: true })).toBeGreaterThan(0xa80425fbn);
  });

  it('at its start may be given another size of the terminal, and later one more', async () => {
    const exec = await create(['sh', '-c', 'stty size; read x; stty size'], { Tty: true, AttachStdin: true });
    const stream = await api.hijack(`/exec/${exec}/start`, { Tty: true, ConsoleSize: [10, 20] });
    const first = await new Promise<Buffer>((resolve) => stream.once('data', resolve));
    expect(first.toString()).toBe('10 20\r\n');
    await api.must('POST', `/exec/${exec}/resize?h=30&w=40`);
    stream.write('\n');
    expect((await drain(stream)).toString()).toContain('30 40');
  });

  it.each([
    [['nothing-here'], {}, 127, 'exec: "nothing-here": executable file not found in $PATH'],
    [['/etc'], {}, 126, 'exec: "/etc": permission denied'],
    [['true'], { User: 'nobody-here' }, 126, 'unable to find user nobody-here: no matching entries in passwd file'],
    [['true'], { User: '0:no-group' }, 126, 'unable to find group no-group: no matching entries in group file'],
    [['true'], { WorkingDir: 'x' }, 126, 'Cwd must be an absolute path'],
  ])('%j with %j ends with %i and says why', async (command, more, code, text) => {
    const result = await output(command, more);
    expect(result.text).toContain(text);
    expect(result.code).toBe(code);
    const detached = await create(command, more);
    expect((await api.call('POST', `/exec/${detached}/start`, { Detach: true })).body.message).toContain(text);
  });

  it('is inspected field by field as by Docker', async () => {
    const exec = await create(['sleep', '60'], { User: 'me', Privileged: true, DetachKeys: 'ctrl-a', AttachStdin: true });
    const fields = {
      ID: exec, Running: false, ExitCode: null, CanRemove: false, DetachKeys: 'AQ==', Pid: 0, ContainerID: id,
      ProcessConfig: { tty: false, entrypoint: 'sleep', arguments: ['60'], privileged: true, user: 'me' },
      OpenStdin: true, OpenStdout: true, OpenStderr: true,
    };
    expect(await inspect(exec)).toEqual(fields);
    expect((await api.inspect(id)).ExecIDs).toContain(exec);
    await api.must('POST', `/exec/${exec}/start`, { Detach: true });
    const running = await inspect(exec);
    expect(running).toMatchObject({ Running: true, ExitCode: null });
    expect(running.Pid).toBeGreaterThan(1);
    expect((await api.call('POST', `/exec/${exec}/start`, { Detach: true }))).toMatchObject({
      status: 409, body: { message: `Error: Exec command ${exec} is already running` },
    });
    await api.must('POST', `/exec/${exec}/kill?signal=TERM`);
    await waitUntil(async () => !(await inspect(exec)).Running, 3000);
    expect(await inspect(exec)).toMatchObject({ ExitCode: 143, Pid: running.Pid });
    expect((await api.call('POST', `/exec/${exec}/start`, { Detach: true }))).toMatchObject({
      status: 409, body: { message: `Error: Exec command ${exec} has already run` },
    });
    expect(await api.call('POST', `/exec/${exec}/kill`)).toMatchObject({ status: 409 });
    expect((await api.inspect(id)).ExecIDs ?? []).not.toContain(exec);
  });

  it('is killed by the command line, by a signal of its name, and its container goes on', async () => {
    const exec = await create(['sh', '-c', 'trap "exit 5" USR1; echo up; while :; do sleep 0.05; done']);
    const stream = await api.hijack(`/exec/${exec}/start`, {});
    await new Promise((resolve) => stream.once('data', resolve));
    expect((await daemon.berth('exec-kill', '-s', 'USR1', exec)).exitCode).toBe(0);
    await drain(stream);
    expect((await inspect(exec)).ExitCode).toBe(5);
    expect(await api.call('POST', `/exec/${exec}/kill?signal=NONSENSE`)).toMatchObject({ status: 409 });
    expect((await api.inspect(id)).State.Running).toBe(true);
  });

  it('outlives its client, and its code is known afterwards', async () => {
    const exec = await create(['sh', '-c', 'echo up; sleep 0.5; echo done >/outlived; exit 9']);
    const stream = await api.hijack(`/exec/${exec}/start`, {});
    await new Promise((resolve) => stream.once('data', resolve));
    stream.destroy();
    await waitUntil(async () => !(await inspect(exec)).Running, 5000);
    expect((await inspect(exec)).ExitCode).toBe(9);
    expect((await output(['cat', '/outlived'])).text).toBe('done\n');
  });

  it('ends though a child of it keeps its output open', async () => {
    const started = performance.now();
    const { text, code } = await output(['sh', '-c', 'sleep 20 & echo said; exit 4']);
    expect({ text, code }).toEqual({ text: 'said\n', code: 4 });
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('gives stdin through, half-closed, and separates the streams', async () => {
    const exec = await create(['sh', '-c', 'cat; echo err >&2'], { AttachStdin: true });
    const stream = await api.hijack(`/exec/${exec}/start`, {});
    stream.end('in\n');
    const data = await drain(stream);
    expect(unframe(data, 1).toString()).toBe('in\n');
    expect(unframe(data, 2).toString()).toBe('err\n');
  });

  it('is refused in the words of Docker where there is no command, no container or none that runs', async () => {
    const refusal = async (container: string, body: object): Promise<[number, string]> => {
      const reply = await api.call('POST', `/containers/${container}/exec`, body);
      return [reply.status, reply.body.message];
    };
    const stopped = await api.create('true', { name: 'stopped' });
    expect(await refusal('host', {})).toEqual([400, 'No exec command specified']);
    expect(await refusal('nobody', { Cmd: ['true'] })).toEqual([404, 'No such container: nobody']);
    expect(await refusal('stopped', { Cmd: ['true'] })).toEqual([409, `Container ${stopped} is not running`]);
    expect(await refusal('host', { Cmd: ['true'], DetachKeys: 'ctrl-!' })).toEqual([400, 'Invalid escape keys (ctrl-!) provided']);
    await api.must('POST', '/containers/host/pause');
    expect(await refusal('host', { Cmd: ['true'] })).toEqual([409, 'Container host is paused, unpause the container before exec']);
    await api.must('POST', '/containers/host/unpause');
    expect(await api.call('GET', '/exec/abc/json')).toMatchObject({ status: 404, body: { message: 'No such exec instance: abc' } });
    expect(await api.call('POST', '/exec/abc/start', {})).toMatchObject({ status: 404 });
    await api.must('DELETE', '/containers/stopped');
  });

  it('tells its events as Docker does, and filters find them', async () => {
    const since = Date.now() / 1000;
    const { exec } = await output(['true']);
    await output(['sh', '-c', 'exit 3']);
    const events = async (filters: object): Promise<any[]> =>
      [await api.must('GET', `/events?since=${since}&until=${Date.now() / 1000}&filters=${encodeURIComponent(JSON.stringify(filters))}`)].flat();
    const all = await events({ container: ['host'] });
    expect(all.map(({ Action }) => Action)).toEqual([
      'exec_create: true ', 'exec_start: true ', 'exec_die', 'exec_create: sh -c exit 3', 'exec_start: sh -c exit 3', 'exec_die',
    ]);
    expect(all[2].Actor.Attributes).toEqual({ execID: exec, exitCode: '0', image: 'busybox', name: 'host' });
    expect(all[5].Actor.Attributes.exitCode).toBe('3');
    expect(await events({ event: ['exec_start'] })).toHaveLength(2);
    expect((await events({ event: ['exec_die'], container: [id.slice(0, 12)] }))).toHaveLength(2);
  });

  it('is forgotten when its container starts anew', async () => {
    const { exec } = await output(['true']);
    await api.must('POST', `/containers/${id}/restart?t=0`);
    expect((await api.call('GET', `/exec/${exec}/json`)).status).toBe(404);
  });
});
