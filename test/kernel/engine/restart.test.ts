import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, waitUntil, type Daemon, type World } from '../../world.ts';
import { Client } from './client.ts';

describe('restarts', () => {
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
  const status = async (id: string): Promise<string> => (await api.inspect(id)).State.Status as string;

  it('on-failure:2 tries twice more, then stays down with its code', async () => {
    const id = await api.run('echo x >>/runs; exit 3', {
      host: { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 } },
    });
    await waitUntil(async () => (await status(id)) === 'exited', 5000);
    expect(await api.inspect(id)).toMatchObject({ RestartCount: 2, State: { ExitCode: 3 } });
    await api.must('DELETE', `/containers/${id}`);
  });

  it('on-failure leaves a success alone', async () => {
    const id = await api.run('exit 0', { host: { RestartPolicy: { Name: 'on-failure' } } });
    await api.wait(id);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await api.inspect(id)).toMatchObject({ RestartCount: 0, State: { Status: 'exited' } });
    await api.must('DELETE', `/containers/${id}`);
  });

  it('always comes back after each end, with growing delays, and a stop by hand in between holds', async () => {
    const id = await api.run('exit 1', { host: { RestartPolicy: { Name: 'always' } } });
    await waitUntil(async () => (await api.inspect(id)).RestartCount >= 3, 5000);
    await api.must('POST', `/containers/${id}/stop`);
    const { RestartCount } = await api.inspect(id);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(await api.inspect(id)).toMatchObject({ RestartCount, State: { Status: 'exited' } });
    await api.must('DELETE', `/containers/${id}`);
  });

  it('a restart gives a new process and keeps name, address and log', async () => {
    const id = await api.run('echo up; sleep 60', { name: 'again' });
    const first = await api.inspect(id);
    await api.must('POST', `/containers/${id}/restart?t=0`);
    const second = await api.inspect(id);
    expect(second.State.Pid).not.toBe(first.State.Pid);
    expect(second.NetworkSettings.IPAddress).toBe(first.NetworkSettings.IPAddress);
    await waitUntil(async () => (await api.logs(id)).toString() === 'up\nup\n', 3000);
    await api.must('DELETE', `/containers/${id}?force=1`);
  });

  it('a restart of a container with --rm does not remove it', async () => {
    const id = await api.run('sleep 60', { host: { AutoRemove: true } });
    await api.must('POST', `/containers/${id}/restart?t=0`);
    expect(await status(id)).toBe('running');
    await api.must('POST', `/containers/${id}/stop?t=0`);
    expect((await api.call('GET', `/containers/${id}/json`)).status).toBe(404);
  });

  it('a stop that comes while a restart waits wins: the container stays down (moby#43403)', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await api.run('trap "" TERM; while :; do sleep 0.05; done');
      await new Promise((resolve) => setTimeout(resolve, 100));
      const restarted = api.call('POST', `/containers/${id}/restart?t=1`);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect((await api.call('POST', `/containers/${id}/stop?t=0`)).status).toBe(204);
      expect((await restarted).status).toBe(409);
      expect(await status(id)).toBe('exited');
      await api.must('DELETE', `/containers/${id}`);
    }
  });

  it('starts, stops, kills and removals in any order end in one state, with nothing stuck', async () => {
    const verbs = ['start', 'stop?t=0', 'restart?t=0', 'kill', 'pause', 'unpause', 'start', 'stop?t=0'];
    const id = await api.create('sleep 60');
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => api.call('POST', `/containers/${id}/${verbs[i % verbs.length]}`)),
    );
    for (const { status: code, body } of answers) expect([204, 304, 409], JSON.stringify(body)).toContain(code);
    await api.must('DELETE', `/containers/${id}?force=1`);
    expect((await api.call('GET', `/containers/${id}/json`)).status).toBe(404);
  });
});
