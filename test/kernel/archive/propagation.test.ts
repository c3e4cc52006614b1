import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWorld, waitUntil, type Daemon, type World } from '../../world.ts';
import { Client } from '../engine/client.ts';

let world: World;
let daemon: Daemon;
let api: Client;
let place: string;
beforeAll(async () => {
  world = await createWorld();
  place = join(world.directory, 'place');
  await mkdir(place);
  await world.must('host', 'mount', '-t', 'tmpfs', 'tmpfs', place);
  await world.must('host', 'mount', '--make-shared', place);
  daemon = await world.daemon();
  api = new Client(daemon);
  await api.load('busybox');
});
afterAll(async () => {
  await world.run('host', 'umount', '-lR', place);
  await world.destroy();
});

const bind = (Propagation: string, Source = place): object =>
  ({ Privileged: true, Mounts: [{ Type: 'bind', Source, Target: '/p', BindOptions: { Propagation } }] });

it('what is mounted in a shared bind shows on the host, and the other way round; nothing else of the container does', async () => {
  const id = await api.run('mkdir -p /p/in /p/out /own; mount -t tmpfs in /p/in; mount -t tmpfs own /own; touch /p/in/ready; until [ -e /p/out/seen ]; do sleep 0.05; done', { host: bind('rshared') });
  await waitUntil(() => existsSync(join(place, 'in/ready')), 3000);
  expect((await world.run('host', 'cat', '/proc/mounts')).stdout).not.toContain(`${daemon.root}/containers`);
  await world.must('host', 'mount', '-t', 'tmpfs', 'tmpfs', join(place, 'out'));
  await world.must('host', 'touch', join(place, 'out/seen'));
  expect(await api.wait(id)).toBe(0);
  await world.must('host', 'umount', join(place, 'in'), join(place, 'out'));
  await api.must('DELETE', `/containers/${id}`);
});

it('a slave sees the host’s mounts and keeps its own', async () => {
  const id = await api.run('mkdir -p /p/mine /p/host; mount -t tmpfs mine /p/mine; touch /p/mine/hidden /p/ready; until [ -e /p/host/seen ]; do sleep 0.05; done', { host: bind('rslave') });
  await waitUntil(() => existsSync(join(place, 'ready')), 3000);
  expect(existsSync(join(place, 'mine/hidden'))).toBe(false);
  await world.must('host', 'mount', '-t', 'tmpfs', 'tmpfs', join(place, 'host'));
  await world.must('host', 'touch', join(place, 'host/seen'));
  expect(await api.wait(id)).toBe(0);
  await world.must('host', 'umount', join(place, 'host'));
  await api.must('DELETE', `/containers/${id}`);
});

it('is refused where the host’s mount isn’t shared', async () => {
  await world.must('host', 'mount', '--make-private', place);
  const id = await api.create('true', { host: bind('shared') });
  expect(await api.call('POST', `/containers/${id}/start`)).toMatchObject({
    status: 400, body: { message: `path ${place} is mounted on ${place} but it is not a shared mount` },
  });
  await api.must('DELETE', `/containers/${id}`);
});
