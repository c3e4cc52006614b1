import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test as always } from 'vitest';
import { Bench, mountAt, reportOf } from './bench.ts';

const unified = readFileSync('/proc/self/mountinfo', 'utf8').includes(' - cgroup2 ');
const test = always.skipIf(!unified);

let bench: Bench;
beforeAll(async () => {
  if (unified) bench = await Bench.open(true);
});
afterAll(() => bench?.close());

test('on a cgroup2 tree the container is born in its group and sees it as the root of its own namespace', async () => {
  const report = reportOf(await bench.run({ args: ['payload'] }));
  expect(report.cgroup.findLast((line) => line.startsWith('0::'))).toBe('0::/');
  expect(mountAt(report, '/sys/fs/cgroup')).toMatchObject({ type: 'cgroup2', root: '/' });
  expect(mountAt(report, '/sys/fs/cgroup')?.options).toContain('ro');
});

test('the kernel takes the device program and refuses what is not in the list', async () => {
  const script = 'payload mknod /d 1 11; payload open /d w; payload open /dev/null w; payload open /dev/full';
  expect((await bench.run({ args: ['sh', '-c', script] })).stdout).toBe('ok\nEPERM\nok\nok\n');
  const kmsg = { path: '/dev/kmsg', type: 'c' as const, major: 1, minor: 11, mode: 0o600, uid: 0, gid: 0, access: 'w' };
  expect((await bench.run({ args: ['sh', '-c', 'payload open /dev/kmsg w'], devices: [kmsg] })).stdout).toBe('ok\n');
  expect((await bench.run({ args: ['sh', '-c', 'payload open /d w; payload mknod /d 1 11; payload open /d w'], privileged: true })).stdout)
    .toBe('ENOENT\nok\nok\n');
});

test('an exec is born in the group too, where the device program holds for it', async () => {
  const running = await bench.start({ args: ['sleep', '100'] });
  const outcome = await bench.exec(running, { args: ['sh', '-c', 'cat /proc/self/cgroup; payload mknod /d 1 11; payload open /d w'] });
  expect(outcome.stdout.split('\n').slice(-4)).toEqual(['0::/', 'ok', 'EPERM', '']);
  await bench.stop(running);
});
