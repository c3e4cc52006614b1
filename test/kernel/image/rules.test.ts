import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDockerd, type Dockerd } from '../../fixtures/dockerd.ts';
import { createWorld, type Daemon, type World } from '../../world.ts';
import { Client } from '../engine/client.ts';

/** The same lines of the docker client against the real Docker and Berth: output, complaints and exit codes are equal. */
let world: World;
let dockerd: Dockerd;
let daemon: Daemon;
const archive = join(import.meta.dirname, '../../../build/images/busybox.tar');

beforeAll(async () => {
  world = await createWorld();
  [dockerd, daemon] = await Promise.all([startDockerd(world), world.daemon()]);
  const { stdout } = await world.run('host', 'tar', '-xOf', archive, 'manifest.json');
  const [{ Config }] = JSON.parse(stdout) as [{ Config: string }];
  const config = (await world.run('host', 'tar', '-xOf', archive, Config)).stdout;
  known.add(`sha256:${createHash('sha256').update(config).digest('hex')}`);
  for (const [digest] of config.matchAll(/sha256:[0-9a-f]{64}/g)) known.add(digest);
});
afterAll(async () => {
  await dockerd?.stop();
  await world?.destroy();
});

/** Container ids, times, and the ids of images made here are each engine's own; busybox's are the same. */
const known = new Set<string>();
const comparable = (text: string): string =>
  text
    .replaceAll(/sha256:[0-9a-f]{64}/g, (digest) => (known.has(digest) ? digest : 'DIGEST'))
    // Newer Docker writes it small.
    .replaceAll('Invalid filter', 'invalid filter')
    .replaceAll(/\b[0-9a-f]{64}\b(?<!sha256:[0-9a-f]{64})/g, 'ID')
    .replaceAll(/container [0-9a-f]{12}/g, 'container ID')
    .replaceAll(/"LastTagTime": "2[^"]*"/g, '"LastTagTime": "TIME"')
    .replaceAll(/"(?:time|timeNano)":[0-9]+/g, '');

async function run(host: string, line: string): Promise<string> {
  const { exitCode, stdout, stderr } = await world.run('host', 'sh', '-c', `export DOCKER_API_VERSION=1.41 DOCKER_HOST=${host}; ${line}`);
  return comparable(`$ ${line}\n${stdout}${stderr}[${exitCode}]\n`);
}

async function same(...lines: string[]): Promise<void> {
  for (const line of lines) expect(await run(daemon.host, line), line).toBe(await run(dockerd.host, line));
}

/** An image with labels, made of nothing, by import. */
const imported = (name: string, label: string): string =>
  `mkdir -p ${world.directory}/${name} && echo ${name} >${world.directory}/${name}/f && tar -C ${world.directory}/${name} `
  + `--mtime=@0 --sort=name --numeric-owner -cf - f | docker import -m made -c 'LABEL kind=${label}' - ${name} | cut -c1-7`;
const rows = "--format '{{.Repository}}:{{.Tag}} {{.Digest}} {{.Size}}'";

test('load, tag and the errors of both', async () => {
  await same(
    `docker load -i ${archive}`, `docker load -q -i ${archive}`, 'docker tag busybox x:1', 'docker tag busybox x:2',
    'docker tag busybox other/y:3', 'docker tag nope x:3', 'docker tag busybox x:3@sha256:' + 'a'.repeat(64),
    'docker images --no-trunc | sort', 'docker images -q', 'docker images --digests | sort', 'docker history --no-trunc x:1', 'docker history nope',
    "docker image inspect -f '{{json .RepoTags}} {{json .Config}} {{json .RootFS}} {{.Size}} {{.Created}} {{.Comment}}|{{.Author}}|{{.Os}}' x:1",
  );
});

test('list filters', async () => {
  await same(imported('aa', 'one'));
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await same(imported('bb', 'two'), imported('aa', 'three'));
  for (const filter of [
    'dangling=true', 'dangling=false', 'dangling=maybe', 'label=kind', 'label=kind=two', 'label=kind=none', 'reference=x', 'reference=x:2',
    'reference=*', 'reference=*/*', 'reference=*/y:[0-9]', 'reference=[', 'foo=bar', 'before=bb', 'since=busybox', 'before=nope',
  ]) {
    await same(`docker images ${rows} --filter '${filter}' | sort`);
  }
  await same(`docker images ${rows} x | sort`, `docker images ${rows} -a | sort`, 'docker images -q nope');
});

test('rmi by name and by id, with containers that run and that do not', async () => {
  const id = (await world.run('host', 'docker', '-H', dockerd.host, 'image', 'inspect', '-f', '{{.Id}}', 'busybox')).stdout.trim();
  await same(
    'docker rmi nope', 'docker rmi x:1', `docker rmi ${id}`, `docker rmi ${id.slice(7, 19)}`,
    'docker create --name stopped --network none busybox true', 'docker run -d --name running --network none busybox sleep 100',
    'docker rmi x:2', 'docker rmi other/y:3', 'docker rmi busybox', `docker rmi ${id}`, `docker rmi -f ${id}`, 'docker rm -f running', 'docker rmi busybox',
    `docker rmi ${id}`, 'docker tag busybox z:1', `docker rmi ${id}`, 'docker rmi -f busybox', 'docker rmi -f z:1', 'docker images -a | grep -c busybox',
    `docker rmi -f ${id}`, 'docker rmi -f nope', 'docker rm stopped', `docker load -i ${archive}`, 'docker rmi busybox nope aa',
  );
});

test('prune', async () => {
  await same(
    `docker load -i ${archive}`, 'docker tag busybox keep:1', 'docker create --name user --network none keep:1 true',
    "docker image prune -f --filter until=bad", "docker image prune -f --filter foo=x", "docker image prune -a -f --filter until=24h --filter label=kind",
    'docker image prune -a -f --filter label!=kind | sort', 'docker image prune -f | wc -l', 'docker rm user', 'docker image prune -a -f | wc -l', 'docker images -a',
  );
});

test('events tell what Docker tells, with its attributes', async () => {
  const lines = "| jq -c '[.Action, .Type, (.Actor.ID | startswith(\"sha256:\")), .Actor.Attributes]'";
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const since = Math.floor(Date.now() / 1000);
  await same(
    `docker load -i ${archive}`, 'docker tag busybox e:1', 'docker save e:1 | wc -c | grep -c .', 'docker rmi e:1 busybox | head -2',
  );
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const until = Math.floor(Date.now() / 1000);
  const ask = `docker events --since ${since} --until ${until} --filter type=image --format '{{json .}}' ${lines}`;
  const strip = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('[') && !line.includes('"kind"') && !line.includes('prune'));
  const theirs = strip(await run(dockerd.host, ask));
  expect(strip(await run(daemon.host, ask))).toEqual(theirs);
  expect(theirs.length).toBeGreaterThan(4);
});

test('the list as JSON, and what takes room, agree', async () => {
  await same(`docker load -i ${archive}`, 'docker tag busybox e:1', 'docker create --name holder --network none busybox true');
  const [ours, docker] = [new Client(daemon), new Client(dockerd)];
  const list = '/v1.41/images/json?all=1&digests=1';
  const [a, b] = [await ours.must('GET', list), await docker.must('GET', list)];
  // Docker writes null for an image without digests.
  const plain = (images: { RepoDigests: string[] | null }[]): object[] =>
    images.map((image) => ({ ...image, RepoDigests: image.RepoDigests?.length ? image.RepoDigests : null, Created: 0 }));
  expect(JSON.parse(comparable(JSON.stringify(plain(a))))).toEqual(JSON.parse(comparable(JSON.stringify(plain(b)))));
  const sizes = (usage: { LayersSize: number; Images: { Id: string; SharedSize: number; Size: number; Containers: number }[]; Containers: object[] }): unknown =>
    [usage.LayersSize, usage.Images.map(({ SharedSize, Size, Containers }) => [SharedSize, Size, Containers]), usage.Containers.length];
  expect(sizes(await ours.must('GET', '/v1.41/system/df'))).toEqual(sizes(await docker.must('GET', '/v1.41/system/df')));
  expect((await ours.call('GET', '/v1.51/images/json')).body[0]).not.toHaveProperty('VirtualSize');
  expect((await ours.must('GET', '/v1.51/images/json?shared-size=1'))[0].SharedSize).toBe(0);
  expect(await ours.call('GET', '/v1.51/system/df?type=bogus')).toMatchObject({ status: 400 });
  expect(await ours.must('GET', '/v1.51/system/df?type=image')).toMatchObject({ Containers: null, Volumes: null });
  await same('docker system df | head -2', 'docker rm holder');
});

test("berth's own command line shows what docker's shows of the same engine", async () => {
  await same(`docker load -i ${archive}`, 'docker create --name shown --network none busybox true');
  for (const line of [['system', 'df'], ['system', 'df', '-v']]) {
    const theirs = await world.run('host', 'docker', '-H', daemon.host, ...line);
    const ours = await daemon.berth(...line);
    const words = (text: string): string[] => text.split('\n').map((row) => row.replaceAll(/\s+/g, ' ').replace(/(?:Less than a second|\d+ seconds?) ago/, 'just now').trim()).filter((row) => row !== '');
    expect(words(ours.stdout), ours.stderr).toEqual(words(theirs.stdout));
  }
  expect((await daemon.berth('rm', 'shown')).exitCode).toBe(0);
  const pruned = await daemon.berth('system', 'prune', '-af');
  expect(pruned.stdout, pruned.stderr).toMatch(/Deleted Images:\nuntagged: [^]*deleted: sha256:[^]*\n\nTotal reclaimed space: \d/);
  expect((await daemon.berth('image', 'prune', '-f')).stdout).toBe('Total reclaimed space: 0B\n');
});
