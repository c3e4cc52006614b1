import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeRegistry, send } from '../../fixtures/fake-registry.ts';
import { archive, entry } from '../../unit/image/tar-bytes.ts';
import { waitUntil } from '../../world.ts';
import { ImageBench, Layout, must } from './bench.ts';
import { PullBench } from './pulling.ts';

/** Pulls that go on where they stopped, and work that is shared. */
let bench: PullBench;
beforeEach(async () => {
  bench = await PullBench.open();
});
afterEach(() => bench.close());

const file = (name: string, size: number): Buffer => archive(entry({ name, data: randomBytes(size) }));

function offer(layers: Buffer[], tag = '1'): string[] {
  const layout = new Layout();
  const named = layout.manifest({ layers });
  bench.registry.put(layout.blobs, named, 'web', tag);
  return layers.map((layer) => layout.add(layer).digest);
}

const image = (tag = '1'): ReturnType<ImageBench['images']['get']> => bench.store.images.get(`${bench.registry.address}/web:${tag}`);

test('connections cut at random offsets cost only what was under way', async () => {
  const [digest] = offer([file('large', 6_000_000)]);
  let cuts = 0;
  bench.registry.lie = (request, response, path) => {
    if (!path.endsWith(digest!) || cuts >= 12) return false;
    cuts++;
    const bytes = bench.registry.blobs.get(digest!)!;
    const start = Number(/bytes=(\d+)/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const length = 1 + Math.floor(Math.random() * 700_000);
    const head = { 'Content-Length': bytes.length - start };
    response.writeHead(start > 0 ? 206 : 200, start > 0 ? { ...head, 'Content-Range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : head);
    response.write(bytes.subarray(start, start + length), () => response.destroy());
    return true;
  };
  await bench.pull();
  expect(image().layers[0]!.blob).toBe(digest);
  const starts = bench.registry.asked(`/blobs/${digest}`).map(({ range }) => Number(/bytes=(\d+)/.exec(range ?? '')?.[1] ?? 0));
  expect(starts).toHaveLength(13);
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  expect(starts.at(-1)).toBeGreaterThan(1_000_000);
});

test('a registry that knows no ranges gives the whole layer again', async () => {
  const [digest] = offer([file('large', 2_000_000)]);
  let times = 0;
  bench.registry.lie = (_request, response, path) => {
    if (!path.endsWith(digest!)) return false;
    const bytes = bench.registry.blobs.get(digest!)!;
    response.writeHead(200, { 'Content-Length': bytes.length });
    if (++times > 2) response.end(bytes);
    else response.write(bytes.subarray(0, 900_000 * times), () => response.destroy());
    return true;
  };
  await bench.pull();
  expect(times).toBe(3);
  expect(image().layers[0]!.blob).toBe(digest);
});

test('a registry that says when to come back is asked then', async () => {
  offer([file('small', 1000)]);
  const times: number[] = [];
  bench.registry.lie = (_request, response, path) => {
    if (!path.includes('/manifests/')) return false;
    times.push(performance.now());
    if (times.length > 1) return false;
    response.writeHead(429, { 'Retry-After': '1' }).end();
    return true;
  };
  await bench.pull();
  expect(times[1]! - times[0]!).toBeGreaterThan(950);
});

test('a pull that was given up goes on where it stopped, and a client that left ends it', async () => {
  const [digest] = offer([file('large', 9_000_000)]);
  const bytes = bench.registry.blobs.get(digest!)!;
  bench.registry.lie = (_request, response, path) => {
    if (!path.endsWith(digest!)) return false;
    response.writeHead(200, { 'Content-Length': bytes.length });
    response.write(bytes.subarray(0, 5_000_000));
    return true;
  };
  const gone = new AbortController();
  const pull = bench.pull('web:1', { signal: gone.signal });
  pull.catch(() => undefined);
  await waitUntil(() => bench.lines.some(({ progressDetail }) => (progressDetail?.current ?? 0) > 4_000_000), 5000);
  gone.abort(new Error('the client left'));
  await expect(pull).rejects.toThrow('the client left');
  bench.registry.lie = undefined;
  await bench.pull();
  const last = bench.registry.asked(`/blobs/${digest}`).at(-1)!;
  expect(Number(/bytes=(\d+)/.exec(last.range ?? '')?.[1])).toBeGreaterThan(4_000_000);
  expect(image().layers[0]!.blob).toBe(digest);
  expect(readdirSync(join(bench.store.root, 'partials'))).toEqual([]);
});

test('what a partial has wrong is noticed by the digest, and fetched anew', async () => {
  const [digest] = offer([file('large', 3_000_000)]);
  const gone = new AbortController();
  const bytes = bench.registry.blobs.get(digest!)!;
  bench.registry.lie = (_request, response, path) => {
    if (!path.endsWith(digest!)) return false;
    response.writeHead(200, { 'Content-Length': bytes.length });
    response.write(bytes.subarray(0, 2_000_000));
    setTimeout(() => gone.abort(new Error('left')), 200);
    return true;
  };
  await bench.pull('web:1', { signal: gone.signal }).catch(() => undefined);
  const directory = join(bench.store.root, 'partials');
  await waitUntil(() => readdirSync(directory).some((name) => name.endsWith('.note')), 2000);
  const name = readdirSync(directory).find((one) => !one.endsWith('.note'))!;
  const damaged = readFileSync(join(directory, name));
  damaged.fill(0, 1000, 2000);
  writeFileSync(join(directory, name), damaged);
  bench.registry.lie = undefined;
  await bench.pull();
  expect(image().layers[0]!.blob).toBe(digest);
});

test('a layer of 80 MB comes in ranges, three at a time', async () => {
  const [digest] = offer([archive(entry({ name: 'huge', data: Buffer.alloc(80 * 1024 * 1024, randomBytes(1 << 20)) }))]);
  let active = 0;
  let most = 0;
  bench.registry.lie = (request, response, path) => {
    if (!path.endsWith(digest!)) return false;
    most = Math.max(most, ++active);
    setTimeout(() => send(request, response, bench.registry.blobs.get(digest!)!), 30);
    response.on('close', () => active--);
    return true;
  };
  await bench.pull();
  expect(bench.registry.asked(`/blobs/${digest}`)).toHaveLength(6);
  expect(most).toBe(3);
  expect(image().layers[0]!.blob).toBe(digest);
});

test('two pulls that share a layer fetch it once, three layers at a time', async () => {
  const layers = Array.from({ length: 6 }, (_, at) => file(`f${at}`, 300_000));
  const [shared] = offer(layers);
  offer([layers[0]!, file('own', 1000)], '2');
  let active = 0;
  let most = 0;
  bench.registry.lie = (request, response, path) => {
    if (!path.includes('/blobs/') || bench.registry.blobs.get(path.split('/').pop()!)!.length < 10_000) return false;
    most = Math.max(most, ++active);
    response.on('close', () => active--);
    setTimeout(() => send(request, response, bench.registry.blobs.get(path.split('/').pop()!)!), 60);
    return true;
  };
  await Promise.all([bench.pull('web:1'), bench.pull('web:2')]);
  expect(bench.registry.asked(`/blobs/${shared}`)).toHaveLength(1);
  expect(most).toBe(3);
  expect(image('1').layers[0]!.name).toBe(image('2').layers[0]!.name);
  expect(bench.lines.map(({ status }) => status)).toContain('Waiting');
});

test('layers are unpacked while they download', async () => {
  const [digest] = offer([file('first', 1000), gzipSync(Buffer.alloc(0)), file('second', 4_000_000)].filter((layer) => layer.length > 100));
  let unpackedBefore = false;
  bench.registry.lie = (request, response, path) => {
    const target = path.split('/').pop()!;
    const bytes = bench.registry.blobs.get(target);
    if (!path.includes('/blobs/') || !bytes || bytes.length < 1_000_000) return false;
    response.writeHead(200, { 'Content-Length': bytes.length });
    response.write(bytes.subarray(0, 3_000_000));
    const tmp = join(bench.store.root, 'tmp');
    const tick = setInterval(() => {
      const trees = readdirSync(tmp, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('/second'));
      if (trees.length === 0 || statSync(join(tmp, trees[0]!)).size < 1_000_000) return;
      unpackedBefore = true;
      clearInterval(tick);
      response.end(bytes.subarray(3_000_000));
    }, 10);
    setTimeout(() => (clearInterval(tick), response.end(bytes.subarray(3_000_000))), 3000);
    return Boolean(request);
  };
  await bench.pull();
  expect(digest).toBeDefined();
  expect(unpackedBefore).toBe(true);
});

test('kill -9 in the middle of a pull: the next engine resumes it', async () => {
  const [digest] = offer([file('large', 12_000_000)]);
  const bytes = bench.registry.blobs.get(digest!)!;
  bench.registry.lie = (_request, response, path) => {
    if (!path.endsWith(digest!)) return false;
    response.writeHead(200, { 'Content-Length': bytes.length });
    response.write(bytes.subarray(0, 9_000_000));
    return true;
  };
  const directory = join(bench.store.directory, 'killed');
  await mkdir(directory);
  const script = new URL('pull-once.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, directory, `${bench.registry.address}/web:1`], { stdio: 'ignore' });
  const partials = join(directory, 'root/partials');
  await waitUntil(() => existsSync(partials) && readdirSync(partials).some((name) => name.endsWith('.note')), 10_000);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  bench.registry.lie = undefined;
  const second = await PullBench.open({ directory, registry: bench.registry });
  await second.pull();
  const last = bench.registry.asked(`/blobs/${digest}`).at(-1)!;
  expect(Number(/bytes=(\d+)/.exec(last.range ?? '')?.[1])).toBeGreaterThanOrEqual(4_000_000);
  expect(second.store.images.get(`${bench.registry.address}/web:1`).layers[0]!.blob).toBe(digest);
  expect(readdirSync(partials)).toEqual([]);
  expect(readdirSync(join(directory, 'root/tmp'))).toEqual([]);
  second.registries.close();
  second.store.database.close();
});

test('a disk that fills up during a pull is told as such, and leaves nothing', async () => {
  offer([file('large', 6_000_000)]);
  const small = bench.store.path('small');
  await mkdir(small);
  const script = new URL('pull-once.ts', import.meta.url).pathname;
  const output = await must('unshare', '--mount', '--propagation', 'private', 'sh', '-c',
    'mount -t tmpfs -o size=4m tmpfs "$1" && "$2" "$3" "$1" "$4"', 'sh', small, process.execPath, script, `${bench.registry.address}/web:1`);
  expect(JSON.parse(output)).toEqual({ kind: 'unavailable', message: expect.stringMatching(/no space left on device/) as string, same: true });
});

test('an engine on the mirror’s list is asked first, and the registry where it fails', async () => {
  const mirror = await FakeRegistry.open();
  try {
    offer([file('small', 1000)]);
    const options = { mirrors: [{ registry: bench.registry.address, url: new URL(`http://${mirror.address}/`) }] };
    const other = await PullBench.open({ options, registry: bench.registry });
    await other.pull();
    expect(mirror.asked('/manifests/').length).toBeGreaterThan(0);
    expect(bench.registry.asked('/blobs/').length).toBeGreaterThan(0);
    for (const [key, value] of bench.registry.manifests) mirror.manifests.set(key, value);
    for (const [key, value] of bench.registry.blobs) mirror.blobs.set(key, value);
    const before = bench.registry.requests.length;
    const third = await PullBench.open({ options, registry: bench.registry });
    await third.pull('web:1', { credentials: { username: 'captain', password: 'sail' } });
    expect(bench.registry.requests).toHaveLength(before);
    expect(mirror.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
    for (const one of [other, third]) {
      one.registries.close();
      await one.store.close();
    }
  } finally {
    mirror.close();
  }
});
