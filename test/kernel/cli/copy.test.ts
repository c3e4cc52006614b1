import { readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { berthPath, createWorld, type Daemon, type World } from '../../world.ts';

/** cp, diff, commit, export and volume against a running engine. */
const images = join(import.meta.dirname, '../../../build/images');
let world: World;
let daemon: Daemon;
let here: string;

beforeAll(async () => {
  world = await createWorld();
  daemon = await world.daemon();
  here = world.directory;
  await must('load', '-q', '-i', join(images, 'busybox.tar'));
  await mkdir(join(here, 'tree/sub'), { recursive: true });
  await writeFile(join(here, 'tree/sub/f'), 'from the host\n');
  await symlink('sub/f', join(here, 'tree/link'));
  await must('create', '--name', 'box', 'busybox', 'sh', '-c', 'cat /in/sub/f; rm /etc/group; echo x >/etc/new');
});
afterAll(() => world.destroy());

async function must(...args: string[]): Promise<string> {
  const result = await daemon.berth(...args);
  expect(result, `berth ${args.join(' ')}: ${result.stderr}`).toMatchObject({ exitCode: 0 });
  return result.stdout.trim();
}

const shell = (script: string): ReturnType<World['run']> =>
  world.run('host', 'sh', '-c', `export BERTH_HOST='${daemon.host}'; cd ${here}; berth() { '${berthPath}' "$@"; }; ${script}`);

test('cp brings a tree in under a new name and out again', async () => {
  await must('cp', join(here, 'tree'), 'box:/in');
  await must('cp', 'box:/in', join(here, 'out'));
  expect(readFileSync(join(here, 'out/link'), 'utf8')).toBe('from the host\n');
  await must('cp', 'box:/in/sub/f', join(here, 'single'));
  expect(readFileSync(join(here, 'single'), 'utf8')).toBe('from the host\n');
  await must('cp', '-L', 'box:/in/link', join(here, 'behind'));
  expect(readFileSync(join(here, 'behind'), 'utf8')).toBe('from the host\n');
});

test('cp streams tar archives from stdin and to stdout', async () => {
  expect((await shell('tar c tree | berth cp - box:/tmp && berth cp box:/tmp/tree/. - | tar t | sort')).stdout).toBe('./\n./link\n./sub/\n./sub/f\n');
});

test.each([
  ['nope box:/tmp', 'lstat'], ['box:/nope .', 'Could not find the file /nope in container box'], ['box:/a box:/b', 'copying between containers'],
  ['a b', 'must specify at least one container source'], ['tree box:/etc/passwd', 'cannot copy directory'], ['nobody:/x .', 'No such container: nobody'],
  ['tree/sub/f box:/no/such', 'Could not find the file /no in container box'], ['tree/sub/f box:/no/', 'no such directory'],
])('cp %s is refused with 1', async (line, why) => {
  const result = await shell(`berth cp ${line}`);
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain(why);
});

test('diff, commit and export tell of what a container changed', async () => {
  expect(await must('start', '-a', 'box')).toBe('from the host');
  expect(await must('diff', 'box')).toBe('C /etc\nD /etc/group\nA /etc/new\nA /in\nA /in/link\nA /in/sub\nA /in/sub/f\nC /tmp\nA /tmp/tree\nA /tmp/tree/link\nA /tmp/tree/sub\nA /tmp/tree/sub/f');
  const id = await must('commit', '-a', 'me', '-m', 'why', '-c', 'CMD ["cat", "/etc/new"]', 'box', 'made:1');
  expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(await must('run', '--rm', 'made:1')).toBe('x');
  expect((await daemon.berth('run', '--rm', 'made:1', 'cat', '/etc/group')).exitCode).toBe(1);
  expect(await must('history', '--format', '{{.Comment}} {{.CreatedBy}}', 'made:1')).toMatch(/^why sh -c cat/);
  expect((await shell('berth export box | berth import - flat:1 && berth run --rm flat:1 ls /in')).stdout).toMatch(/link\nsub\n$/);
  await must('export', '-o', join(here, 'box.tar'), 'box');
  expect((await shell('tar tf box.tar | grep -c "^in/"')).stdout).toBe('4\n');
  for (const image of ['made:1', 'flat:1']) await must('rmi', image);
  await must('rm', 'box');
});

test('volumes are created, listed, inspected, renamed, exported, imported, pruned and removed', async () => {
  expect(await must('volume', 'create', '--label', 'a=b', 'one')).toBe('one');
  await must('run', '--rm', '-v', 'one:/v', 'busybox', 'touch', '/v/f');
  expect(await must('volume', 'ls', '-q', '--filter', 'label=a')).toBe('one');
  expect(await must('volume', 'inspect', '-f', '{{.Name}} {{.Labels}} {{.Driver}} {{.Scope}}', 'one')).toBe('one map[a:b] local local');
  expect(await must('volume', 'rename', 'one', 'two')).toBe('two');
  expect((await shell('berth volume export two | berth volume import - three')).stdout).toBe('three\n');
  expect(await must('run', '--rm', '-v', 'three:/v', 'busybox', 'ls', '/v')).toBe('f');
  const anonymous = await must('volume', 'create');
  expect(await must('volume', 'prune', '-f')).toBe(`Deleted Volumes:\n${anonymous}\n\nTotal reclaimed space: 0B`);
  expect(await must('volume', 'rm', 'two', 'three')).toBe('two\nthree');
  expect(await daemon.berth('volume', 'rm', 'two')).toMatchObject({ exitCode: 1, stderr: 'Error response from daemon: get two: no such volume\n' });
  expect(await must('volume', 'ls')).toBe('DRIVER    VOLUME NAME');
});
