import { existsSync, readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freezeOps, killGroup, processesOf, readUsage, withoutUnsupported } from '../../../src/runtime/cgroups.ts';
import { groupDirectories } from '../../../src/runtime/cgroups.ts';
import { Bench, reportOf, statusOf } from './bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.open();
});
afterAll(() => bench.close());

const MiB = 1024 * 1024;

test('more memory than the limit ends it with 137 and OOMKilled, less runs through', async () => {
  const resources = { memory: 32 * MiB, memorySwap: 32 * MiB };
  expect(await bench.run({ args: ['payload', 'eat', '100'], resources })).toMatchObject({ exitCode: 137, oomKilled: true });
  expect(await bench.run({ args: ['payload', 'eat', '10'], resources })).toMatchObject({ exitCode: 0, oomKilled: false });
});

test('a child that is killed for want of memory is told too, though the command goes on', async () => {
  const resources = { memory: 32 * MiB, memorySwap: 32 * MiB };
  const outcome = await bench.run({ args: ['sh', '-c', 'payload eat 100; echo went on'], resources });
  expect(outcome).toMatchObject({ exitCode: 0, oomKilled: true });
  expect(outcome.stdout).toContain('went on');
});

test('two spinning processes get the quota and no more, within 15 %', async () => {
  const share = Number((await bench.run({ args: ['payload', 'spin', '2'], resources: { nanoCpus: 0.5e9 } })).stdout);
  expect(share).toBeGreaterThan(0.5 * 0.85);
  expect(share).toBeLessThan(0.5 * 1.15);
});

test('a fork bomb stops at the pids limit', async () => {
  expect((await bench.run({ args: ['payload', 'fork', '100'], resources: { pidsLimit: 20 } })).stdout).toBe('19 EAGAIN\n');
});

test('cpuset pins to the CPU asked for', async () => {
  const last = bench.host.cpus.at(-1) ?? 0;
  const report = reportOf(await bench.run({ args: ['payload'], resources: { cpusetCpus: `${last}` } }));
  expect(statusOf(report, 'Cpus_allowed_list')).toBe(`${last}`);
});

test('a write limit on the disk holds back direct writes', async () => {
  const { dev } = statSync(bench.directory);
  const device = { major: (dev >> 8) & 0xfff, minor: (dev & 0xff) | ((dev >> 12) & 0xfff00) };
  const milliseconds = async (rate?: number): Promise<number> => Number((await bench.run({
    args: ['payload', 'write', '/file', '6'], resources: rate === undefined ? {} : { deviceWriteBps: [{ ...device, rate }] },
  })).stdout);
  const free = await milliseconds();
  if (free > 1000) return; // a disk slower than the limit proves nothing
  expect(await milliseconds(4 * MiB)).toBeGreaterThan(1200);
});

test('shares and weight reach the files that the kernel has for them', async () => {
  const running = await bench.start({ args: ['sleep', '100'], resources: { cpuShares: 512, blkioWeight: 300 } });
  const files = groupDirectories(bench.host.cgroups, bench.group(running.id));
  const read = (name: string): string | undefined =>
    files.map((directory) => `${directory}/${name}`).filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8').trim())[0];
  expect([read('cpu.shares'), read('cpu.weight')]).toContainEqual(bench.host.cgroups.kind === 'v2' ? '20' : '512');
  const weights = ['blkio.weight', 'blkio.bfq.weight', 'io.bfq.weight', 'io.weight'].map(read).filter((text) => text !== undefined);
  if (withoutUnsupported(bench.host.cgroups, { BlkioWeight: 300 }).warnings.length === 0) expect(weights.join()).toContain('300');
  await bench.stop(running);
});

test('usage can be read while it runs', async () => {
  const running = await bench.start({ args: ['sleep', '100'], resources: { memory: 64 * MiB, pidsLimit: 50 } });
  const usage = await readUsage(bench.host.cgroups, bench.group(running.id));
  expect(usage).toMatchObject({ memoryLimit: 64 * MiB, pids: 1, pidsLimit: 50, oomKills: 0 });
  expect(usage.memory).toBeGreaterThan(0);
  expect(usage.cpu.total).toBeGreaterThan(0);
  await bench.stop(running);
});

test('a frozen group runs nothing until it is thawed', async () => {
  const running = await bench.start({ args: ['sh', '-c', 'while :; do echo x >> /ticks; sleep 0.01; done'] });
  const size = async (): Promise<number> => statSync(bench.path(running.id, 'upper/ticks')).size;
  const group = bench.group(running.id);
  const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));
  await pause(100);
  await bench.helper.apply(freezeOps(bench.host.cgroups, group, true));
  await pause(50);
  const frozen = await size();
  await pause(150);
  expect(await size()).toBe(frozen);
  await bench.helper.apply(freezeOps(bench.host.cgroups, group, false));
  await pause(150);
  expect(await size()).toBeGreaterThan(frozen);
  await bench.stop(running);
});

test('a whole family of processes is killed at once, and its group leaves nothing behind', async () => {
  const running = await bench.start({ args: ['sh', '-c', 'for i in 1 2 3; do (sleep 100 & sleep 100) & done; wait'] });
  await new Promise((done) => setTimeout(done, 100));
  const group = bench.group(running.id);
  expect((await processesOf(bench.host.cgroups, group)).length).toBeGreaterThanOrEqual(7);
  await killGroup(bench.host.cgroups, group, () => {});
  expect(await running.end()).toMatchObject({ exitCode: 137, oomKilled: false });
  await bench.stop(running);
  expect(groupDirectories(bench.host.cgroups, group).filter((directory) => existsSync(directory))).toEqual([]);
});
