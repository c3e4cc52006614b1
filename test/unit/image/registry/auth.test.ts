import { expect, test } from 'vitest';
import { isTrustedRealm, parseChallenges, parseToken, scopeOf, tokenRequest } from '../../../../src/image/registry/auth.ts';

test('challenges are read with quoted and plain parameters, several in one header', () => {
  expect(parseChallenges('Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull,push"')).toEqual([
    { scheme: 'bearer', parameters: { realm: 'https://auth.example/token', service: 'registry', scope: 'repository:a/b:pull,push' } },
  ]);
  expect(parseChallenges('Basic realm=x, Bearer realm="a\\"b", error=invalid')).toEqual([
    { scheme: 'basic', parameters: { realm: 'x' } },
    { scheme: 'bearer', parameters: { realm: 'a"b', error: 'invalid' } },
  ]);
  expect([parseChallenges(undefined), parseChallenges(''), parseChallenges('=,,;')]).toEqual([[], [], []]);
});

test('a hostile header costs no time', () => {
  const start = performance.now();
  parseChallenges(`Bearer ${'a="'.repeat(1_000_000)}`);
  parseChallenges(`${' ,'.repeat(1_000_000)}`);
  expect(performance.now() - start).toBeLessThan(500);
});

test.each([
  ['https://registry-1.docker.io', 'https://auth.docker.io/token', true],
  ['https://registry.gitlab.com', 'https://gitlab.com/jwt/auth', true],
  ['https://registry.lan:5000', 'https://registry.lan:5001/auth', true],
  ['https://r.example.co.uk', 'https://auth.example.co.uk/t', true],
  ['https://r.example.co.uk', 'https://evil.co.uk/t', false],
  ['https://registry.example', 'https://thief.test/token', false],
  ['https://registry.a.example', 'https://registry.a.example.thief.test/', false],
  ['https://registry.example', 'http://registry.example/token', false],
  ['http://127.0.0.1:5000', 'http://127.0.0.1:5001/token', true],
  ['http://10.0.0.1:5000', 'http://11.0.0.1/token', false],
])('a registry at %s may send its logins to %s: %s', (registry, realm, trusted) => {
  expect(isTrustedRealm(new URL(realm), new URL(registry), 'r', [])).toBe(trusted);
});

test('a realm that was allowed by hand is trusted, for that registry alone', () => {
  const [realm, registry] = [new URL('https://login.test/t'), new URL('https://r.example')];
  expect(isTrustedRealm(realm, registry, 'r.example', ['r.example=login.test'])).toBe(true);
  expect(isTrustedRealm(realm, registry, 'other.example', ['r.example=login.test'])).toBe(false);
});

test('token requests: anonymous, by password, by identity token', () => {
  const challenge = { scheme: 'bearer', parameters: { realm: 'https://a.example/token?x=1', service: 's s' } };
  const scope = scopeOf('team/web', 'pull', 'push');
  expect(tokenRequest(challenge, [scope], undefined)).toEqual({
    method: 'GET', headers: {}, url: new URL('https://a.example/token?x=1&service=s+s&scope=repository%3Ateam%2Fweb%3Apull%2Cpush'),
  });
  const named = tokenRequest(challenge, [], { username: 'captain', password: 'sail' });
  expect(named.headers).toEqual({ Authorization: `Basic ${Buffer.from('captain:sail').toString('base64')}` });
  expect(named.url.searchParams.get('account')).toBe('captain');
  const oauth = tokenRequest(challenge, [scope], { identityToken: 'tok' });
  expect([oauth.method, oauth.body]).toEqual(['POST', 'grant_type=refresh_token&client_id=berth&service=s+s&refresh_token=tok&scope=repository%3Ateam%2Fweb%3Apull%2Cpush']);
  expect(() => tokenRequest({ scheme: 'bearer', parameters: { realm: 'file:///etc' } }, [], undefined)).toThrow('no place that gives tokens');
});

test('a token is a token, and lives a minute at least', () => {
  expect(parseToken({ token: 'abc' })).toEqual({ token: 'abc', lifetime: 60_000 });
  expect(parseToken({ access_token: 'abc', expires_in: 300, refresh_token: 'r' })).toEqual({ token: 'abc', lifetime: 300_000, refreshToken: 'r' });
  for (const bad of [null, {}, { token: '' }, { token: 1 }, { token: 'a\r\nX: y' }]) {
    expect(() => parseToken(bad)).toThrow('did not include a token');
  }
});
