import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { authHeader, forgetLogin, keepLogin, loginFor } from '../../../../src/cli/registry/config.ts';
import { registryOf } from '../../../../src/cli/registry/server.ts';
import { credentialsOf, decodeHeader } from '../../../../src/api/wire/registry-auth.ts';

let env: NodeJS.ProcessEnv;
let path: string;
beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), 'berth-config-'));
  env = { DOCKER_CONFIG: directory };
  path = join(directory, 'config.json');
});
afterEach(() => rmSync(env['DOCKER_CONFIG']!, { recursive: true }));

test('a login is kept as Docker keeps it, beside whatever else is in the file, and forgotten', async () => {
  writeFileSync(path, '{"psFormat":"x","auths":{"other":{"auth":"YTpi"}}}');
  await keepLogin('docker.io', { username: 'captain', password: 'sa:il' }, env);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
    psFormat: 'x', auths: { other: { auth: 'YTpi' }, 'https://index.docker.io/v1/': { auth: Buffer.from('captain:sa:il').toString('base64') } },
  });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await loginFor('docker.io', env)).toEqual({ username: 'captain', password: 'sa:il' });
  expect(await loginFor('other', env)).toEqual({ username: 'a', password: 'b' });
  expect([await forgetLogin('docker.io', env), await forgetLogin('docker.io', env)]).toEqual([true, false]);
  expect(await loginFor('docker.io', env)).toBeUndefined();
});

test('logins that old clients kept under an address are found; an identity token is one', async () => {
  writeFileSync(path, '{"auths":{"https://r.lan:5000/v2/":{"auth":"YTpi"},"t.lan":{"auth":"YTo=","identitytoken":"tok"}}}');
  expect(await loginFor('r.lan:5000', env)).toEqual({ username: 'a', password: 'b' });
  expect(await loginFor('t.lan', env)).toMatchObject({ username: 'a', identityToken: 'tok' });
  expect(await loginFor('r.lan', env)).toBeUndefined();
});

test('a file that can’t be read is told, not overwritten', async () => {
  writeFileSync(path, '{ broken');
  await expect(keepLogin('r', { username: 'a', password: 'b' }, env)).rejects.toThrow("isn't a JSON object");
  expect(readFileSync(path, 'utf8')).toBe('{ broken');
  writeFileSync(path, '{"credsStore":"../evil"}');
  await expect(loginFor('r', env)).rejects.toThrow('no such name can be');
  writeFileSync(path, '{"credsStore":"is-not-there"}');
  await expect(loginFor('r', env)).rejects.toThrow('docker-credential-is-not-there: executable file not found in $PATH');
});

test('what the command line sends, the engine reads, for the registry that it names alone', () => {
  const header = authHeader('docker.io', { username: 'ü', password: '?>~' })['X-Registry-Auth']!;
  expect(header).toMatch(/^[\w=-]+$/);
  expect(credentialsOf(decodeHeader(header), 'docker.io')).toEqual({ username: 'ü', password: '?>~' });
  expect(credentialsOf(decodeHeader(header), 'r.lan')).toBeUndefined();
  expect(credentialsOf(decodeHeader(authHeader('r.lan', undefined)['X-Registry-Auth']), 'r.lan')).toBeUndefined();
  expect([decodeHeader('%%%'), decodeHeader(undefined), credentialsOf('x', 'r'), credentialsOf({ username: 5 }, 'r')]).toEqual(
    [undefined, undefined, undefined, undefined],
  );
  expect(credentialsOf({ auth: Buffer.from('a:b').toString('base64') }, 'r')).toEqual({ username: 'a', password: 'b' });
});

test.each([
  ['', 'docker.io'], ['https://index.docker.io/v1/', 'docker.io'], ['r.lan:5000', 'r.lan:5000'], ['https://r.lan/v2/', 'r.lan'],
])('the server %j is the registry %s', (server, expected) => {
  expect(registryOf(server)).toBe(expected);
});
