import { readFileSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bench, mountAt, type Report, reportOf, statusOf } from './bench.ts';

let bench: Bench;
/** A container with nothing asked for, seen from inside. */
let plain: Report;
beforeAll(async () => {
  bench = await Bench.open();
  plain = reportOf(await bench.run({ args: ['payload'] }));
});
afterAll(() => bench.close());

const payload = async (...args: string[]): Promise<string> => (await bench.run({ args: ['payload', ...args] })).stdout.trim();

test('root has the fourteen capabilities as bounding, permitted and effective, and none inheritable or ambient (CVE-2022-24769)', () => {
  expect(['CapBnd', 'CapPrm', 'CapEff', 'CapInh', 'CapAmb'].map((key) => statusOf(plain, key))).toEqual([
    '00000000a80425fb', '00000000a80425fb', '00000000a80425fb', '0000000000000000', '0000000000000000',
  ]);
});

test('another user has them as bounding only, his groups with the primary one among them, and his streams to write to', async () => {
  const user = { uid: 1000, gid: 1001, additionalGids: [44] };
  const report = reportOf(await bench.run({ args: ['payload'], process: { user } }));
  expect(['CapBnd', 'CapPrm', 'CapEff'].map((key) => statusOf(report, key))).toEqual([
    '00000000a80425fb', '0000000000000000', '0000000000000000',
  ]);
  expect(report).toMatchObject({ uid: 1000, gid: 1001, groups: [44, 1001] });
  expect((await bench.run({ args: ['sh', '-c', 'echo again > /dev/stdout'], process: { user } })).stdout).toBe('again\n');
});

test('capabilities are added, dropped and taken away altogether as asked', async () => {
  const bounding = async (wish: { capAdd?: string[]; capDrop?: string[]; privileged?: boolean }): Promise<bigint> =>
    BigInt(`0x${statusOf(reportOf(await bench.run({ args: ['payload'], ...wish })), 'CapBnd')}`);
  expect(await bounding({ capDrop: ['ALL'] })).toBe(0n);
  expect(await bounding({ capDrop: ['ALL'], capAdd: ['net_bind_service'] })).toBe(1n << 10n);
  expect(await bounding({ privileged: true })).toBe(bench.host.capabilities);
});

test('descriptors 0 to 2 and no other are open', () => expect(plain.fds).toEqual([0, 1, 2]));

test('it is PID 1 of its own session in its own namespaces, under its own name', () => {
  expect(plain).toMatchObject({ pid: 1, session: 1, cwd: '/', umask: 0o022 });
  expect(plain.hostname).toMatch(/^c\d+$/);
  expect(plain.interfaces.slice(2).map((line) => line.trim().split(':')[0])).toEqual(['lo']);
});

test('limits are set, not inherited from whoever started the engine', () => {
  const [nofile, core, stack] = [plain.limits[7], plain.limits[4], plain.limits[3]];
  const raise = (bench.host.capabilities & (1n << 24n)) !== 0n;
  const most = raise ? 1048576 : bench.host.hardLimits['RLIMIT_NOFILE'];
  expect(nofile).toEqual([most, most]);
  expect(core?.[0]).toBe(raise ? -1 : bench.host.hardLimits['RLIMIT_CORE']);
  expect(stack?.[0]).toBe(8 * 1024 * 1024);
});

test('mounts have the options that Docker gives them', () => {
  const options = (target: string): string[] | undefined =>
    mountAt(plain, target)?.options.filter((word) => word !== 'relatime').sort();
  expect(options('/proc')).toEqual(['nodev', 'noexec', 'nosuid', 'rw']);
  expect(options('/dev')).toEqual(['nosuid', 'rw']);
  expect(options('/dev/pts')).toEqual(['noexec', 'nosuid', 'rw']);
  expect(options('/sys')).toEqual(['nodev', 'noexec', 'nosuid', 'ro']);
  expect(options('/sys/fs/cgroup')).toEqual(['nodev', 'noexec', 'nosuid', 'ro']);
  expect(options('/dev/mqueue')).toEqual(['nodev', 'noexec', 'nosuid', 'rw']);
  expect(options('/dev/shm')).toEqual(['nodev', 'noexec', 'nosuid', 'rw']);
  expect(mountAt(plain, '/dev')?.super).toEqual(['rw', 'size=65536k', 'mode=755']);
  expect(mountAt(plain, '/dev/pts')?.super).toEqual(expect.arrayContaining(['gid=5', 'mode=620', 'ptmxmode=666']));
  expect(mountAt(plain, '/dev/shm')?.super).toContain('size=65536k');
  expect(mountAt(plain, '/')?.type).toBe('overlay');
});

test('no path of the host shows in its mounts but the overlay layers and what is bound', () => {
  const roots = plain.mounts.map((line) => line.split(' ')).map(([, , , root = '', target = '']) => `${root} ${target}`);
  const foreign = roots.filter((line) => !/^\/(null|bus|fs|irq|sys|sysrq-trigger)? \//.test(line) && !line.includes('/sys/fs/cgroup/'));
  expect(foreign).toEqual([]);
});

test('its root is not visible among the host mounts, neither while it runs nor afterwards', async () => {
  const running = await bench.start({ args: ['sleep', '100'] });
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(bench.directory);
  await bench.stop(running);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(bench.directory);
});

test('/dev has the standard devices and links and nothing of the host', () => {
  expect(plain.dev).toMatchObject({
    null: 'c 1:3 666', zero: 'c 1:5 666', full: 'c 1:7 666', random: 'c 1:8 666', urandom: 'c 1:9 666', tty: 'c 5:0 666',
    ptmx: 'pts/ptmx', fd: '/proc/self/fd', stdin: '/proc/self/fd/0', stdout: '/proc/self/fd/1', stderr: '/proc/self/fd/2',
    core: '/proc/kcore',
  });
  expect(Object.keys(plain.dev)).toHaveLength(15);
});

test('masked paths hold nothing, read-only ones take no write', async () => {
  const script = `for f in interrupts kcore keys latency_stats sched_debug timer_list timer_stats; do
      [ ! -e /proc/$f ] || [ -z "$(cat /proc/$f)" ] || echo "$f shows"; done
    for d in /proc/acpi /proc/asound /proc/scsi /sys/firmware /sys/devices/virtual/powercap; do
      [ ! -d $d ] || [ -z "$(ls $d)" ] || echo "$d shows"; done`;
  expect((await bench.run({ args: ['sh', '-c', script] })).stdout).toBe('');
  expect(await payload('open', '/proc/sys/kernel/core_pattern', 'w')).toBe('EROFS');
  expect(await payload('open', '/proc/sysrq-trigger', 'w')).toMatch(/EROFS|ENOENT/);
  expect(await payload('open', '/sys/kernel/uevent_helper', 'w')).toMatch(/EROFS|ENOENT/);
});

test('a privileged container has nothing masked, a writable /sys and no filter', async () => {
  const report = reportOf(await bench.run({ args: ['payload'], privileged: true }));
  expect(mountAt(report, '/sys')?.options).toContain('rw');
  expect(mountAt(report, '/proc/sys')).toBeUndefined();
  expect(statusOf(report, 'Seccomp')).toBe('0');
});

test('devices beyond the list can be made but not opened; those asked for can, with the access asked for', async () => {
  // Null's major, kmsg's minor: writing needs no capability, so only the device list can refuse it.
  const script = 'payload mknod /d 1 11; payload open /d w';
  expect((await bench.run({ args: ['sh', '-c', script] })).stdout).toBe('ok\nEPERM\n');
  const kmsg = { path: '/dev/kmsg', type: 'c' as const, major: 1, minor: 11, mode: 0o600, uid: 0, gid: 0 };
  const open = 'payload open /dev/kmsg w';
  expect((await bench.run({ args: ['sh', '-c', open], devices: [{ ...kmsg, access: 'w' }] })).stdout).toBe('ok\n');
  expect((await bench.run({ args: ['sh', '-c', open], devices: [{ ...kmsg, access: 'r' }] })).stdout).toBe('EPERM\n');
});

test('its cgroup is its own in every tree, and the sysctls of its network namespace are the default ones', () => {
  expect(plain.cgroup.every((line) => /berth-test-\d+\/c\d+$/.test(line))).toBe(bench.host.cgroups.kind !== 'v2');
  expect(plain.oom).toEqual(['0']);
  expect(plain.ports).toEqual(['0']);
  expect(plain.ping.map((line) => line.split(/\s+/))).toEqual([['0', '2147483647']]);
});

test('what is asked of sysctls, limits, the OOM score and the hostname is there', async () => {
  const report = reportOf(await bench.run({
    args: ['payload'], hostname: 'box', sysctls: { 'net.ipv4.ip_unprivileged_port_start': '80' },
    process: { rlimits: [{ type: 'nofile', soft: 100, hard: 200 }], oomScoreAdj: 300 },
  }));
  expect(report).toMatchObject({ hostname: 'box', ports: ['80'], oom: ['300'] });
  expect(report.limits[7]).toEqual([100, 200]);
});

test('the filter refuses what Docker refuses, by each of the doors of x86', async () => {
  expect(statusOf(plain, 'Seccomp')).toBe('2');
  expect(await payload('unshare', '0x10000000')).toBe('EPERM'); // CLONE_NEWUSER
  expect(await payload('mount', 'tmpfs', '/etc')).toBe('EPERM');
  const [alg, vsock, inet] = ['38', '40', '2'];
  expect([await payload('socket', alg), await payload('socket', vsock), await payload('socket', inet)]).toEqual(['EPERM', 'EPERM', 'ok']);
  if (bench.host.architecture !== 'x86_64') return;
  expect(await payload('call', '435')).toBe('ENOSYS'); // clone3
  expect(await payload('call', '298')).toBe('EPERM'); // perf_event_open
  expect(await payload('call', '0x40000027')).toBe('EPERM'); // getpid of x32
  expect(await payload('call', '39')).toBe('ok');
  const i386 = await payload('call32', '20'); // getpid
  if (i386 !== 'ok') return; // a kernel without 32-bit emulation
  expect([await payload('socket32', alg), await payload('socket32', vsock), await payload('socket32', inet)])
    .toEqual(['ENOSYS', 'ENOSYS', 'ENOSYS']);
  expect(await payload('call32', '359', alg, '2', '0')).toBe('EPERM'); // socket
  expect(await payload('call32', '359', inet, '2', '0')).toBe('ok');
});

test('unconfined means no filter, a profile of one rule means that rule, and no_new_privs comes on request', async () => {
  const unconfined = reportOf(await bench.run({ args: ['payload'], seccomp: 'unconfined' }));
  expect(statusOf(unconfined, 'Seccomp')).toBe('0');
  const seccomp = {
    defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }],
  };
  const guarded = await bench.run({ args: ['payload', 'call', '83'], seccomp, process: { noNewPrivileges: true } });
  expect(guarded.stdout.trim()).toBe('ENOSYS');
  expect(statusOf(reportOf(await bench.run({ args: ['payload'], process: { noNewPrivileges: true } })), 'NoNewPrivs')).toBe('1');
});

test('a read-only root takes no write, its /dev works as ever', async () => {
  const script = 'touch /x 2>/dev/null || echo refused; touch /dev/shm/y && echo shm';
  expect((await bench.run({ args: ['sh', '-c', script], readonlyRoot: true })).stdout).toBe('refused\nshm\n');
});

test('binds are where they should be, read-only with their submounts, and tmpfs mounts take their options', async () => {
  const source = join(bench.directory, 'bound');
  await mkdir(source, { recursive: true });
  await writeFile(join(source, 'file'), 'text');
  const report = reportOf(await bench.run({
    args: ['payload'],
    mounts: [
      { kind: 'bind', source, target: '/data/deep', readonly: true },
      { kind: 'bind', source: join(source, 'file'), target: '/etc/hosts', readonly: false },
      { kind: 'tmpfs', target: '/run', options: ['size=1m', 'exec', 'mode=1770'] },
    ],
  }));
  expect(mountAt(report, '/data/deep')?.options).toContain('ro');
  expect(mountAt(report, '/etc/hosts')?.options).toContain('rw');
  expect(mountAt(report, '/run')?.options.sort()).toEqual(['nodev', 'nosuid', 'relatime', 'rw']);
  expect(mountAt(report, '/run')?.super).toEqual(expect.arrayContaining(['size=1024k', 'mode=1770']));
});

test('a terminal is /dev/console, the controlling one, and of the container\'s own devpts', async () => {
  const outcome = await bench.run({ args: ['sh', '-c', 'payload; [ -t 0 ] && [ -w /dev/tty ] && echo tty'], process: { tty: true } });
  expect(outcome.exitCode).toBe(0);
  expect(outcome.stdout).toContain('"console":"c 136:0');
  expect(outcome.stdout).toMatch(/\}\r\ntty\r\n$/);
});

test('an exec has the container\'s namespaces, cgroup, capabilities and filter', async () => {
  const running = await bench.start({ args: ['sleep', '100'] });
  const report = reportOf(await bench.exec(running, { args: ['payload'], process: { cwd: '/etc' } }));
  expect(report).toMatchObject({ hostname: running.id, cwd: '/etc', fds: [0, 1, 2] });
  expect(statusOf(report, 'CapEff')).toBe('00000000a80425fb');
  expect(statusOf(report, 'Seccomp')).toBe('2');
  expect(report.cgroup.every((line) => line.endsWith(`/${running.id}`))).toBe(true);
  const privileged = reportOf(await bench.exec(running, { args: ['payload'] }, true));
  expect(BigInt(`0x${statusOf(privileged, 'CapEff')}`)).toBe(bench.host.capabilities);
  await bench.stop(running);
});

test('a namespace of another container can be joined, and a reused pid is noticed', async () => {
  const owner = await bench.start({ args: ['sleep', '100'], hostname: 'owner' });
  const { pid, startTime } = owner.launched;
  const join_ = { mode: 'join' as const, pid };
  const report = reportOf(await bench.run({
    args: ['payload'], namespaces: { uts: join_, pid: join_, network: join_ }, startTimes: new Map([[pid, startTime]]),
  }));
  expect(report.hostname).toBe('owner');
  expect(report.pid).toBeGreaterThan(1);
  await expect(bench.run({ args: ['payload'], namespaces: { network: join_ }, startTimes: new Map([[pid, startTime + 1n]]) }))
    .rejects.toThrow(`process ${pid}: No such process`);
  await bench.stop(owner);
});

test('a working directory that is a descriptor of the host is refused or inside the root (CVE-2024-21626)', async () => {
  for (let fd = 3; fd < 12; fd++) {
    const outcome = await bench.run({ args: ['payload'], process: { cwd: `/proc/self/fd/${fd}` } }).catch((error: unknown) => String(error));
    if (typeof outcome === 'string') expect(outcome).toMatch(/working directory/);
    else expect(reportOf(outcome).cwd).not.toMatch(/^\(unreachable\)/);
  }
});

test('a directory that only root may enter can be the working directory of another user', async () => {
  const outcome = await bench.run({ args: ['/bin/payload'], process: { cwd: '/private', user: { uid: 1000, gid: 1000, additionalGids: [] } } });
  expect(outcome.exitCode).toBe(0);
});

test('a mount of cgroup v1 in a new user namespace fails (CVE-2022-0492)', async () => {
  expect(await payload('open', '/sys/fs/cgroup/memory/cgroup.procs', 'w')).toMatch(/EROFS|ENOENT/);
  expect(await payload('mount', 'cgroup', '/etc')).toBe('EPERM');
});

test('a failed start leaves no process, no mount and no keeper', async () => {
  const before = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;
  await expect(bench.run({ args: ['payload'], mounts: [{ kind: 'bind', source: '/nonexistent-source', target: '/x', readonly: false }] }))
    .rejects.toThrow('bind: source /nonexistent-source: No such file or directory');
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(bench.directory);
  expect(readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length).toBeLessThan(before + 20);
});
