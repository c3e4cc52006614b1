import { describe, expect, test } from 'vitest';
import type { OciResources } from '../../../../src/model/oci.ts';
import {
  freezeOps, oomKillFile, parseCgroupMounts, removeOps, removeParentOps, renderCgroup, renderJoin, withoutUnsupported,
} from '../../../../src/runtime/cgroups.ts';
import { ioWeight, weightOfShares } from '../../../../src/runtime/cgroups/limits.ts';
import { layouts } from '../examples.ts';

const everything: OciResources = {
  memory: { limit: 1000, swap: 3000, reservation: 500 },
  cpu: { shares: 1024, period: 100_000, quota: 50_000, cpus: '1', mems: '0' },
  pids: { limit: 20 },
  blockIO: { weight: 500, throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 99 }], throttleWriteIOPSDevice: [{ major: 8, minor: 16, rate: 7 }] },
  devices: [{ allow: false, access: 'rwm' }, { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }, { allow: true, type: 'c', major: 136, access: 'rw' }],
};
const wish = {
  Memory: 1000, MemorySwap: 3000, MemoryReservation: 500, CpuShares: 1024, CpuPeriod: 100_000, CpuQuota: 50_000, CpusetCpus: '1',
  PidsLimit: 20, BlkioWeight: 500, BlkioDeviceReadBps: [{ Path: '/dev/sda', Rate: 99 }],
};
const path = '/berth/abc';

/** file name → data of all writes in a group's own directories. */
function written(kind: keyof typeof layouts, resources: OciResources): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const op of renderCgroup(layouts[kind], path, resources).create) {
    if (op.op !== 'write' || !op.path.includes(`${path}/`)) continue;
    const name = op.path.slice(op.path.lastIndexOf('/') + 1);
    (found[name] ??= []).push(op.data);
  }
  return found;
}

/** What holds of every layout. */
function cgroupSuite(kind: keyof typeof layouts): void {
  describe(`cgroups on ${kind}`, () => {
    const layout = layouts[kind];
    const ops = renderCgroup(layout, path, everything);

    test('every directory is made after its parent and before anything is written into it', () => {
      const made = new Set(['', ...layout.hierarchies.map(({ mountPoint }) => mountPoint), layout.unified?.mountPoint]);
      for (const op of ops.create) {
        const target = op.op === 'device_bpf' ? `${op.cgroup}/x` : op.op === 'mkdir' || op.op === 'write' ? op.path : '';
        expect(made).toContain(target.slice(0, target.lastIndexOf('/')));
        if (op.op === 'mkdir') made.add(op.path);
      }
    });

    test('the process is put into every directory of the group, once', () => {
      const joined = [ops.clone, ...ops.join.map((op) => (op.op === 'cgroup_join' ? op.path : ''))].filter(Boolean);
      const leaves = ops.create.flatMap((op) => (op.op === 'mkdir' && op.path.endsWith(path) ? [op.path] : []));
      expect(joined.sort()).toEqual(leaves.sort());
    });

    test('removing takes away every directory that creating makes, the parents last', () => {
      const made = ops.create.flatMap((op) => (op.op === 'mkdir' ? [op.path] : [])).sort();
      const removed = [...removeOps(layout, path), ...removeParentOps(layout)];
      expect(removed.flatMap((op) => (op.op === 'rmdir' ? [op.path] : [])).sort()).toEqual(made);
      expect(removed.filter((op) => op.optional).every((op) => op.op === 'rmdir' && op.path.endsWith('/berth'))).toBe(true);
    });

    test('without limits nothing but cpuset\'s inheritance and the devices is written', () => {
      const files = Object.keys(written(kind, { devices: everything.devices ?? [] })).filter((name) => !/^(cpuset|devices)\./.test(name));
      expect(files).toEqual([]);
    });

    test('an exec joins the same directories and makes none', () => {
      const join = renderJoin(layout, path);
      expect(join.create).toEqual([]);
      expect([join.clone, ...join.join.map((op) => (op.op === 'cgroup_join' ? op.path : ''))].filter(Boolean).sort())
        .toEqual([ops.clone, ...ops.join.map((op) => (op.op === 'cgroup_join' ? op.path : ''))].filter(Boolean).sort());
    });

    test('every limit has a file, so there is nothing to warn of', () => expect(withoutUnsupported(layout, wish)).toEqual({ kept: wish, warnings: [] }));

    test('a host without the files gets warnings in Docker\'s words and no writes', () => {
      const bare = { ...layout, files: new Set<string>() };
      const { kept, warnings } = withoutUnsupported(bare, wish);
      expect(kept).toMatchObject({ Memory: 0, MemorySwap: -1, CpuShares: 0, CpusetCpus: '', PidsLimit: null, BlkioDeviceReadBps: null });
      expect(warnings).toEqual(expect.arrayContaining([
        'Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded.',
        'Your kernel does not support PIDs limit capabilities or the cgroup is not mounted. PIDs limit discarded.',
        'Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.',
      ]));
      const limits = renderCgroup(bare, path, everything).create.filter((op) => op.op === 'write' && /memory|pids|blkio\.|io\./.test(op.path.slice(op.path.lastIndexOf('/'))));
      expect(limits).toEqual([]);
    });
  });
}

cgroupSuite('v1');
cgroupSuite('hybrid');
cgroupSuite('v2');

test('v1 limits: memory before memory with swap, period before quota, devices in their order', () => {
  expect(written('v1', everything)).toEqual({
    'memory.limit_in_bytes': ['1000'], 'memory.memsw.limit_in_bytes': ['3000'], 'memory.soft_limit_in_bytes': ['500'],
    'cpu.shares': ['1024'], 'cpu.cfs_period_us': ['100000'], 'cpu.cfs_quota_us': ['50000'],
    'cpuset.cpus': ['1'], 'cpuset.mems': ['0'], 'pids.max': ['20'], 'blkio.bfq.weight': ['500'],
    'blkio.throttle.read_bps_device': ['8:0 99'], 'blkio.throttle.write_iops_device': ['8:16 7'],
    'devices.deny': ['a'], 'devices.allow': ['c 1:3 rwm', 'c 136:* rw'],
  });
  const order = renderCgroup(layouts.v1, path, everything).create.flatMap((op) => (op.op === 'write' ? [op.path.slice(op.path.lastIndexOf('/') + 1)] : []));
  expect(order.indexOf('memory.limit_in_bytes')).toBeLessThan(order.indexOf('memory.memsw.limit_in_bytes'));
  expect(order.indexOf('cpu.cfs_period_us')).toBeLessThan(order.indexOf('cpu.cfs_quota_us'));
});

test('v2 limits: swap alone, weights converted, one file for throttles', () => {
  expect(written('v2', everything)).toEqual({
    'memory.max': ['1000'], 'memory.swap.max': ['2000'], 'memory.low': ['500'], 'cpu.weight': ['39'], 'cpu.max': ['50000 100000'],
    'cpuset.cpus': ['1'], 'cpuset.mems': ['0'], 'pids.max': ['20'], 'io.weight': ['default 4950'], 'io.max': ['8:0 rbps=99', '8:16 wiops=7'],
  });
  expect(written('v2', { memory: { limit: 1000, swap: -1 } })).toEqual({ 'memory.max': ['1000'], 'memory.swap.max': ['max'] });
  expect(written('v2', { memory: { limit: 1000, swap: 1000 } })['memory.swap.max']).toEqual(['0']);
});

test('shares and weights keep their ends and order', () => {
  expect([2, 1024, 262144, 0, 1e9].map(weightOfShares)).toEqual([1, 39, 10000, 1, 10000]);
  expect([10, 1000].map(ioWeight)).toEqual([1, 10000]);
});

test('a v1 cpuset is filled level by level under our own parent; under another it is left alone unless asked for', () => {
  const cpuset = (where: string, resources: OciResources): string[] => renderCgroup(layouts.v1, where, resources).create
    .flatMap((op) => ((op.op === 'mkdir' || op.op === 'write') && op.path.startsWith('/sys/fs/cgroup/cpuset') ? [op.path.slice('/sys/fs/cgroup/cpuset'.length)] : []));
  expect(cpuset(path, {})).toEqual([
    '/berth', '/berth/cpuset.cpus', '/berth/cpuset.mems', '/berth/abc', '/berth/abc/cpuset.cpus', '/berth/abc/cpuset.mems',
  ]);
  expect(cpuset('/other/abc', {})).toEqual([]);
  expect(cpuset('/other/abc', { cpu: { cpus: '0' } })).toEqual(['/other', '/other/abc', '/other/abc/cpuset.cpus', '/other/abc/cpuset.mems']);
});

test('v2 hands controllers on from the root to the parent, and only those that it has', () => {
  const writes = renderCgroup(layouts.v2, path, {}).create.filter((op) => op.op === 'write');
  expect(writes).toEqual([
    { op: 'write', path: '/sys/fs/cgroup/cgroup.subtree_control', data: '+cpu +cpuset +io +memory +pids' },
    { op: 'write', path: '/sys/fs/cgroup/berth/cgroup.subtree_control', data: '+cpu +cpuset +io +memory +pids' },
  ]);
});

test('the file that counts OOM kills, and freezing, by layout', () => {
  expect([oomKillFile(layouts.v1, path), oomKillFile(layouts.v2, path)]).toEqual([
    '/sys/fs/cgroup/memory/berth/abc/memory.oom_control', '/sys/fs/cgroup/berth/abc/memory.events',
  ]);
  expect(freezeOps(layouts.hybrid, path, true)).toEqual([{ op: 'write', path: '/sys/fs/cgroup/freezer/berth/abc/freezer.state', data: 'FROZEN' }]);
  expect(freezeOps(layouts.v2, path, false)).toEqual([{ op: 'write', path: '/sys/fs/cgroup/berth/abc/cgroup.freeze', data: '0' }]);
});

const line = (target: string, type: string, options: string): string => `30 25 0:26 / ${target} rw,nosuid shared:4 - ${type} ${type} ${options}`;

test('the layout is told from mountinfo, also with escaped blanks and a tree mounted twice', () => {
  const cpu = line('/sys/fs/cgroup/cpu,cpuacct', 'cgroup', 'rw,cpu,cpuacct');
  const systemd = line('/sys/fs/cgroup/systemd', 'cgroup', 'rw,xattr,name=systemd');
  const v2 = line('/sys/fs/cgroup/my\\040tree', 'cgroup2', 'rw,nsdelegate');
  expect(parseCgroupMounts('')).toEqual({ kind: 'none', hierarchies: [] });
  expect(parseCgroupMounts([cpu, systemd, line('/other', 'cgroup', 'rw,cpu,cpuacct')].join('\n'))).toEqual({
    kind: 'v1',
    hierarchies: [
      { mountPoint: '/sys/fs/cgroup/cpu,cpuacct', controllers: ['cpu', 'cpuacct'] },
      { mountPoint: '/sys/fs/cgroup/systemd', controllers: ['name=systemd'] },
    ],
  });
  expect(parseCgroupMounts(v2)).toEqual({ kind: 'v2', hierarchies: [], unifiedMountPoint: '/sys/fs/cgroup/my tree' });
  expect(parseCgroupMounts(`${cpu}\n${v2}`).kind).toBe('hybrid');
});
