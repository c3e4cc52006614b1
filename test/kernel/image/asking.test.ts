import { afterEach, beforeEach, expect, test } from 'vitest';
import { refuse } from '../../fixtures/fake-registry.ts';
import { parseReference } from '../../../src/model/reference.ts';
import { PullBench } from './pulling.ts';

/** What registries are asked that changes nothing here. */
let bench: PullBench;
const signal = new AbortController().signal;
beforeEach(async () => {
  bench = await PullBench.open();
});
afterEach(() => bench.close());

test('search gives what the registry’s v1 search has', async () => {
  bench.registry.lie = (request, response, path) => {
    if (path !== '/v1/search') return false;
    const query = new URL(request.url!, 'http://x').searchParams;
    const one = { name: `team/${query.get('q')}`, description: null, star_count: 7, is_official: true };
    response.end(JSON.stringify({ num_results: 2, results: [one, { name: 'b', star_count: 'x' }, null] }));
    return true;
  };
  expect(await bench.registries.search(`${bench.registry.address}/web`, 25, undefined, signal)).toEqual([
    { name: 'team/web', description: '', starCount: 7, isOfficial: true, isAutomated: false },
    { name: 'b', description: '', starCount: 0, isOfficial: false, isAutomated: false },
    { name: '', description: '', starCount: 0, isOfficial: false, isAutomated: false },
  ]);
  expect(bench.registry.asked('/v1/search')[0]!.url).toBe('/v1/search?q=web&n=25');
});

test('a registry without search says so in Docker’s words', async () => {
  await expect(bench.registries.search(`${bench.registry.address}/web`, 25, undefined, signal)).rejects.toThrow(/^Unexpected status code 404$/);
  await expect(bench.registries.search('http://x/web', 25, undefined, signal)).rejects.toThrow('leave out http://');
});

test('inspect and login against a registry that lies end in an error', async () => {
  const reference = parseReference(`${bench.registry.address}/web:1`);
  await expect(bench.registries.inspect(reference, undefined, signal)).rejects.toMatchObject({ kind: 'not-found', message: 'manifest unknown: manifest unknown' });
  bench.registry.lie = (_request, response, path) => (path.includes('/manifests/') ? (response.end('{"layers":[],"manifests":[]}'), true) : false);
  await expect(bench.registries.inspect(reference, undefined, signal)).rejects.toThrow('both a manifest and an index');
  bench.registry.lie = (_request, response) => (refuse(response, 401, 'UNAUTHORIZED', { 'WWW-Authenticate': 'Basic realm="x"' }), true);
  await expect(bench.registries.login(bench.registry.address, { username: 'a', password: 'b' }, signal)).rejects.toThrow('failed with status: 401 Unauthorized');
  bench.registry.lie = (_request, response) => (refuse(response, 401, 'UNAUTHORIZED', { 'WWW-Authenticate': 'Bearer realm="http://127.0.0.1:1/t"' }), true);
  await expect(bench.registries.login(bench.registry.address, { username: 'a', password: 'b' }, signal)).rejects.toThrow('connection refused');
});

test('tags come page by page, and a registry that never stops is stopped', async () => {
  bench.registry.lie = (request, response, path) => {
    if (!path.endsWith('/tags/list')) return false;
    const page = Number(new URL(request.url!, 'http://x').searchParams.get('last') ?? 0);
    response.writeHead(200, { Link: `<${path}?last=${page + 1}>; rel="next"` });
    response.end(JSON.stringify({ tags: [`t${page}`, 7] }));
    return true;
  };
  const tags = await bench.registries.tags(parseReference(`${bench.registry.address}/web`), undefined, signal);
  expect(tags).toHaveLength(100);
  expect(bench.registry.asked('/tags/list')).toHaveLength(100);
});
