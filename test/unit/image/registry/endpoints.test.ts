import { expect, test } from 'vitest';
import { endpointsOf, isInsecureHost, noRegistryOptions, parseMirror, proxyFor } from '../../../../src/image/registry/endpoints.ts';

const urls = (registry: string, more: object = {}, use: 'pull' | 'push' = 'pull'): string[] =>
  endpointsOf(registry, { ...noRegistryOptions, ...more }, use).map(({ base, unverified }) => `${base.href}${unverified ? ' unverified' : ''}`);

test('Docker Hub has its own host; others are reached by TLS, loopback without too', () => {
  expect(urls('docker.io')).toEqual(['https://registry-1.docker.io/']);
  expect(urls('r.example:5000')).toEqual(['https://r.example:5000/']);
  expect(urls('localhost:5000')).toEqual(['https://localhost:5000/ unverified', 'http://localhost:5000/ unverified']);
  expect(urls('r.example', { insecure: ['r.example'] })).toEqual(['https://r.example/ unverified', 'http://r.example/ unverified']);
});

test('mirrors go first, for their registry alone, and never for a push', () => {
  const mirrors = [parseMirror('http://127.0.0.1:5005'), parseMirror('r.example=https://m.example/cache')];
  expect(urls('docker.io', { mirrors })).toEqual(['http://127.0.0.1:5005/ unverified', 'https://registry-1.docker.io/']);
  expect(urls('r.example', { mirrors })).toEqual(['https://m.example/cache', 'https://r.example/']);
  expect(urls('docker.io', { mirrors }, 'push')).toEqual(['https://registry-1.docker.io/']);
  expect(parseMirror('m.example').url.href).toBe('https://m.example/');
  for (const bad of ['ftp://x', 'r=http://u:p@x', 'http://x?y=1', 'http://']) expect(() => parseMirror(bad), bad).toThrow('invalid mirror');
});

test.each([
  ['127.0.0.1:5000', [], true], ['127.9.9.9', [], true], ['[::1]:5000', [], true], ['localhost', [], true],
  ['10.1.2.3:5000', [], false], ['10.1.2.3:5000', ['10.0.0.0/8'], true], ['11.1.2.3', ['10.0.0.0/8'], false],
  ['r.example:5000', ['r.example'], true], ['r.example:5000', ['r.example:5001'], false], ['r.example', ['http://r.example/'], true],
  ['127.0.0.1.evil.test', [], false],
])('%s with %j listed is insecure: %s', (host, listed, expected) => {
  expect(isInsecureHost(host, listed)).toBe(expected);
});

test.each([
  ['https://r.example/v2/', 'https://p:1', []], ['http://r.example/', 'http://p:2', []],
  ['https://r.example/', undefined, ['r.example']], ['https://a.r.example/', undefined, ['.r.example']],
  ['https://a.r.example/', undefined, ['r.example']], ['https://ar.example/', 'https://p:1', ['r.example']],
  ['https://r.example:5000/', 'https://p:1', ['r.example:443']], ['https://r.example/', undefined, ['r.example:443']],
  ['https://10.1.2.3/', undefined, ['10.0.0.0/8']], ['https://r.example/', undefined, ['*']],
  ['https://127.0.0.1:5000/', undefined, []], ['http://localhost/', undefined, []],
])('%s goes through %s where NO_PROXY is %j', (url, expected, none) => {
  expect(proxyFor(new URL(url), { http: 'http://p:2', https: 'https://p:1', none })).toBe(expected);
});
