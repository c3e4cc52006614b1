import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, waitUntil, type Daemon, type World } from '../../world.ts';
import { Client, drain, expectAsBefore, traces } from './client.ts';

describe('what happens while no engine runs', () => {
  let world: World;
  let before: Awaited<ReturnType<typeof traces>>;
  const now: { daemon?: Daemon; api?: Client } = {};
  const api = (): Client => now.api ?? expect.fail();
  const start = async (): Promise<void> => {
    now.daemon = await world.daemon();
    now.api = new Client(now.daemon);
  };
  const kill = async (): Promise<void> => now.daemon?.stop('SIGKILL');
  const alive = (pid: number): boolean => {
    try {
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  };

  beforeAll(async () => {
    world = await createWorld();
    before = await traces(world);
    await start();
    await api().load('busybox');
    await api().load('web');
  });
  afterAll(() => world.destroy());

  it("a published page answers through five kills, and a job's log and exit code are whole", async () => {
    const { Id: web } = await api().must('POST', '/containers/create?name=web', {
      Image: 'web',
      HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '10080' }] } },
    });
    await api().must('POST', `/containers/${web}/start`);
    const { Pid } = (await api().inspect('web')).State;
    const page = async (): Promise<string> =>
      world.must('neighbour', 'curl', '-sf', '-m', '3', 'http://198.51.100.1:10080/');
    for (let round = 0; round < 5; round += 1) {
      const job = await api().run(`for i in $(seq 30); do echo ${round}:$i; sleep 0.02; done; exit ${20 + round}`, {
        name: `job${round}`,
      });
      await new Promise((resolve) => setTimeout(resolve, 120 * round));
      await kill();
      expect(await page()).toContain('It runs');
      await new Promise((resolve) => setTimeout(resolve, round % 2 === 0 ? 900 : 0));
      await start();
      expect(await api().wait(job)).toBe(20 + round);
      expect((await api().logs(job)).toString()).toBe(
        Array.from({ length: 30 }, (_, i) => `${round}:${i + 1}\n`).join(''),
      );
      await api().must('DELETE', `/containers/${job}`);
    }
    expect((await api().inspect('web')).State).toMatchObject({ Status: 'running', Pid });
    expect(await page()).toContain('It runs');
  });

  it('a new engine attaches to, execs in, and stops what an old one started', async () => {
    const id = await api().run('while read line; do echo "got $line"; done; exit 4', { config: { OpenStdin: true } });
    await kill();
    await start();
    const client = await api().hijack(`/containers/${id}/attach?stream=1&stdin=1&stdout=1`);
    client.write('one\n');
    await new Promise((resolve) => client.once('readable', resolve));
    expect((client.read() as Buffer).toString('utf8', 8)).toBe('got one\n');
    client.destroy();
    const { Id } = await api().must('POST', `/containers/${id}/exec`, { Cmd: ['true'], AttachStdout: true });
    await drain(await api().hijack(`/exec/${Id}/start`, {}));
    await waitUntil(async () => (await api().must('GET', `/exec/${Id}/json`)).ExitCode === 0, 3000);
    await api().must('POST', `/containers/${id}/stop?t=0`);
    expect((await api().inspect(id)).State.ExitCode).toBe(137);
    await api().must('DELETE', `/containers/${id}`);
  });

  it('an exec goes on, and its exit code is there afterwards', async () => {
    const id = await api().run('sleep 60');
    const { Id } = await api().must('POST', `/containers/${id}/exec`, { Cmd: ['sh', '-c', 'sleep 0.5; exit 8'] });
    await api().must('POST', `/exec/${Id}/start`, { Detach: true });
    await kill();
    await new Promise((resolve) => setTimeout(resolve, 700));
    await start();
    expect(await api().must('GET', `/exec/${Id}/json`)).toMatchObject({ Running: false, ExitCode: 8 });
    await api().must('DELETE', `/containers/${id}?force=1`);
  });

  it('a container with --rm that ended is gone, and its code can still be waited for', async () => {
    const id = await api().run('sleep 0.4; exit 11', { host: { AutoRemove: true } });
    await kill();
    await new Promise((resolve) => setTimeout(resolve, 600));
    await start();
    expect((await api().call('GET', `/containers/${id}/json`)).status).toBe(404);
    expect(await api().wait(id)).toBe(11);
  });

  it('restart policies hold: always starts again, no and stopped ones stay down', async () => {
    const always = await api().run('sleep 60', { host: { RestartPolicy: { Name: 'always' } } });
    const unless = await api().run('sleep 60', { host: { RestartPolicy: { Name: 'unless-stopped' } } });
    const never = await api().run('sleep 60');
    const pids = await Promise.all([always, never].map(async (id) => (await api().inspect(id)).State.Pid as number));
    await api().must('POST', `/containers/${unless}/stop?t=0`);
    await kill();
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await waitUntil(() => !pids.some(alive), 2000);
    await start();
    await waitUntil(async () => (await api().inspect(always)).State.Running === true, 5000);
    expect((await api().inspect(never)).State).toMatchObject({ Status: 'exited', ExitCode: 137 });
    expect((await api().inspect(unless)).State.Status).toBe('exited');
    for (const id of [always, unless, never]) await api().must('DELETE', `/containers/${id}?force=1`);
  });

  it('a container whose keeper was killed is ended and told, with and without an engine', async () => {
    const keeperOf = (pid: number): number =>
      Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    for (const withEngine of [true, false]) {
      const id = await api().run('sleep 61');
      const { Pid } = (await api().inspect(id)).State;
      if (!withEngine) await kill();
      process.kill(keeperOf(Pid as number), 'SIGKILL');
      if (!withEngine) await start();
      await waitUntil(async () => (await api().inspect(id)).State.Status === 'exited', 5000);
      expect((await api().inspect(id)).State).toMatchObject({
        ExitCode: 137,
        Error: expect.stringContaining('keeper'),
      });
      expect(alive(Pid as number)).toBe(false);
      await api().must('DELETE', `/containers/${id}`);
    }
  });

  it('a data root has one engine: a second daemon says whose it is', async () => {
    const { daemon } = now;
    const second = await world.run(
      'host',
      'dist/berth',
      'daemon',
      '--root',
      daemon?.root ?? '',
      '--run',
      `${daemon?.runDirectory}2`,
    );
    expect(second.exitCode).toBe(1);
    expect(second.stderr).toMatch(/another berth daemon \(pid \d+\) already uses/);
  });

  it('leaves nothing behind', async () => {
    await api().must('DELETE', '/containers/web?force=1');
    await now.daemon?.stop();
    await expectAsBefore(() => traces(world), before);
  });
});
