import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type Daemon, type World } from '../../world.ts';
import { Client } from './client.ts';

describe('stats', () => {
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

  it('one shot answers at once, one sample with the one of a second before it', async () => {
    const id = await api.run('while :; do :; done', { host: { Memory: 2 ** 26, PidsLimit: 20, NanoCpus: 5e8 } });
    const begin = performance.now();
    const shot = await api.must('GET', `/containers/${id}/stats?stream=0&one-shot=1`);
    expect(performance.now() - begin).toBeLessThan(900);
    expect(shot).toMatchObject({ preread: '0001-01-01T00:00:00Z', num_procs: 0, storage_stats: {} });
    const one = await api.must('GET', `/containers/${id}/stats?stream=0`);
    expect(one).toMatchObject({
      id, pids_stats: { current: 1, limit: 20 }, memory_stats: { limit: 2 ** 26 },
      networks: { eth0: { rx_errors: 0, tx_dropped: 0 } },
    });
    expect(Object.keys(one.networks)).toEqual(['eth0']);
    expect(Object.keys(one.memory_stats.stats).length).toBeGreaterThan(10);
    const spent = one.cpu_stats.cpu_usage.total_usage - one.precpu_stats.cpu_usage.total_usage;
    const passed = one.cpu_stats.system_cpu_usage - one.precpu_stats.system_cpu_usage;
    // Half a CPU by its limit, of what the host's CPUs had in the meantime.
    expect(spent / passed).toBeGreaterThan(0.05);
    expect((spent / passed) * one.cpu_stats.online_cpus).toBeLessThan(0.75);
    expect(one.cpu_stats.throttling_data.throttled_periods).toBeGreaterThan(0);
    await api.must('DELETE', `/containers/${id}?force=1`);
  });

  it('a stopped container has zeros at once', async () => {
    const id = await api.create('true');
    const begin = performance.now();
    expect(await api.must('GET', `/containers/${id}/stats?stream=0`)).toMatchObject({ read: '0001-01-01T00:00:00Z', memory_stats: {}, pids_stats: {} });
    expect(performance.now() - begin).toBeLessThan(900);
    await api.must('DELETE', `/containers/${id}`);
    expect((await api.call('GET', `/containers/${id}/stats`)).status).toBe(404);
  });

  it('a stream gives a sample a second and ends with the container', async () => {
    const id = await api.run('sleep 60');
    const lines = await new Promise<string[]>((resolve, reject) => {
      let text = '';
      request({ socketPath: daemon.host.slice(7), path: `/containers/${id}/stats` }, (response) => {
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (text.split('\n').length === 3) void api.must('DELETE', `/containers/${id}?force=1`).catch(reject);
        });
        response.on('end', () => resolve(text.trim().split('\n')));
      }).on('error', reject).end();
    });
    expect(lines.length).toBeGreaterThanOrEqual(2);
    const [first, second] = lines.map((line) => JSON.parse(line) as { read: string; preread: string });
    expect(second?.preread).toBe(first?.read);
  });
});
