import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { existsSync, readFileSync } from 'node:fs';
import { createWorld, type World } from '../../world.ts';
import { Client } from './client.ts';

const v1 = existsSync('/sys/fs/cgroup/memory');

describe('limits and restart policy change while the container runs', () => {
  let world: World;
  let api: Client;
  beforeAll(async () => {
    world = await createWorld();
    api = new Client(await world.daemon());
    await api.load('busybox');
  });
  afterAll(() => world.destroy());

  const limit = (id: string, controller: string, v1File: string, v2File: string): string => {
    const group = `${world.cgroupParent}/${id}`;
    const path = v1 ? `/sys/fs/cgroup/${controller}${group}/${v1File}` : `/sys/fs/cgroup${group}/${v2File}`;
    return readFileSync(path, 'utf8').trim();
  };
  const memory = (id: string): string => limit(id, 'memory', 'memory.limit_in_bytes', 'memory.max');
  const MiB = 2 ** 20;

  it('memory grows and shrinks, and what the kernel or the rules refuse changes nothing', async () => {
    const id = await api.run('sleep 60', { host: { Memory: 64 * MiB } });
    const update = (body: object): Promise<{ status: number; body: any }> => api.call('POST', `/containers/${id}/update`, body);
    expect((await update({ Memory: 256 * MiB, MemorySwap: 512 * MiB })).status).toBe(200);
    expect(memory(id)).toBe(String(256 * MiB));
    expect((await update({ Memory: 32 * MiB, MemorySwap: 64 * MiB })).status).toBe(200);
    expect(memory(id)).toBe(String(32 * MiB));
    const beyond = await update({ Memory: 128 * MiB });
    expect(beyond).toMatchObject({ status: 409, body: { message: expect.stringContaining('update the memoryswap at the same time') } });
    expect((await update({ Memory: 1 * MiB })).status).toBe(400);
    expect((await update({ CpusetCpus: '4000' })).status).toBe(400);
    expect(memory(id)).toBe(String(32 * MiB));
    expect((await api.inspect(id)).HostConfig).toMatchObject({ Memory: 32 * MiB, MemorySwap: 64 * MiB });
    await api.must('DELETE', `/containers/${id}?force=1`);
  });

  it('processor time, processors and the number of processes', async () => {
    const id = await api.run('sleep 60', { host: { PidsLimit: 100, NanoCpus: 1e9 } });
    await api.must('POST', `/containers/${id}/update`, { NanoCpus: 5e8, CpusetCpus: '0', PidsLimit: -1, CpuShares: 512 });
    expect(limit(id, 'pids', 'pids.max', 'pids.max')).toBe('max');
    expect(limit(id, 'cpuset', 'cpuset.cpus', 'cpuset.cpus')).toBe('0');
    expect(limit(id, 'cpu', 'cpu.cfs_quota_us', 'cpu.max')).toMatch(/^50000/);
    const clash = await api.call('POST', `/containers/${id}/update`, { CpuQuota: 20_000 });
    expect(clash).toMatchObject({ status: 409, body: { message: expect.stringContaining('NanoCPUs has already been set') } });
    await api.must('DELETE', `/containers/${id}?force=1`);
  });

  it('a stopped container has its new limits from the next start on', async () => {
    const id = await api.create('sleep 60');
    await api.must('POST', `/containers/${id}/update`, { Memory: 64 * MiB, MemorySwap: 64 * MiB });
    await api.must('POST', `/containers/${id}/start`);
    expect(memory(id)).toBe(String(64 * MiB));
    await api.must('DELETE', `/containers/${id}?force=1`);
  });

  it('a restart policy given later counts at the next end', async () => {
    const id = await api.run('sleep 0.3; exit 3');
    await api.must('POST', `/containers/${id}/update`, { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 1 } });
    const seen = await expect.poll(async () => (await api.inspect(id)).RestartCount, { timeout: 5000 }).toBe(1).then(() => api.inspect(id));
    expect(seen.HostConfig.RestartPolicy).toEqual({ Name: 'on-failure', MaximumRetryCount: 1 });
    await api.must('DELETE', `/containers/${id}?force=1`);
  });
});
