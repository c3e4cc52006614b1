import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, waitUntil, type Daemon, type World } from '../../world.ts';

/** A real service: Debian's redis, as a user of its own, with its data in a volume. */
let world: World;
let daemon: Daemon;

async function berth(...args: string[]): Promise<string> {
  const result = await daemon.berth(...args);
  expect(result, `berth ${args.join(' ')}: ${result.stderr}`).toMatchObject({ exitCode: 0 });
  return result.stdout.trim();
}

beforeAll(async () => {
  world = await createWorld();
  daemon = await world.daemon();
  await berth('load', '-i', join(import.meta.dirname, '../../../build/images/redis.tar'));
});
afterAll(() => world.destroy());

const ping = async (): Promise<boolean> => (await daemon.berth('exec', 'store', 'redis-cli', 'ping')).stdout === 'PONG\n';

/** One command of the redis protocol, sent from a place in the world through the published port. */
async function ask(place: 'host' | 'neighbour', command: string): Promise<string> {
  const { stdout } = await world.run(place, 'sh', '-c', `printf '${command}\\r\\n' | timeout 3 socat -t 1 - TCP:198.51.100.1:16379`);
  return stdout.trim();
}

test('redis serves host and neighbour, and its data outlives the container in a named volume', async () => {
  await berth('run', '-d', '--name', 'store', '-p', '16379:6379', '-v', 'data:/data', 'redis');
  await waitUntil(ping, 10_000);
  expect(await ask('neighbour', 'SET greeting hello')).toBe('+OK');
  expect(await ask('host', 'GET greeting')).toBe('$5\r\nhello');
  expect(await berth('exec', 'store', 'stat', '-c', '%U %a', '/data')).toBe('redis 755');
  expect(await berth('top', 'store')).toContain('redis-server');
  await berth('stop', 'store');
  expect(await berth('inspect', '-f', '{{.State.ExitCode}}', 'store')).toBe('0');
  await berth('rm', 'store');

  await berth('run', '-d', '--name', 'store', '-v', 'data:/data', 'redis');
  await waitUntil(ping, 10_000);
  expect(await berth('exec', 'store', 'redis-cli', 'get', 'greeting')).toBe('hello');
  await berth('rm', '-f', '-v', 'store');
});

test('an anonymous volume takes over what the image has in its place, and goes with `rm -v`', async () => {
  const id = await berth('create', '--name', 'fresh', 'redis');
  const source = await berth('inspect', '-f', '{{range .Mounts}}{{.Source}}{{end}}', id);
  expect((await world.must('host', 'stat', '-c', '%u:%g', source)).trim()).toBe('999:999');
  await berth('rm', '-v', 'fresh');
  expect((await world.run('host', 'stat', source)).exitCode).not.toBe(0);
});
