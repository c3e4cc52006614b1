import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandResult } from '../../../src/host/exec.ts';
import { createWorld, type Daemon, type World } from '../../world.ts';

/** Who may ask what of which address. */
let world: World;
let daemon: Daemon;
let secure: Daemon;
let readSocket: string;
const pem = (name: string): string => join(world.directory, name);

/** The status, then the body. */
async function ask(...args: string[]): Promise<{ status: number; body: string }> {
  const { stdout, exitCode } = await world.run('host', 'curl', '-s', '--max-time', '5', '-w', '\n%{http_code}', ...args);
  const lines = stdout.split('\n');
  return { status: exitCode === 0 ? Number(lines.pop()) : -exitCode, body: lines.join('\n') };
}

const read = (method: string, path: string): ReturnType<typeof ask> =>
  ask('--unix-socket', readSocket, '-X', method, `http://localhost${path}`);

async function certificates(): Promise<void> {
  const openssl = (...args: string[]): Promise<string> => world.must('host', 'openssl', ...args);
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout'];
  for (const authority of ['ca', 'other']) {
    await openssl('req', '-x509', ...key, pem(`${authority}.key`), '-out', pem(`${authority}.pem`), '-days', '2', '-subj', `/CN=${authority}`);
  }
  await world.must('host', 'sh', '-c', `printf 'subjectAltName=IP:127.0.0.1\n' >${pem('san')}`);
  for (const [name, authority] of [['server', 'ca'], ['client', 'ca'], ['stranger', 'other']] as const) {
    await openssl('req', ...key, pem(`${name}.key`), '-out', pem(`${name}.csr`), '-subj', `/CN=${name}`);
    await openssl('x509', '-req', '-in', pem(`${name}.csr`), '-CA', pem(`${authority}.pem`), '-CAkey', pem(`${authority}.key`),
      '-CAcreateserial', '-out', pem(`${name}.pem`), '-days', '2', '-extfile', pem('san'));
  }
}

beforeAll(async () => {
  world = await createWorld();
  readSocket = join(world.directory, 'read.sock');
  await certificates();
  daemon = await world.daemon({ args: ['--host', `unix://${readSocket}?role=read`, '--host', 'tcp://127.0.0.1:12375', '--insecure-tcp'] });
  secure = await world.daemon({ name: 'b', args: ['--bridge', 'berth1', '--bip', '172.31.0.1/24', '--host', 'tcp://127.0.0.1:12376', '--tlsverify',
    '--tlscacert', pem('ca.pem'), '--tlscert', pem('server.pem'), '--tlskey', pem('server.key')] });
});
afterAll(() => world.destroy());

describe('a socket with the role `read`', () => {
  test.each(['/_ping', '/v1.41/containers/json', '/info', '/v1.51/images/json', '/networks'])('tells %s', async (path) => {
    expect((await read('GET', path)).status).toBe(200);
  });

  test.each([
    ['POST', '/v1.41/containers/create'], ['DELETE', '/containers/x'], ['PUT', '/containers/x/archive?path=/'],
    ['GET', '/v1.41/containers/x/archive?path=/etc'], ['GET', '/containers/x/export'], ['GET', '/containers/x/attach/ws'],
    ['GET', '/images/get?names=x'], ['GET', '/images/a/b/get'], ['GET', '/containers/x/%61rchive?path=/'], ['POST', '/nowhere'],
  ])('refuses %s %s', async (method, path) => {
    const { status, body } = await read(method, path);
    expect({ status, body }).toMatchObject({ status: 403, body: expect.stringContaining('reading only') });
  });
});

describe('the Host header over plain TCP', () => {
  test.each([['127.0.0.1:12375', 200], ['localhost', 200], ['[::1]:12375', 200], ['rebound.example', 403], ['127.0.0.1.example', 403]])(
    '%s: %i', async (name, status) => {
      expect((await ask('-H', `Host: ${name}`, 'http://127.0.0.1:12375/_ping')).status).toBe(status);
    });

  test('does not matter on a unix socket, and an Origin is refused everywhere', async () => {
    const socket = daemon.host.replace('unix://', '');
    expect((await ask('--unix-socket', socket, '-H', 'Host: docker', 'http://x/_ping')).status).toBe(200);
    expect((await ask('--unix-socket', socket, '-H', 'Origin: http://x', 'http://x/_ping')).status).toBe(403);
    expect((await ask('-H', 'Origin: http://localhost', 'http://127.0.0.1:12375/_ping')).status).toBe(403);
  });

  test('open TCP is warned of', () => {
    expect(daemon.log()).toContain('warning: tcp://127.0.0.1:12375 is open to whoever reaches it');
  });
});

describe('mutual TLS', () => {
  const as = (...names: string[]): ReturnType<typeof ask> =>
    ask('--cacert', pem('ca.pem'), ...names.flatMap((name) => ['--cert', pem(`${name}.pem`), '--key', pem(`${name}.key`)]), 'https://127.0.0.1:12376/_ping');

  test('serves who has a certificate of the authority, and nobody else', async () => {
    expect((await as('client')).status).toBe(200);
    expect((await as()).status).toBeLessThan(0);
    expect((await as('stranger')).status).toBeLessThan(0);
    expect((await ask('http://127.0.0.1:12376/_ping')).status).not.toBe(200);
  });

  test('the docker client uses it', async () => {
    const docker = (): Promise<CommandResult> => world.run('host', 'docker', '-H', 'tcp://127.0.0.1:12376', '--tlsverify', '--tlscacert', pem('ca.pem'),
      '--tlscert', pem('client.pem'), '--tlskey', pem('client.key'), 'version', '--format', '{{.Server.Os}}');
    expect(await docker()).toMatchObject({ exitCode: 0, stdout: 'linux\n' });
    expect(secure.log()).not.toContain('warning');
  });
});

test.each([
  [['--host', 'tcp://127.0.0.1:12377'], '--insecure-tcp'],
  [['--host', 'tcp://127.0.0.1:12377', '--tlsverify'], 'belong together'],
  [['--host', 'unix:///tmp/x.sock?role=write'], 'role is read or all'],
  [['--host', 'unix:///tmp/x.sock?mode=0777'], 'mode is not known'],
  [['--host', 'unix:///tmp/x.sock?group=nosuchgroup'], 'no group is called nosuchgroup'],
])('a daemon with %j says what is wrong', async (args, words) => {
  const { exitCode, stderr } = await world.run('host', 'dist/berth', 'daemon', '--root', join(world.directory, 'c'), '--run', join(world.directory, 'c-run'), ...args);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(words) });
});
