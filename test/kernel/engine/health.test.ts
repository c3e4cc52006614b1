import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFileSync, readdirSync } from 'node:fs';
import { createWorld, waitUntil, type Daemon, type World } from '../../world.ts';
import { Client } from './client.ts';

const second = 1e9;

describe("a container's health", () => {
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

  const health = async (id: string): Promise<any> => (await api.inspect(id)).State.Health;
  const becomes = (id: string, status: string): Promise<void> =>
    waitUntil(async () => (await health(id))?.Status === status, 8000);
  const run = (line: string, more: object = {}): Promise<string> =>
    api.run('sleep 60', { config: { Healthcheck: { Test: ['CMD-SHELL', line], Interval: 0.2 * second, Retries: 2, ...more } } });

  it('goes from starting over unhealthy to healthy, told by events, ps and its filter', async () => {
    const since = Date.now() / 1000;
    const id = await run('echo seen; test -f /ok');
    expect(await health(id)).toEqual({ Status: 'starting', FailingStreak: 0, Log: [] });
    await becomes(id, 'unhealthy');
    expect((await health(id)).Log[0]).toMatchObject({ ExitCode: 1, Output: 'seen\n' });
    const { Id } = await api.must('POST', `/containers/${id}/exec`, { Cmd: ['touch', '/ok'] });
    await api.must('POST', `/exec/${Id}/start`, { Detach: true });
    await becomes(id, 'healthy');
    const filters = encodeURIComponent(JSON.stringify({ health: ['healthy'] }));
    const [row] = await api.must('GET', `/containers/json?filters=${filters}`);
    expect([row.Id, row.Status]).toEqual([id, expect.stringContaining('(healthy)')]);
    const events = [await api.must('GET', `/events?since=${since}&until=${Date.now() / 1000 + 0.1}`)].flat();
    const actions = events.map(({ Action }: { Action: string }) => Action);
    expect(actions.filter((one: string) => one.startsWith('health_status'))).toEqual([
      'health_status: unhealthy',
      'health_status: healthy',
    ]);
    expect((await api.inspect(id)).ExecIDs).toBeNull();

    await api.must('POST', `/containers/${id}/pause`);
    expect((await health(id)).Status).toBe('unhealthy');
    await api.must('POST', `/containers/${id}/unpause`);
    await becomes(id, 'healthy');
    await api.must('DELETE', `/containers/${id}?force=1`);
  });

  it('a check that hangs is ended at its timeout, with what it started', async () => {
    const id = await run('sleep 4711 | sleep 4712', { Timeout: 0.3 * second, Retries: 1 });
    await becomes(id, 'unhealthy');
    expect((await health(id)).Log[0]).toMatchObject({ ExitCode: -1, Output: 'Health check exceeded timeout (300ms)' });
    await api.must('POST', `/containers/${id}/pause`);
    await api.must('POST', `/containers/${id}/unpause`);
    await api.must('POST', `/containers/${id}/stop?t=0`);
    const hanging = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes('sleep\x00471'));
    expect(hanging).toEqual([]);
    expect((await health(id)).Status).toBe('unhealthy');
    await api.must('DELETE', `/containers/${id}`);
  });

  it('a program that is not there is a failure that says so', async () => {
    const id = await api.run('sleep 60', { config: { Healthcheck: { Test: ['CMD', 'nonesuch'], Interval: 0.2 * second, Retries: 1 } } });
    await becomes(id, 'unhealthy');
    expect((await health(id)).Log[0]).toMatchObject({ ExitCode: -1, Output: expect.stringContaining('nonesuch') });
    await api.must('DELETE', `/containers/${id}?force=1`);
  });

  it('no more than 4096 bytes of output are kept', async () => {
    const id = await run('yes | head -c 100000');
    await becomes(id, 'healthy');
    expect((await health(id)).Log[0].Output).toHaveLength(4099);
    await api.must('DELETE', `/containers/${id}?force=1`);
  });

  it('outlives the engine', async () => {
    const id = await run('test -f /ok');
    await becomes(id, 'unhealthy');
    await daemon.stop('SIGKILL');
    daemon = await world.daemon();
    api = new Client(daemon);
    expect((await health(id)).Status).toBe('unhealthy');
    const { Id } = await api.must('POST', `/containers/${id}/exec`, { Cmd: ['touch', '/ok'] });
    await api.must('POST', `/exec/${Id}/start`, { Detach: true });
    await becomes(id, 'healthy');
    await api.must('DELETE', `/containers/${id}?force=1`);
  });
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
