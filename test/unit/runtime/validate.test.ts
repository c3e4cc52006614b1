import { expect, test } from 'vitest';
import type { OciSpec } from '../../../src/model/oci.ts';
import { buildSpec, type SpecRequest } from '../../../src/runtime/spec/build.ts';
import { formatNumberList, validate } from '../../../src/runtime/validate.ts';
import { host, request } from './examples.ts';

const faultOf = (spec: OciSpec): string => {
  try {
    validate(spec, host);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};
const fault = (more: Partial<SpecRequest>): string => faultOf(buildSpec(request(more), host));
const ofProcess = (more: Partial<SpecRequest['process']>): string => fault({ process: { ...request().process, ...more } });
const ofBind = (target: string, source = '/data/volumes/x/_data'): string =>
  fault({ mounts: [{ kind: 'bind', source, target, readonly: false }] });
const ofTmpfs = (target: string): string => fault({ mounts: [{ kind: 'tmpfs', target, options: [] }] });

test('what Docker would make passes, privileged too', () => {
  expect(fault({})).toBe('');
  expect(fault({ privileged: true, initProgram: '/usr/libexec/x', mounts: [{ kind: 'bind', source: '/', target: '/host', readonly: true, propagation: 'rslave' }] })).toBe('');
});

test('a command is needed', () => {
  expect(ofProcess({ args: [] })).toBe('no command specified');
  expect(ofProcess({ args: [''] })).toBe('no command specified');
});

test('the working directory is absolute', () => {
  expect(ofProcess({ cwd: 'etc' })).toBe("the working directory 'etc' is invalid, it needs to be an absolute path");
});

test('over-long fields and NUL bytes are refused, long arguments up to what the kernel takes are not', () => {
  const long = 'x'.repeat(70_000);
  expect(fault({ domainname: long })).toBe('domainname is longer than 65536 bytes');
  expect(ofProcess({ cwd: `/${long}` })).toBe('process.cwd is longer than 65536 bytes');
  expect(ofBind(`/${long}`)).toMatch(/^mounts\.\d+\.destination is longer than 65536 bytes$/);
  expect(ofProcess({ args: [long] })).toBe('');
  expect(ofProcess({ args: [long + long] })).toContain('is longer than 131072 bytes');
  expect(ofProcess({ env: ['A=\0'] })).toBe('process.env.0 holds a NUL byte');
});

test('nothing is mounted over /proc or inside it but what lxcfs replaces (CVE-2019-19921, CVE-2023-27561)', () => {
  expect(ofBind('/proc')).toContain('"/proc" cannot be mounted over');
  expect(ofTmpfs('/proc')).toContain('"/proc" cannot be mounted over');
  expect(ofBind('/proc/')).toContain('"/proc" cannot be mounted over');
  expect(ofBind('//proc/./sys')).toBe('"/proc/sys" cannot be mounted because it is inside "/proc"');
  expect(ofTmpfs('/proc/self/attr')).toContain('inside "/proc"');
  expect([ofBind('/proc', '/proc'), ofBind('/proc/meminfo'), ofBind('/procedures')]).toEqual(['', '', '']);
});

test('a volume over /sys is refused, the host\'s own /sys is not', () => {
  expect(ofBind('/sys')).toContain('"/sys" cannot be mounted over');
  expect(ofBind('/sys/kernel')).toContain('"/sys/kernel" cannot be mounted over');
  expect(ofBind('/sys/kernel', '/sys/../etc')).toContain('cannot be mounted over');
  expect(ofTmpfs('/sys')).toContain('"/sys" cannot be mounted over');
  expect([ofBind('/sys', '/sys'), ofBind('/sys/fs/cgroup', '/sys/fs/cgroup'), ofTmpfs('/sys/fs/cgroup')]).toEqual(['', '', '']);
});

test('mount targets are absolute, below / and don\'t climb', () => {
  expect(ofBind('/a/../../etc')).toContain("without '..'");
  expect(ofBind('/')).toBe("invalid mount target: destination can't be '/'");
  expect(ofBind('/a', 'relative')).toBe("bind source 'relative' of /a is not an absolute path");
});

test('uids and gids lie in 0 to 2^31-1 (CVE-2024-40635)', () => {
  const user = (uid: number, gid = 0, additionalGids: number[] = []): string => ofProcess({ user: { uid, gid, additionalGids } });
  expect(user(2147483647, 2147483647)).toBe('');
  for (const bad of [-1, 2147483648, 4294967296, 0.5, Number.NaN]) expect(user(bad)).toContain('must be in range 0-2147483647');
  expect(user(0, 2147483648)).toContain('must be in range');
  expect(user(0, 0, [4294967295])).toContain('must be in range');
});

test('a CPU list is bounded before it is made (CVE-2018-20699), and names CPUs that are there', () => {
  const before = process.memoryUsage().heapUsed;
  expect(fault({ resources: { cpusetCpus: '0-4294967295' } })).toBe('Invalid value 0-4294967295 for cpuset cpus');
  expect(fault({ resources: { cpusetCpus: '0-60000' } })).toBe('Requested CPUs are not available - requested 0-60000, available: 0-3');
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(50e6);
  expect(fault({ resources: { cpusetCpus: '3-1' } })).toBe('Invalid value 3-1 for cpuset cpus');
  expect(fault({ resources: { cpusetMems: '1' } })).toBe('Requested memory nodes are not available - requested 1, available: 0');
  expect(fault({ resources: { cpusetCpus: '0-1,3' } })).toBe('');
});

test('sysctls are only those of the container\'s own namespaces', () => {
  const sysctl = (name: string, namespaces = request().namespaces): string => fault({ sysctls: { [name]: '1' }, namespaces });
  const shared = { network: { mode: 'host' }, pid: { mode: 'private' }, ipc: { mode: 'host' }, uts: { mode: 'private' } } as const;
  expect([sysctl('net.core.somaxconn'), sysctl('kernel.msgmax'), sysctl('fs.mqueue.msg_max')]).toEqual(['', '', '']);
  expect(sysctl('kernel.panic')).toBe('sysctl "kernel.panic" is not in a separate kernel namespace');
  expect(sysctl('vm.swappiness')).toContain('not in a separate kernel namespace');
  expect(sysctl('net.core.somaxconn', shared)).toBe('sysctl "net.core.somaxconn" not allowed in host network namespace');
  expect(sysctl('kernel.sem', shared)).toContain('not allowed in the hosts ipc namespace');
  expect(sysctl('net.../../kernel.panic')).toContain('invalid sysctl name');
  expect(sysctl('net/../kernel/panic')).toContain('invalid sysctl name');
});

test('limits have known names and a soft part that is no larger than the hard one', () => {
  const limit = (type: string, soft: number, hard: number): string => ofProcess({ rlimits: [{ type, soft, hard }] });
  expect([limit('nofile', 1, 2), limit('core', -1, -1), limit('nproc', 5, -1)]).toEqual(['', '', '']);
  expect(limit('fly', 1, 2)).toBe('invalid ulimit type: fly');
  expect(limit('nofile', 20, 10)).toBe('ulimit soft limit must be less than or equal to hard limit: 20 > 10');
  expect(limit('nofile', -1, 10)).toContain('ulimit soft limit');
  expect(limit('nofile', -2, -2)).toContain('not limits');
});

test('namespaces: no hostname of the host\'s own, no cgroup path that climbs', () => {
  const spec = buildSpec(request(), host);
  const without = { ...spec, linux: { ...spec.linux, namespaces: [{ type: 'mount' as const }] } };
  expect(faultOf({ ...without, linux: { ...without.linux, sysctl: {} } })).toBe('conflicting options: hostname and the UTS mode');
  expect(faultOf({ ...spec, linux: { ...spec.linux, namespaces: [] } })).toBe('a container needs a mount namespace of its own');
  expect(faultOf({ ...spec, linux: { ...spec.linux, namespaces: [...spec.linux.namespaces, { type: 'pid' }] } })).toBe('a namespace is named twice');
  const path = '/proc/1/root/ns/net';
  expect(faultOf({ ...without, hostname: '', linux: { ...without.linux, sysctl: {}, namespaces: [{ type: 'mount' }, { type: 'network', path }] } }))
    .toContain('only /proc/PID/ns/… paths');
  expect(fault({ cgroupsPath: '/berth/../system' })).toContain('not an absolute path');
  expect(fault({ cgroupsPath: 'berth' })).toContain('not an absolute path');
});

test('devices have sane numbers, paths and accesses; scores and names fit', () => {
  const device = { path: '/dev/x', type: 'c', major: 1, minor: 3, mode: 0o600, uid: 0, gid: 0, access: 'rwm' } as const;
  expect(fault({ devices: [device] })).toBe('');
  expect(fault({ devices: [{ ...device, path: '/dev/../etc' }] })).toContain('invalid device path');
  expect(fault({ devices: [{ ...device, major: 5000 }] })).toContain('invalid device number 5000:3');
  expect(fault({ devices: [{ ...device, access: 'x' }] })).toContain("invalid device rule 1:3 'x'");
  expect(ofProcess({ oomScoreAdj: 1001 })).toBe('Invalid value 1001, range for oom score adj is [-1000, 1000]');
  expect(fault({ hostname: 'h'.repeat(65) })).toContain('is longer than 64 bytes');
});

test('number lists are written as the kernel writes them', () => {
  expect([formatNumberList([0, 1, 2, 5]), formatNumberList([3]), formatNumberList([])]).toEqual(['0-2,5', '3', '']);
});
