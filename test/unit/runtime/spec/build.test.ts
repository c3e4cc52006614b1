import { expect, test } from 'vitest';
import { buildExecProcess, buildSpec } from '../../../../src/runtime/spec/build.ts';
import { host, hostOf, layouts, request } from '../examples.ts';

const mountsOf = (more: Parameters<typeof request>[0]) => buildSpec(request(more), host).mounts;
const destinations = (more: Parameters<typeof request>[0]): string[] => mountsOf(more).map(({ destination }) => destination);
const defaults = ['/proc', '/dev', '/dev/pts', '/sys', '/sys/fs/cgroup', '/dev/mqueue', '/dev/shm'];

test('the user\'s mounts come after the default ones, parents before children, and replace those at the same place', () => {
  expect(destinations({
    mounts: [
      { kind: 'bind', source: '/b', target: '/a/b/c', readonly: false },
      { kind: 'bind', source: '/a', target: '/a/', readonly: false },
      { kind: 'tmpfs', target: '/dev/shm', options: [] },
    ],
  })).toEqual([...defaults.slice(0, 6), '/a', '/dev/shm', '/a/b/c']);
});

test('a /dev of the user\'s own leaves nothing mounted below it', () => {
  expect(destinations({ mounts: [{ kind: 'bind', source: '/dev', target: '/dev', readonly: false }] }))
    .toEqual(['/proc', '/sys', '/sys/fs/cgroup', '/dev']);
});

test('binds are recursive and private, and read-only with their submounts unless told otherwise', () => {
  const options = (more: object) =>
    mountsOf({ mounts: [{ kind: 'bind', source: '/s', target: '/t', readonly: true, ...more }] }).at(-1)?.options;
  expect(options({})).toEqual(['rbind', 'rprivate', 'rro']);
  expect(options({ readonly: false, propagation: 'rslave' })).toEqual(['rbind', 'rslave']);
  expect(options({ nonRecursive: true })).toEqual(['bind', 'rprivate', 'ro']);
  expect(options({ nonRecursiveReadonly: true })).toEqual(['rbind', 'rprivate', 'ro']);
});

test('a tmpfs is noexec, nosuid and nodev unless the user says the opposite', () => {
  const options = (given: string[]) => mountsOf({ mounts: [{ kind: 'tmpfs', target: '/t', options: given }] }).at(-1)?.options;
  expect(options([])).toEqual(['noexec', 'nosuid', 'nodev']);
  expect(options(['exec', 'size=1m'])).toEqual(['nosuid', 'nodev', 'exec', 'size=1m']);
});

test('privileged means writable /sys and cgroups, every device, nothing masked and no filter', () => {
  const spec = buildSpec(request({ privileged: true }), host);
  expect(spec.mounts.filter(({ options }) => options?.includes('ro'))).toEqual([]);
  expect(spec.linux).toMatchObject({ maskedPaths: [], readonlyPaths: [], resources: { devices: [{ allow: true, access: 'rwm' }] } });
  expect(spec.linux.seccomp).toBeUndefined();
  const profile = { defaultAction: 'SCMP_ACT_ALLOW' };
  expect(buildSpec(request({ privileged: true, seccomp: profile }), host).linux.seccomp?.defaultAction).toBe('SCMP_ACT_ALLOW');
});

test('with a read-only root only the writable kernel file systems and the user\'s mounts stay writable', () => {
  const root = { path: '/r', readonly: true };
  const mounts = buildSpec(request({ root, privileged: true, mounts: [{ kind: 'tmpfs', target: '/run', options: [] }] }), host).mounts;
  expect(mounts.filter(({ options }) => options?.includes('ro')).map(({ destination }) => destination)).toEqual(['/sys', '/sys/fs/cgroup']);
});

test('each CPU\'s thermal throttle is masked, and masks can be taken off', () => {
  expect(buildSpec(request(), host).linux.maskedPaths).toContain('/sys/devices/system/cpu/cpu3/thermal_throttle');
  expect(buildSpec(request({ maskedPaths: [] }), host).linux.maskedPaths).toEqual([]);
});

test('namespaces: private, the host\'s or joined; the cgroup one is private on v2 alone unless asked for', () => {
  const of = (more: Parameters<typeof request>[0], facts = host) => buildSpec(request(more), facts).linux.namespaces;
  expect(of({}).map(({ type }) => type)).toEqual(['mount', 'network', 'uts', 'pid', 'ipc']);
  expect(of({}, hostOf(layouts.v2)).map(({ type }) => type)).toContain('cgroup');
  const namespaces = {
    network: { mode: 'join', pid: 7 }, pid: { mode: 'host' }, ipc: { mode: 'join', pid: 7 }, uts: { mode: 'host' },
    cgroup: { mode: 'private' },
  } as const;
  expect(of({ namespaces })).toEqual([
    { type: 'mount' }, { type: 'network', path: '/proc/7/ns/net' }, { type: 'ipc', path: '/proc/7/ns/ipc' }, { type: 'cgroup' },
  ]);
  const spec = buildSpec(request({ namespaces }), host);
  expect([spec.hostname, spec.linux.sysctl]).toEqual([undefined, {}]);
});

test('sysctls of the user win over the default ones', () => {
  expect(buildSpec(request({ sysctls: { 'net/ipv4/ip_unprivileged_port_start': '1024' } }), host).linux.sysctl).toEqual({
    'net.ipv4.ip_unprivileged_port_start': '1024', 'net.ipv4.ping_group_range': '0 2147483647',
  });
});

test('memory and swap together default to twice the memory; nanoCpus become a quota of 100 ms', () => {
  const of = (resources: object) => buildSpec(request({ resources }), host).linux.resources;
  expect(of({ memory: 100 })?.memory).toEqual({ limit: 100, swap: 200 });
  expect(of({ memory: 100, memorySwap: -1 })?.memory).toEqual({ limit: 100, swap: -1 });
  expect(of({ nanoCpus: 1.5e9 })?.cpu).toEqual({ period: 100_000, quota: 150_000 });
  expect(of({ pidsLimit: -1 })?.pids).toBeUndefined();
  expect(Object.keys(of({}) ?? {})).toEqual(['devices']);
});

test('a limit above the engine\'s own is lowered to it, by default and where it is asked for', () => {
  const poor = { ...host, capabilities: 0n, hardLimits: { RLIMIT_NOFILE: 5000 } };
  const limit = (rlimits: { type: string; soft: number; hard: number }[], facts = poor) =>
    buildSpec(request({ process: { ...request().process, rlimits } }), facts).process.rlimits?.find(({ type }) => type === 'RLIMIT_NOFILE');
  expect(limit([])).toMatchObject({ soft: 5000, hard: 5000 });
  expect(limit([], { ...poor, capabilities: 1n << 24n })).toMatchObject({ soft: 1048576, hard: 1048576 });
  expect(limit([{ type: 'nofile', soft: 6000, hard: 7000 }])).toMatchObject({ soft: 5000, hard: 5000 });
});

test('the primary group is always in the supplementary list (CVE-2022-36109)', () => {
  const user = { uid: 1, gid: 5, additionalGids: [7, 5] };
  expect(buildSpec(request({ process: { ...request().process, user } }), host).process.user.additionalGids).toEqual([5, 7]);
});

test('an init program is bound in and runs the command', () => {
  const spec = buildSpec(request({ initProgram: '/usr/libexec/helper' }), host);
  expect(spec.process.args).toEqual(['/sbin/docker-init', '--', 'sh']);
  expect(spec.mounts.at(-1)).toMatchObject({ destination: '/sbin/docker-init', source: '/usr/libexec/helper' });
});

test('an exec has the container\'s limits and capabilities, or all when privileged', () => {
  const spec = buildSpec(request({ capDrop: ['ALL'], capAdd: ['KILL'] }), host);
  const process = { ...request().process, args: ['ls'] };
  expect(buildExecProcess(spec, process, host)).toMatchObject({
    args: ['ls'], capabilities: { bounding: ['CAP_KILL'], effective: ['CAP_KILL'] }, rlimits: spec.process.rlimits,
  });
  expect(buildExecProcess(spec, process, host, true).capabilities?.bounding).toHaveLength(41);
});

test('a device is in the list of those made and of those allowed', () => {
  const device = { path: '/dev/x', type: 'c', major: 10, minor: 200, mode: 0o660, uid: 0, gid: 5, access: 'rw' } as const;
  const { devices, resources } = buildSpec(request({ devices: [device] }), host).linux;
  expect(devices).toEqual([{ path: '/dev/x', type: 'c', major: 10, minor: 200, fileMode: 0o660, uid: 0, gid: 5 }]);
  expect(resources?.devices?.at(-1)).toEqual({ allow: true, type: 'c', major: 10, minor: 200, access: 'rw' });
  expect(resources?.devices?.[0]).toEqual({ allow: false, access: 'rwm' });
});
