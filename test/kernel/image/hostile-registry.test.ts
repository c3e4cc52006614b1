import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { mkdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeRegistry, refuse, send, type Lie } from '../../fixtures/fake-registry.ts';
import { archive, entry } from '../../unit/image/tar-bytes.ts';
import { fingerprint, Layout, savedImage, sha256 } from './bench.ts';
import { PullBench } from './pulling.ts';

/** Whatever a registry says, the error names it, the store is as before, and a tree beside it is untouched. */
let bench: PullBench;
let before: unknown;
let canary: string;
const good = archive(entry({ name: 'here', data: 'x' }));
const noise = archive(entry({ name: 'noise', data: randomBytes(1_000_000) }));

beforeEach(async () => {
  bench = await PullBench.open();
  await bench.store.load(savedImage({ layers: [archive(entry({ name: 'old', data: 'o' }))], tags: ['before'] }));
  await mkdir(bench.store.path('canary'));
  await writeFile(bench.store.path('canary/file'), 'untouched');
  canary = await fingerprint(bench.store.path('canary'));
  before = bench.store.contents();
});
afterEach(async () => {
  expect(await fingerprint(bench.store.path('canary'))).toBe(canary);
  await bench.close();
});

/** An image of two layers under `web:1`; `change` may spoil its manifest. */
function offer(change: (manifest: any, layout: Layout) => object = (manifest) => manifest): { layers: string[] } {
  const layout = new Layout();
  const named = layout.manifest({ layers: [good, noise] }, [gzipSync(good), noise]);
  const manifest = JSON.parse(layout.blobs.get(`blobs/sha256/${named.digest.slice(7)}`)!.toString()) as any;
  const layers = manifest.layers.map((layer: { digest: string }) => layer.digest) as string[];
  const changed = layout.add(change(structuredClone(manifest), layout), named.mediaType);
  bench.registry.put(layout.blobs, changed);
  return { layers };
}

async function expectRefused(message: RegExp): Promise<void> {
  await expect(bench.pull()).rejects.toMatchObject({ message: expect.stringMatching(message) as string });
  expect(bench.store.contents()).toEqual(before);
}

const forBlob = (digest: string, lie: Lie): Lie => (request, response, path) =>
  path.endsWith(`/blobs/${digest}`) ? lie(request, response, path) : undefined;

test('what nothing is wrong with is pulled, and has its names', async () => {
  offer();
  await bench.pull();
  const image = bench.store.images.get(`${bench.registry.address}/web:1`);
  expect(image.layers).toHaveLength(2);
  expect(image.repoDigests).toHaveLength(1);
  expect(await bench.store.merged(`${bench.registry.address}/web:1`)).toContain('here|f|644');
});

test.each<[string, (manifest: any, layout: Layout) => object, RegExp]>([
  ['a digest that is a path', (m) => ({ ...m, config: { ...m.config, digest: 'sha256:../../x' } }), /isn't a sha256 digest/],
  ['a layer digest that is a path', (m) => ({ ...m, layers: [{ ...m.layers[0], digest: 'sha256:../x' }] }), /isn't a sha256 digest/],
  ['a short digest', (m) => ({ ...m, layers: [{ ...m.layers[0], digest: 'sha256:abc' }] }), /isn't a sha256 digest/],
  ['a layer without a digest', (m) => ({ ...m, layers: [{ size: 1 }] }), /isn't a sha256 digest/],
  ['manifests and layers both', (m) => ({ ...m, manifests: [] }), /both a manifest and an index/],
  ['schema version 1', () => ({ schemaVersion: 1, fsLayers: [] }), /schema version 1, which is obsolete/],
  ['a media type that lies', (m) => ({ ...m, mediaType: 'application/vnd.oci.image.index.v1+json' }), /claims the media type/],
  ['a config that is no image', (m) => ({ ...m, config: { ...m.config, mediaType: 'application/vnd.cncf.helm.config.v1+json' } }), /is no image: its config is of the type application\/vnd.cncf.helm/],
  ['a layer that is no file system', (m) => ({ ...m, layers: [{ ...m.layers[0], mediaType: 'text/html' }, m.layers[1]] }), /layer sha256:\w+ is of the type text\/html/],
  ['fewer layers than the config has', (m) => ({ ...m, layers: m.layers.slice(1) }), /config names 2 layers, the manifest 1/],
  ['200 layers', (m) => ({ ...m, layers: Array.from({ length: 200 }, () => m.layers[0]) }), /has 200 layers, more than 127/],
  ['a negative size', (m) => ({ ...m, config: { ...m.config, size: -1 } }), /has no size/],
  ['a huge config', (m) => ({ ...m, config: { ...m.config, size: 2 ** 40 } }), /more than the 4194304 allowed/],
  ['a config of another size', (m) => ({ ...m, config: { ...m.config, size: m.config.size + 1 } }), /bytes, the manifest says/],
  ['a layer that the manifest makes longer', (m) => ({ ...m, layers: [m.layers[0], { ...m.layers[1], size: m.layers[1].size + 9 }] }), /the registry has 1\d+ bytes, the manifest names/],
  ['a layer that the manifest makes shorter', (m) => ({ ...m, layers: [m.layers[0], { ...m.layers[1], size: 1000 }] }), /the registry has 1\d+ bytes, the manifest names 1000/],
  ['a config that is no JSON', (m, l) => ({ ...m, config: { ...m.config, ...l.add(Buffer.from('no')) , mediaType: m.config.mediaType } }), /isn't JSON/],
  ['a layer that is no tar', (m, l) => ({ ...m, layers: [m.layers[0], l.add(Buffer.from('x'.repeat(2000)), m.layers[1].mediaType)] }), /layer 2 of 2/],
  ['a layer with another diff id', (m, l) => ({ ...m, layers: [m.layers[0], l.add(archive(entry({ name: 'other' })), m.layers[1].mediaType)] }), /promises diff id/],
  ['a name that leaves the layer', (m, l) => ({ ...m, layers: [m.layers[0], l.add(archive(entry({ name: '../../../../../canary/file', data: 'x' })), m.layers[1].mediaType)] }), /leaves the layer by \.\./],
])('%s is refused', async (_, change, message) => {
  offer(change);
  await expectRefused(message);
});

test('an index that leads to itself ends', async () => {
  bench.registry.lie = (_request, response, path) => {
    if (!path.includes('/manifests/')) return false;
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [{ digest: `sha256:${'a'.repeat(64)}`, size: 9, platform: { os: 'linux', architecture: 'amd64' } }] }));
    response.writeHead(200, { 'Content-Type': 'application/vnd.oci.image.index.v1+json' }).end(bytes);
    return true;
  };
  await expectRefused(/digest is sha256:\w+, but sha256:a+ was promised/);
});

test('an index without this platform is told in Docker’s words', async () => {
  const layout = new Layout();
  const named = layout.manifest({ layers: [good] });
  const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [{ ...named, platform: { os: 'linux', architecture: 's390x' } }] };
  bench.registry.put(layout.blobs, layout.add(index, index.mediaType));
  bench.registry.put(layout.blobs, layout.add(index, index.mediaType));
  await expectRefused(/^no matching manifest for linux\/amd64 in the manifest list entries$/);
});

test.each<[string, (digest: string) => Lie, RegExp]>([
  ['other bytes of the right length', () => (request, response) => (send(request, response, Buffer.alloc(noise.length, 1)), true), /registry sent content with the digest/],
  ['another Content-Length', () => (_q, response) => (response.writeHead(200, { 'Content-Length': 5 }).end('short'), true), /the registry has 5 bytes, the manifest names/],
  ['an endless body', () => (_q, response) => {
    response.writeHead(200);
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65536)));
    };
    response.on('drain', more);
    more();
    return true;
  }, /sends more than the \d+ bytes that the manifest names/],
  ['a body that always breaks off at once', () => (_q, response) => (response.writeHead(200, { 'Content-Length': noise.length }), response.destroy(), true), /connection broke|connection was reset|socket hang up/],
  ['a body that stops in the middle and goes silent', () => (_q, response) => (response.writeHead(200), response.write('x'), true), /connection broke 5 times: .*sent nothing for 0.2 s/],
  ['a range that isn’t the one asked for', (digest) => {
    const cut = new Set<string>();
    return (request, response) => {
      if (!cut.has(digest)) {
        cut.add(digest);
        response.writeHead(200, { 'Content-Length': noise.length });
        response.write(noise.subarray(0, 500_000), () => response.destroy());
        return true;
      }
      response.writeHead(206, { 'Content-Range': `bytes 0-9/${noise.length}`, 'Content-Length': 10 }).end('0123456789');
      return Boolean(request);
    };
  }, /asked for byte \d+, the registry gave 0/],
  ['a redirect without end', () => (request, response) => (response.writeHead(307, { Location: request.url! }).end(), true), /redirects more than 10 times/],
  ['a redirect to what is no address', () => (_q, response) => (response.writeHead(307, { Location: 'file:///etc/passwd' }).end(), true), /redirects to "file:\/\/\/etc\/passwd", which is no address/],
  ['500 each time', () => (_q, response) => (refuse(response, 500, 'UNKNOWN'), true), /unknown/],
  ['401 each time', () => (_q, response) => (refuse(response, 401, 'UNAUTHORIZED', { 'WWW-Authenticate': 'Basic realm="x"' }), true), /no basic auth credentials/],
])('a layer with %s is refused', async (_, lie, message) => {
  await bench.close();
  bench = await PullBench.open({ options: { idle: 200 } });
  before = bench.store.contents();
  await mkdir(bench.store.path('canary'));
  await writeFile(bench.store.path('canary/file'), 'untouched');
  canary = await fingerprint(bench.store.path('canary'));
  const { layers } = offer();
  bench.registry.lie = forBlob(layers[1]!, lie(layers[1]!));
  const partials = (names: { names: string[] }): { names: string[] } => ({ ...names, names: names.names.filter((name) => !name.startsWith('partials/')) });
  await expect(bench.pull()).rejects.toMatchObject({ message: expect.stringMatching(message) as string });
  // What came of layers that nothing is wrong with may stay for the next try.
  expect(partials(bench.store.contents() as any)).toEqual(partials(before as any));
});

test('a giant manifest is refused by its length, and without one by what comes', async () => {
  for (const headers of [{ 'Content-Length': 2 ** 33 }, {}]) {
    bench.registry.lie = (request, response, path) => {
      if (!path.includes('/manifests/') || request.method === 'HEAD') return false;
      response.writeHead(200, headers);
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65536, 0x20)));
      };
      response.on('drain', more);
      more();
      return true;
    };
    await expectRefused(/manifest 1 of web: the answer has more than the 4194304 bytes allowed/);
  }
});

test('a 401 that never ends, with credentials, ends in a refusal after two tries', async () => {
  bench.registry.lie = (_request, response, path) =>
    path.includes('/manifests/') ? (refuse(response, 401, 'UNAUTHORIZED', { 'WWW-Authenticate': 'Basic realm="x"' }), true) : false;
  const pull = bench.pull('web:1', { credentials: { username: 'captain', password: 'sail' } });
  await expect(pull).rejects.toThrow('unauthorized: unauthorized');
  expect(bench.registry.asked('/manifests/').length).toBeLessThanOrEqual(4);
});

test('credentials go neither to where a redirect leads nor to a mirror (CVE-2020-15157)', async () => {
  const elsewhere = await FakeRegistry.open();
  try {
    const { layers } = offer();
    elsewhere.lie = (request, response, path) => {
      if (!path.startsWith('/v2/x')) return (refuse(response, 401, 'UNAUTHORIZED', { 'WWW-Authenticate': 'Basic realm="give"' }), true);
      send(request, response, bench.registry.blobs.get(path.split('/').pop()!)!);
      return true;
    };
    bench.registry.lie = (request, response, path) => {
      if (request.headers.authorization === undefined) {
        return (refuse(response, 401, 'UNAUTHORIZED', { 'WWW-Authenticate': 'Basic realm="x"' }), true);
      }
      if (!path.includes('/blobs/')) return false;
      response.writeHead(307, { Location: `http://${elsewhere.address}/v2/x/${path.split('/').pop()}` }).end();
      return true;
    };
    await bench.pull('web:1', { credentials: { username: 'captain', password: 'sail' } });
    expect(elsewhere.requests.length).toBeGreaterThanOrEqual(layers.length);
    expect(elsewhere.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    expect(bench.registry.asked('/blobs/').every(({ authorization }) => authorization?.startsWith('Basic '))).toBe(true);
  } finally {
    elsewhere.close();
  }
});

test('a token realm on a foreign host is not told the credentials', async () => {
  const thief = await FakeRegistry.open();
  try {
    offer();
    thief.lie = (_request, response) => (refuse(response, 401, 'UNAUTHORIZED'), true);
    const port = thief.address.split(':')[1];
    // Another name of the same machine is another host.
    bench.registry.lie = (request, response) => request.headers.authorization === undefined
      ? (refuse(response, 401, 'UNAUTHORIZED', { 'WWW-Authenticate': `Bearer realm="http://localhost:${port}/token",service="x"` }), true)
      : false;
    const pull = bench.pull('web:1', { credentials: { username: 'captain', password: 'sail' } });
    await expect(pull).rejects.toThrow(`wants its logins sent to another host, localhost:${port}: not sent`);
    expect(thief.requests.length).toBeGreaterThan(0);
    expect(thief.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  } finally {
    thief.close();
  }
});

test('memory stays where it was while a large layer comes', async () => {
  const large = archive(entry({ name: 'large', data: Buffer.alloc(200 * 1024 * 1024, 'abcdefghijklmnop') }));
  const layout = new Layout();
  bench.registry.put(layout.blobs, { digest: '', mediaType: '' });
  const named = layout.manifest({ layers: [large] });
  bench.registry.put(layout.blobs, named);
  const start = process.memoryUsage();
  let most = 0;
  const timer = setInterval(() => {
    const { rss } = process.memoryUsage();
    most = Math.max(most, rss - start.rss);
  }, 20);
  await bench.pull();
  clearInterval(timer);
  expect(most).toBeLessThan(100 * 1024 * 1024);
  expect(sha256(large)).toBe(bench.store.images.get(`${bench.registry.address}/web:1`).layers[0]!.diffId.slice(7));
});
