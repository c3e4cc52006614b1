import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type Daemon, type World } from '../../world.ts';

let world: World;
let daemon: Daemon;

beforeAll(async () => {
  world = await createWorld();
  daemon = await world.daemon();
  await berth('load', '-i', join(import.meta.dirname, '../../../build/images/busybox.tar'));
});
afterAll(() => world.destroy());

async function berth(...words: string[]): Promise<string> {
  const result = await daemon.berth(...words);
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  return result.stdout;
}

test('stats shows what a container uses, and update changes what it may', async () => {
  await berth('run', '-d', '--name', 'busy', '-m', '64m', 'busybox', 'sh', '-c', 'while :; do :; done');
  expect(await berth('update', '--cpus', '0.2', '--restart', 'always', 'busy')).toBe('busy\n');
  const [heading = '', line = ''] = (await berth('stats', '--no-stream', 'busy')).split('\n');
  expect(heading).toMatch(/^CONTAINER ID +NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS$/);
  expect(line).toMatch(/^[0-9a-f]{12} +busy +\d+\.\d\d% +[\d.]+[KM]iB \/ 64MiB +\d+\.\d\d% +\S+B \/ \S+B +\S+B \/ \S+B +1$/);
  expect(Number(/(\d+\.\d\d)%/.exec(line)?.[1])).toBeLessThan(40);
  expect(await berth('inspect', '-f', '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.NanoCpus}}', 'busy')).toBe('always 200000000\n');
  const none = await daemon.berth('update', 'busy');
  expect(none).toMatchObject({ exitCode: 125, stderr: expect.stringContaining('you must provide one or more flags') });
});

test('prune takes stopped containers and nothing else, df counts', async () => {
  await berth('run', '--name', 'over', 'busybox', 'true');
  expect(await berth('system', 'df')).toMatch(/^Containers +2 +1 /m);
  expect(await berth('container', 'prune', '-f')).toMatch(/^Deleted Containers:\n[0-9a-f]{64}\n\nTotal reclaimed space: \S+B\n$/);
  expect(await berth('ps', '-a', '--format', '{{.Names}}')).toBe('busy\n');
  expect(await berth('system', 'prune', '-f', '--volumes')).toContain('Total reclaimed space: 0B');
  expect(await berth('container', 'ls', '-q')).not.toBe('');
});
