import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile, chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandResult } from '../../../src/host/exec.ts';
import { login, startRegistry, type Registry } from '../../fixtures/registry.ts';
import { startDockerd } from '../../fixtures/dockerd.ts';
import { createWorld, waitUntil, type Daemon, type World } from '../../world.ts';

/** Against Debian's docker-registry; images put there and read back by skopeo and by real Docker. */
const images = join(import.meta.dirname, '../../../build/images');
let world: World;
let daemon: Daemon;
let registry: Registry;

const plain = '127.0.0.1:5000';
const sha = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const skopeo = (...args: string[]): Promise<string> => world.must('host', 'skopeo', ...args);
const raw = (name: string): Promise<string> => skopeo('inspect', '--raw', '--tls-verify=false', `docker://${name}`);
const docker = (...args: string[]): Promise<CommandResult> => world.run('host', 'docker', '-H', daemon.host, ...args);

async function berth(...args: string[]): Promise<string> {
  const result = await berthOf(...args);
  expect(result, `berth ${args.join(' ')}: ${result.stderr}`).toMatchObject({ exitCode: 0 });
  return result.stdout;
}
const berthOf = (...args: string[]): Promise<CommandResult> =>
  world.runWith({ env: { DOCKER_CONFIG: join(world.directory, 'config') } }, 'host', join(import.meta.dirname, '../../../dist/berth'), '--host', daemon.host, ...args);
const inspect = async (name: string): Promise<any> => JSON.parse(await berth('inspect', name))[0];

beforeAll(async () => {
  world = await createWorld();
  const certs = join(world.directory, 'certs.d');
  daemon = await world.daemon({
    args: ['--registry-certs', certs, '--registry-token-host', '127.0.0.1:5003=localhost:5004'],
  });
  registry = await startRegistry(world);
  for (const name of ['web', 'redis']) {
    await skopeo('copy', '-q', '--dest-tls-verify=false', `docker-archive:${images}/${name}.tar`, `docker://${plain}/${name}:1`);
  }
  await skopeo('copy', '-q', '--format', 'oci', '--dest-compress-format', 'zstd', '--dest-tls-verify=false',
    `docker-archive:${images}/web.tar`, `docker://${plain}/zstd:1`);
});
afterAll(() => world.destroy());

describe('a plain registry', () => {
  test('pull brings what skopeo put there, under its digest, and it runs', async () => {
    const out = await berth('pull', `${plain}/web:1`);
    const digest = sha(await raw(`${plain}/web:1`));
    expect(out).toContain(`Digest: ${digest}\nStatus: Downloaded newer image for ${plain}/web:1\n${plain}/web:1\n`);
    expect((await inspect(`${plain}/web:1`)).RepoDigests).toEqual([`${plain}/web@${digest}`]);
    expect(await berth('run', '--rm', `${plain}/web:1`, 'echo', 'ahoy')).toBe('ahoy\n');
    expect(await berth('pull', '-q', `${plain}/web@${digest}`)).toBe(`${plain}/web@${digest}\n`);
    expect(await berth('pull', `${plain}/web:1`)).toContain(`Status: Image is up to date for ${plain}/web:1`);
  });

  test('layers that are here already aren’t fetched', async () => {
    const before = registry.log().length;
    expect(await berth('pull', `${plain}/redis:1`)).toContain(': Already exists');
    expect(registry.log().slice(before).match(/GET \/v2\/redis\/blobs\//g)).toHaveLength(2);
  });

  test('zstd layers and OCI manifests', async () => {
    await berth('rmi', '-f', `${plain}/web:1`, `${plain}/redis:1`);
    await berth('pull', `${plain}/zstd:1`);
    expect(await berth('run', '--rm', `${plain}/zstd:1`, 'echo', 'z')).toBe('z\n');
  });

  test('a pushed image has the manifest it came with, byte for byte, and its layers are mounted', async () => {
    for (const name of ['zstd', 'web']) {
      await berth('pull', '-q', `${plain}/${name}:1`);
      // The same image in another form keeps the form that came last.
      await berth('tag', `${plain}/${name}:1`, `${plain}/again/${name}:2`);
      const out = await berth('push', `${plain}/again/${name}:2`);
      expect(out).toContain(`Mounted from ${name}`);
      const manifest = await raw(`${plain}/again/${name}:2`);
      expect(out).toContain(`2: digest: ${sha(manifest)} size: ${manifest.length}`);
      if (name === 'zstd') expect(manifest).toBe(await raw(`${plain}/zstd:1`));
      await berth('rmi', '-f', `${plain}/${name}:1`, `${plain}/again/${name}:2`);
    }
  });

  test('a pushed image is pulled back by skopeo and by Docker, with the same id', async () => {
    await berth('load', '-q', '-i', join(images, 'redis.tar'));
    const { Id } = await inspect('redis');
    await berth('tag', 'redis', `${plain}/pushed`);
    expect(await berth('push', `${plain}/pushed`)).toMatch(/: Mounted from redis\n/);
    expect(await berth('push', `${plain}/pushed`)).toMatch(/: Layer already exists\n/);
    expect(JSON.parse(await raw(`${plain}/pushed:latest`)).config.digest).toBe(Id);
    await skopeo('copy', '-q', '--src-tls-verify=false', `docker://${plain}/pushed:latest`, `dir:${join(world.directory, 'copied')}`);
    expect(await readManifest('copied')).toBe(await raw(`${plain}/pushed:latest`));
    // A layer that Berth compressed, of several blocks.
    await world.must('host', 'sh', '-c', `seq 1000000 >${world.directory}/numbers && tar -C ${world.directory} -cf ${world.directory}/numbers.tar numbers`);
    await berth('import', join(world.directory, 'numbers.tar'), `${plain}/numbers`);
    expect(await berth('push', `${plain}/numbers`)).toMatch(/: Pushed\n/);
    const numbers = (await inspect(`${plain}/numbers`)).Id as string;
    const real = await startRegistry(world, { place: 'internet', port: 5006, directory: registry.directory });
    const dockerd = await startDockerd(world);
    try {
      expect(await dockerd.docker('pull', `127.0.0.1:5006/pushed:latest`)).toMatchObject({ exitCode: 0 });
      expect((await dockerd.docker('inspect', '-f', '{{.Id}}', '127.0.0.1:5006/pushed')).stdout.trim()).toBe(Id);
      expect(await dockerd.docker('pull', `127.0.0.1:5006/numbers`)).toMatchObject({ exitCode: 0 });
      expect((await dockerd.docker('inspect', '-f', '{{.Id}}', '127.0.0.1:5006/numbers')).stdout.trim()).toBe(numbers);
      expect(await dockerd.docker('tag', '127.0.0.1:5006/pushed', '127.0.0.1:5006/by-docker')).toMatchObject({ exitCode: 0 });
      const pushed = await dockerd.docker('push', '127.0.0.1:5006/by-docker');
      const digest = /digest: (\S+)/.exec(pushed.stdout)![1]!;
      await berth('rmi', '-f', 'redis', `${plain}/pushed`);
      expect(await berth('pull', `${plain}/by-docker`)).toContain(`Digest: ${digest}`);
      expect((await inspect(`${plain}/by-docker`)).Id).toBe(Id);
    } finally {
      await dockerd.stop();
      await real.stop();
    }
  });

  test('the platform is chosen from an index, and a missing one is told in Docker’s words', async () => {
    const manifest = await raw(`${plain}/web:1`);
    const index = (architecture: string): object => ({
      schemaVersion: 2, mediaType: 'application/vnd.docker.distribution.manifest.list.v2+json',
      manifests: [
        { mediaType: 'application/vnd.docker.distribution.manifest.v2+json', digest: sha(manifest), size: manifest.length, platform: { os: 'linux', architecture } },
      ],
    });
    for (const architecture of ['amd64', 's390x']) {
      await world.must('host', 'curl', '-sf', '-XPUT', '-H', 'Content-Type: application/vnd.docker.distribution.manifest.list.v2+json',
        '-d', JSON.stringify(index(architecture)), `http://${plain}/v2/web/manifests/${architecture}`);
    }
    expect(await berth('pull', `${plain}/web:amd64`)).toContain(`Digest: ${sha(JSON.stringify(index('amd64')))}`);
    expect((await berthOf('pull', `${plain}/web:s390x`)).stderr).toMatch(
      /no matching manifest for linux\/amd64 in the manifest list entries/,
    );
    expect((await docker('pull', '--platform', 'linux/s390x', `${plain}/web:s390x`)).exitCode).toBe(0);
    const answer = await world.must('host', 'curl', '-s', '--unix-socket', daemon.host.slice(7), `http://d/distribution/${plain}/web:s390x/json`);
    expect(JSON.parse(answer)).toMatchObject({ Descriptor: { digest: sha(JSON.stringify(index('s390x'))) }, Platforms: [{ os: 'linux', architecture: 's390x' }] });
  });

  test.each([
    [`${plain}/web:none`, `manifest for ${plain}/web:none not found: manifest unknown: manifest unknown`],
    [`${plain}/nothing`, `manifest for ${plain}/nothing:latest not found: manifest unknown: manifest unknown`],
    ['127.0.0.1:5999/web', 'Get "http://127.0.0.1:5999/v2/": dial tcp 127.0.0.1:5999: connect: connection refused'],
    [`${plain}/Web`, `invalid reference format: repository name (Web) must be lowercase`],
  ])('pull %s fails in Docker’s words', async (name, words) => {
    const result = await berthOf('pull', name);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(words);
  });

  test('run pulls what is missing, and not when told so', async () => {
    await berth('rmi', '-f', `${plain}/web:1`);
    expect((await berthOf('run', '--rm', '--pull', 'never', `${plain}/web:1`, 'true')).exitCode).toBe(125);
    const result = await berthOf('run', '--rm', `${plain}/web:1`, 'echo', 'here');
    expect(result).toMatchObject({ exitCode: 0, stdout: 'here\n' });
    expect(result.stderr).toContain(`Unable to find image '${plain}/web:1' locally`);
    expect(await docker('run', '--rm', '--pull', 'always', `${plain}/web:1`, 'true')).toMatchObject({ exitCode: 0 });
  });

  test('an image of another platform than the one asked for isn’t run', async () => {
    const result = await docker('create', '--pull', 'never', '--platform', 'linux/arm64', `${plain}/web:1`);
    expect(result.stderr).toContain(
      `image with reference ${plain}/web:1 was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64`,
    );
    expect(await berth('run', '--rm', '--platform', 'linux/amd64', `${plain}/web:1`, 'echo', 'fits')).toBe('fits\n');
  });

  test('all tags are pulled and pushed', async () => {
    await berth('tag', `${plain}/web:1`, `${plain}/all:1`);
    await berth('tag', `${plain}/web:1`, `${plain}/all:2`);
    await berth('push', '-a', `${plain}/all`);
    await berth('rmi', `${plain}/all:1`, `${plain}/all:2`);
    await berth('pull', '-a', `${plain}/all`);
    expect((await inspect(`${plain}/all:2`)).RepoTags).toEqual(expect.arrayContaining([`${plain}/all:1`, `${plain}/all:2`]));
  });

  test('a layer of 40 MB is pushed in chunks, over a connection that breaks now and then', async () => {
    const file = join(world.directory, 'large');
    await world.must('host', 'sh', '-c', `head -c 40000000 /dev/urandom >${file} && tar -C ${world.directory} -cf ${file}.tar large`);
    await berth('import', `${file}.tar`, '127.0.0.1:5020/large:1');
    // The first three connections carry 9 MB each: two of the push, or three.
    const cutter = world.start('host', process.execPath, join(import.meta.dirname, '../../fixtures/cutter.ts'), '5020', '5000', '9000000', '3');
    await new Promise((resolve) => cutter.stdout!.once('data', resolve));
    const before = registry.log().length;
    await berth('push', '127.0.0.1:5020/large:1');
    const log = registry.log().slice(before);
    expect(log.match(/"PATCH \/v2\/large\/blobs\/uploads\//g)!.length).toBeGreaterThan(3);
    const { Id } = await inspect('127.0.0.1:5020/large:1');
    await berth('rmi', '127.0.0.1:5020/large:1');
    await berth('pull', '127.0.0.1:5020/large:1');
    expect((await inspect('127.0.0.1:5020/large:1')).Id).toBe(Id);
    await berth('rmi', '127.0.0.1:5020/large:1');
  });

  test('events tell of pull and push', async () => {
    const out = await world.must('host', 'curl', '-s', '--max-time', '5', '--unix-socket', daemon.host.slice(7),
      `http://d/events?since=1&until=${Math.ceil(Date.now() / 1000)}&filters=${encodeURIComponent('{"event":{"pull":true,"push":true}}')}`);
    const events = out.trim().split('\n').map((line) => JSON.parse(line) as any);
    expect(events.find(({ Action }) => Action === 'push').Actor).toMatchObject({ ID: `${plain}/again/zstd:2`, Attributes: { name: `${plain}/again/zstd` } });
    expect(events.some(({ Action, Actor }) => Action === 'pull' && Actor.ID === `${plain}/web:1`)).toBe(true);
  });
});

describe('a registry with passwords', () => {
  const address = '127.0.0.1:5001';
  beforeAll(async () => {
    await startRegistry(world, { port: 5001, htpasswd: true });
    await berth('pull', '-q', `${plain}/web:1`);
    await berth('tag', `${plain}/web:1`, `${address}/web`);
  });

  test('nothing works without a login, all with one, and nothing again after logout', async () => {
    expect((await berthOf('push', `${address}/web`)).stderr).toBe('no basic auth credentials\n');
    expect((await berthOf('login', '-u', 'captain', '-p', 'wrong', address)).stderr).toContain('401 Unauthorized');
    const logged = await world.runWith({ input: `${login.password}\n`, env: { DOCKER_CONFIG: join(world.directory, 'config') } }, 'host',
      join(import.meta.dirname, '../../../dist/berth'), '--host', daemon.host, 'login', '-u', login.username, '--password-stdin', address);
    expect(logged).toMatchObject({ exitCode: 0, stdout: 'Login Succeeded\n' });
    await berth('push', `${address}/web`);
    await berth('rmi', `${address}/web`);
    await berth('pull', `${address}/web`);
    expect(await berth('logout', address)).toBe(`Removing login credentials for ${address}\n`);
    expect((await berthOf('pull', `${address}/web`)).stderr).toContain('no basic auth credentials');
  });

  test('a credential helper keeps the login, and gives it', async () => {
    const directory = join(world.directory, 'helper');
    await mkdir(directory);
    const program = join(directory, 'docker-credential-locker');
    await writeFile(program, `#!/bin/sh\ncase $1 in store) cat >${directory}/kept;; get) cat >/dev/null; [ -e ${directory}/kept ] && cat ${directory}/kept || { echo 'credentials not found in native keychain'; exit 1; };; erase) rm -f ${directory}/kept;; esac\n`);
    await chmod(program, 0o755);
    await writeFile(join(directory, 'config.json'), JSON.stringify({ credsStore: 'locker' }));
    const env = { DOCKER_CONFIG: directory, PATH: `${directory}:${process.env['PATH']}` };
    const run = (...args: string[]): Promise<CommandResult> =>
      world.runWith({ env, input: login.password }, 'host', join(import.meta.dirname, '../../../dist/berth'), '--host', daemon.host, ...args);
    expect(await run('login', '-u', login.username, '--password-stdin', address)).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(await world.must('host', 'cat', `${directory}/kept`))).toEqual({ ServerURL: address, Username: 'captain', Secret: 'sail' });
    expect(await world.must('host', 'cat', `${directory}/config.json`)).not.toContain(Buffer.from('captain:sail').toString('base64'));
    expect(await run('pull', `${address}/web`)).toMatchObject({ exitCode: 0 });
    // Docker's own client finds it there too.
    expect(await world.runWith({ env }, 'host', 'docker', '-H', daemon.host, 'pull', `${address}/web`)).toMatchObject({ exitCode: 0 });
    expect(await run('logout', address)).toMatchObject({ exitCode: 0 });
    expect(existsSync(`${directory}/kept`)).toBe(false);
  });

  test('credentials that name another registry aren’t sent', async () => {
    const header = Buffer.from(JSON.stringify({ ...login, serveraddress: 'other.example' })).toString('base64');
    const ask = (auth: string): Promise<string> => world.must('host', 'curl', '-s', '-XPOST', '-H', `X-Registry-Auth: ${auth}`,
      '--unix-socket', daemon.host.slice(7), `http://d/images/create?fromImage=${address}/web&tag=latest`);
    expect(await ask(header)).toContain('no basic auth credentials');
    expect(await ask(Buffer.from(JSON.stringify({ ...login, serveraddress: address })).toString('base64'))).toContain('Image is up to date');
  });
});

describe('a registry with TLS', () => {
  const address = '127.0.0.1:5002';
  const file = (name: string): string => join(world.directory, 'tls', name);

  beforeAll(async () => {
    await mkdir(file(''), { recursive: true });
    await makeCertificates();
    await startRegistry(world, { port: 5002, tls: { certificate: file('server.crt'), key: file('server.key'), clientCa: file('ca.crt') } });
    await startRegistry(world, { port: 5012, tls: { certificate: file('server.crt'), key: file('server.key') } });
  });

  async function makeCertificates(): Promise<void> {
    const openssl = (...args: string[]): Promise<string> => world.must('host', 'openssl', ...args);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    await openssl('req', '-x509', ...key, '-keyout', file('ca.key'), '-out', file('ca.crt'), '-days', '2', '-subj', '/CN=harbour');
    await writeFile(file('ext'), 'subjectAltName=IP:127.0.0.1,IP:203.0.113.1');
    for (const name of ['server', 'client']) {
      await openssl('req', ...key, '-keyout', file(`${name}.key`), '-out', file(`${name}.csr`), '-subj', `/CN=${name}`);
      await openssl('x509', '-req', '-in', file(`${name}.csr`), '-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial',
        '-out', file(`${name}.crt`), '-days', '2', '-extfile', file('ext'));
    }
  }

  /** Loopback is always insecure; this address of the host isn't. */
  const proper = '203.0.113.1:5012';

  test('an unknown authority is refused, and a known one isn’t; a client certificate opens what asks for one', async () => {
    world.start('host', 'socat', 'TCP-LISTEN:5012,bind=203.0.113.1,fork,reuseaddr', 'TCP:127.0.0.1:5012');
    await waitUntil(async () => (await world.run('host', 'curl', '-sk', `https://${proper}/v2/`)).exitCode === 0, 5000);
    await berth('tag', `${plain}/web:1`, `${proper}/web`);
    expect((await berthOf('push', `${proper}/web`)).stderr).toContain('x509: certificate signed by unknown authority');
    const certs = join(world.directory, 'certs.d', proper);
    await mkdir(certs, { recursive: true });
    await world.must('host', 'cp', file('ca.crt'), join(certs, 'ca.crt'));
    await berth('push', `${proper}/web`);
    await berth('rmi', `${proper}/web`);
    await berth('pull', `${proper}/web`);

    await berth('tag', `${plain}/web:1`, `${address}/web`);
    expect((await berthOf('push', `${address}/web`)).exitCode).toBe(1);
    const own = join(world.directory, 'certs.d', address);
    await mkdir(own, { recursive: true });
    await world.must('host', 'cp', file('client.crt'), join(own, 'me.cert'));
    expect((await berthOf('push', `${address}/web`)).stderr).toContain('missing key me.key for client certificate me.cert');
    await world.must('host', 'cp', file('client.key'), join(own, 'me.key'));
    await berth('push', `${address}/web`);
  });
});

describe('a registry with a token server', () => {
  const address = '127.0.0.1:5003';
  let asked = '';

  beforeAll(async () => {
    const key = join(world.directory, 'token.key');
    const certificate = join(world.directory, 'token.crt');
    await world.must('host', 'openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=token');
    const server = world.start('host', process.execPath, join(import.meta.dirname, '../../fixtures/token-server.ts'), '5004', certificate, key);
    server.stdout!.on('data', (chunk: Buffer) => (asked += chunk.toString()));
    await waitUntil(() => asked.includes('listening'), 5000);
    // Named by another name of the host than the registry: allowed by --registry-token-host.
    await startRegistry(world, { port: 5003, token: { realm: 'http://localhost:5004/token', certificate } });
  });

  test('whoever is nobody pulls what is public; captain logs in and pushes', async () => {
    await berth('tag', `${plain}/web:1`, `${address}/public/web`);
    await berth('tag', `${plain}/web:1`, `${address}/secret/web`);
    expect((await berthOf('push', `${address}/public/web`)).stderr).toMatch(/denied|unauthorized/);
    expect((await berthOf('login', '-u', 'captain', '-p', 'wrong', address)).exitCode).toBe(1);
    await berth('login', '-u', 'captain', '-p', 'sail', address);
    // What is kept is the identity token, not the password.
    const kept = await world.must('host', 'cat', join(world.directory, 'config/config.json'));
    expect(JSON.parse(kept).auths[address].identitytoken).toBe('identity-of-captain');
    await berth('push', `${address}/public/web`);
    await berth('push', `${address}/secret/web`);
    expect(asked).toContain('POST captain repository:secret/web:pull,push');
    await berth('rmi', `${address}/public/web`, `${address}/secret/web`);
    await berth('pull', `${address}/secret/web`);
    await berth('logout', address);
    await berth('pull', `${address}/public/web`);
    await berth('rmi', `${address}/secret/web`);
    expect((await berthOf('pull', `${address}/secret/web`)).stderr).toMatch(/unauthorized|pull access denied/);
  });

  test('Docker’s own client logs in, pushes and pulls through it', async () => {
    const env = { DOCKER_CONFIG: join(world.directory, 'config-of-docker') };
    const run = (...args: string[]): Promise<CommandResult> => world.runWith({ env, input: 'sail' }, 'host', 'docker', '-H', daemon.host, ...args);
    expect(await run('login', '-u', 'captain', '--password-stdin', address)).toMatchObject({ exitCode: 0 });
    await berth('tag', `${plain}/web:1`, `${address}/secret/other`);
    expect(await run('push', `${address}/secret/other`)).toMatchObject({ exitCode: 0 });
    expect(await run('pull', `${address}/secret/other`)).toMatchObject({ exitCode: 0 });
  });
});

async function readManifest(directory: string): Promise<string> {
  return world.must('host', 'cat', join(world.directory, directory, 'manifest.json'));
}

describe('several clients', () => {
  const address = '127.0.0.1:5030';
  test('two that pull the same have one download; one may leave; when both have left it ends', async () => {
    const pull = (name: string): ReturnType<World['start']> => world.start('host', 'curl', '-sN', '-XPOST', '--unix-socket',
      daemon.host.slice(7), `http://d/images/create?fromImage=${name}&tag=1`);
    const held = world.start('host', process.execPath, join(import.meta.dirname, '../../fixtures/cutter.ts'), '5030', '5000', '3000000', '0', 'hold');
    await new Promise((resolve) => held.stdout!.once('data', resolve));
    await berthOf('rmi', '-f', 'redis', `${plain}/redis:1`, `${plain}/by-docker`, `${plain}/pushed`);
    const clients = [pull(`${address}/redis`), pull(`${address}/redis`)];
    const heard = ['', ''];
    clients.forEach((client, at) => client.stdout!.on('data', (chunk: Buffer) => (heard[at] += chunk.toString())));
    await waitUntil(() => heard.every((text) => text.includes('"Downloading"')), 10_000);
    const before = registry.log();
    expect(before.slice(before.lastIndexOf('manifests/1')).match(/GET \/v2\/redis\/blobs\/sha256:\w+ /g)?.length ?? 0).toBeLessThanOrEqual(3);
    clients[0]!.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await world.must('host', 'ls', join(daemon.root, 'tmp'))).not.toBe('');
    clients[1]!.kill('SIGKILL');
    // Given up: nothing of it is under way, what came stays for the next.
    await waitUntil(async () => (await world.must('host', 'ls', join(daemon.root, 'tmp'))) === '', 5000);
    expect(await world.must('host', 'ls', join(daemon.root, 'partials'))).toMatch(/\.note/);
    held.kill();
    await startRegistry(world, { port: 5030, directory: registry.directory });
    await berth('pull', `${address}/redis:1`);
    expect(await world.must('host', 'ls', join(daemon.root, 'partials'))).toBe('');
  });
});
