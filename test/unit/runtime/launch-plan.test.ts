import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keeperFlags, type LaunchPlan, type Op } from '../../../src/model/plan.ts';
import { planCreate, planExec } from '../../../src/runtime/launch-plan.ts';
import { buildExecProcess, buildSpec, type SpecRequest } from '../../../src/runtime/spec/build.ts';
import { hostOf, layouts, placement, request } from './examples.ts';

/** A plan as people read it: one op a line, masks as hex, programs by their size. */
function render(plan: LaunchPlan): string {
  const one = (op: Op): string => JSON.stringify(op, (_, value: unknown) => {
    if (typeof value === 'bigint') return `0x${value.toString(16)}`;
    if (value instanceof Uint8Array || (typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer')) return 'program';
    return value;
  });
  const list = (ops: readonly Op[]): string => ops.map((op) => `    ${one(op)}`).join(',\n');
  return `{\n  "keeper": [\n${list(plan.keeper)}\n  ],\n  "init": [\n${list(plan.init)}\n  ]\n}\n`;
}

const golden = (name: string): string => join(import.meta.dirname, 'golden', `${name}.json`);
type Kind = keyof typeof layouts;
const create = (kind: Kind, more: Partial<SpecRequest> = {}): LaunchPlan =>
  planCreate(buildSpec(request(more), hostOf(layouts[kind])), placement(layouts[kind]));

test.each(['v1', 'hybrid', 'v2'] as const)('the plan of a plain container on %s', async (kind) => {
  await expect(render(create(kind))).toMatchFileSnapshot(golden(`plain-${kind}`));
});

test('the plan of a container with everything asked for', async () => {
  const plan = create('hybrid', {
    process: {
      args: ['redis-server', '--port', '1'], env: ['PATH=/bin', 'A=b'], cwd: '/data', user: { uid: 999, gid: 998, additionalGids: [44] }, tty: true,
      noNewPrivileges: true, rlimits: [{ type: 'nofile', soft: 10, hard: 20 }], oomScoreAdj: -5,
    },
    root: { path: '/data/containers/abc/rootfs', readonly: true }, domainname: 'example.org',
    mounts: [
      { kind: 'bind', source: '/data/volumes/v/_data', target: '/data', readonly: true },
      { kind: 'tmpfs', target: '/run', options: ['size=1m'] },
      { kind: 'bind', source: '/mnt', target: '/mnt', readonly: false, propagation: 'rslave' },
    ],
    namespaces: { network: { mode: 'join', pid: 12 }, pid: { mode: 'join', pid: 12 }, ipc: { mode: 'host' }, uts: { mode: 'private' }, cgroup: { mode: 'private' } },
    resources: { memory: 64 * 1024 * 1024, nanoCpus: 5e8, pidsLimit: 100 }, capAdd: ['NET_ADMIN'], capDrop: ['MKNOD'],
    devices: [{ path: '/dev/fuse', type: 'c', major: 10, minor: 229, mode: 0o666, uid: 0, gid: 0, access: 'rwm' }],
    sysctls: { 'net.core.somaxconn': '10' }, shmSource: '/dev/shm',
  });
  await expect(render(plan)).toMatchFileSnapshot(golden('everything'));
});

test('the plan of an exec', async () => {
  const layout = layouts.hybrid;
  const spec = buildSpec(request(), hostOf(layout));
  const process = buildExecProcess(spec, { ...request().process, args: ['ls'], tty: true }, hostOf(layout));
  const plan = planExec(spec, process, { ...placement(layout), id: 'e1', pid: 77, startTime: 5n });
  await expect(render(plan)).toMatchFileSnapshot(golden('exec'));
});

const names = (ops: readonly Op[]): string[] => ops.map(({ op }) => op);
const at = (ops: readonly Op[], name: Op['op']): number => names(ops).indexOf(name);

test('limits stand before the process, which is in its group before anything of the network is made for it', () => {
  const network = {
    before: [{ op: 'hold_port', family: 2, protocol: 6, address: new Uint8Array(4), port: 80 } as const],
    host: [{ op: 'netlink', message: new Uint8Array(1), patches: [] } as const],
    inside: [{ op: 'netlink', message: new Uint8Array(2), patches: [] } as const],
  };
  const layout = layouts.hybrid;
  const { keeper, init } = planCreate(buildSpec(request(), hostOf(layout)), { ...placement(layout), network });
  expect(names(keeper)[0]).toBe('keeper');
  expect(names(keeper)[1]).toBe('hold_port');
  expect(names(keeper).lastIndexOf('write')).toBeLessThan(at(keeper, 'clone'));
  expect(at(keeper, 'netlink')).toBeGreaterThan(at(keeper, 'clone'));
  expect(names(init)[0]).toBe('cgroup_join');
  expect(names(init).lastIndexOf('cgroup_join')).toBeLessThan(at(init, 'keyring'));
  expect(at(init, 'netlink')).toBeGreaterThan(names(init).lastIndexOf('sysctl'));
  expect(at(init, 'netlink')).toBeLessThan(at(init, 'readonly') < 0 ? Infinity : names(init).lastIndexOf('readonly'));
});

test('masks come after every mount, and the root is read-only only when all is made in it', () => {
  const { init } = create('hybrid', { root: { path: '/r', readonly: true } });
  for (const name of ['filesystem', 'bind', 'device', 'sysctl'] as const) {
    expect(names(init).lastIndexOf(name)).toBeLessThan(at(init, 'mask'));
  }
  expect(at(init, 'pivot')).toBeGreaterThan(names(init).lastIndexOf('mask'));
  expect(at(init, 'root_attributes')).toBe(at(init, 'pivot') + 1);
});

test('the filter is loaded while the process is root, or with no_new_privs as the last thing before exec', () => {
  const plain = create('v2').init;
  expect(at(plain, 'seccomp')).toBeLessThan(at(plain, 'user'));
  const guarded = create('v2', { process: { ...request().process, noNewPrivileges: true } }).init;
  expect(names(guarded).slice(-4)).toEqual(['no_new_privileges', 'ready', 'seccomp', 'exec']);
  expect(names(create('v2', { seccomp: 'unconfined' }).init)).not.toContain('seccomp');
});

test('the keeper is told of terminal, stdin and where kills are counted', () => {
  const layout = layouts.v2;
  const base = placement(layout);
  const { keeper } = planCreate(
    buildSpec(request({ process: { ...request().process, tty: true } }), hostOf(layout)),
    { ...base, keeper: { ...base.keeper, openStdin: true, stdinOnce: true, rows: 24, columns: 80 } },
  );
  expect(keeper[0]).toMatchObject({
    flags: keeperFlags.tty | keeperFlags.openStdin | keeperFlags.stdinOnce, oomFile: '/sys/fs/cgroup/berth/abc/memory.events', rows: 24, columns: 80,
  });
});

test('overlay paths with commas, colons and backslashes are escaped; without layers the upper one is bound', () => {
  const spec = buildSpec(request(), hostOf(layouts.v2));
  const overlay = { cwd: '/l', lower: ['a:b', 'c,d'], upper: '/u\\p,x:y', work: '/w' };
  const mount = planCreate(spec, { ...placement(layouts.v2), overlay }).init.find((op) => op.op === 'mount' && op.type === 'overlay');
  expect(mount).toMatchObject({ cwd: '/l', data: 'lowerdir=a\\:b:c\\,d,upperdir=/u\\\\p\\,x:y,workdir=/w,index=off' });
  const bare = planCreate(spec, { ...placement(layouts.v2), overlay: { ...overlay, lower: [] } }).init;
  expect(bare.find((op) => op.op === 'mount' && op.source === '/u\\p,x:y')).toMatchObject({ type: '', flags: 0x1000 | 0x4000 });
});

test('a namespace path that is no process\'s is refused', () => {
  const spec = buildSpec(request(), hostOf(layouts.v2));
  const linux = { ...spec.linux, namespaces: [{ type: 'mount' as const }, { type: 'network' as const, path: '/run/netns/x' }] };
  expect(() => planCreate({ ...spec, linux }, placement(layouts.v2))).toThrow('only /proc/PID/ns/… paths can be joined');
});
