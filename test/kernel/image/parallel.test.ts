import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ArchivedImage } from '../../../src/image/archived-images.ts';
import { imageConfig } from '../../../src/image/documents.ts';
import type { Digest } from '../../../src/model/ids.ts';
import { archive, entry } from '../../unit/image/tar-bytes.ts';
import { configOf, ImageBench, must, savedImage, sha256, writeTo } from './bench.ts';

/** Layers are unpacked at the same time, in whatever order they come; the tree is the one that order gives. */
let bench: ImageBench;
beforeEach(async () => {
  bench = await ImageBench.open();
});
afterEach(() => bench.close());

/** Numbers below `n`, the same for the same seed. */
function dice(seed: number): (n: number) => number {
  const state = { at: seed };
  return (n) => {
    state.at = (Math.imul(state.at, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state.at / 2 ** 32) * n);
  };
}

/** Layers that make, replace and hide the same few names; directories are often left out. */
function randomLayers(seed: number, count: number): Buffer[] {
  const roll = dice(seed);
  return Array.from({ length: count }, (_, layer) => {
    const files = new Map<string, Buffer>();
    const put = (name: string, made: Buffer): void => {
      // No name twice, and nothing below a file of the same layer.
      const clashes = [...files.keys()].some((other) => other === name || other.startsWith(`${name}/`) || name.startsWith(`${other}/`));
      if (!clashes) files.set(name, made);
    };
    const directories = new Map<string, Buffer>();
    for (let at = 0; at < 12; at++) {
      const parent = ['', 'a/', 'b/', 'a/c/', 'b/c/d/'][roll(5)]!;
      const name = `${parent}${'wxyz'[roll(4)]!}`;
      const kind = roll(6);
      if (kind <= 2) put(name, entry({ name, data: `${layer} ${at}`, mode: '0000640' }));
      else if (kind === 3 && layer > 0) put(name, entry({ name: `${parent}.wh.${name.slice(parent.length)}` }));
      else if (kind === 4) put(name, entry({ name, type: '2', link: `to-${layer}` }));
      else if (parent !== '') directories.set(parent, entry({ name: parent, type: '5', mode: `00007${roll(8)}0`, uid: `000${roll(8)}000` }));
    }
    return archive(...directories.values(), ...files.values());
  });
}

/** Without the times of directories, which the reference sets by when it made them, and counts of links. */
const comparable = (print: string): string[] =>
  print.split('\n').flatMap((line) => (/^[^|]*\|d\|/.test(line) ? [line.replace(/\|[0-9.-]+\|$/, '|')] : /^[^|]*\|[flpbc]\|/.test(line) ? [line] : []));

test('of layers that come in any order, the tree is the one that podman makes of them in order', async () => {
  for (const seed of [1, 2, 3]) {
    const layers = randomLayers(seed, 9);
    const name = `random:${seed}`;
    await bench.images.take(async (directory): Promise<ArchivedImage[]> => {
      const config = configOf({ layers });
      const roll = dice(seed + 100);
      return [{
        id: `sha256:${sha256(config)}` as Digest, config: imageConfig(JSON.parse(config.toString()), 'config'),
        references: [{ domain: 'docker.io', path: 'library/random', tag: String(seed) }],
        configContent: { path: writeTo(`${directory}/config`, config), digest: `sha256:${sha256(config)}` as Digest, size: config.length },
        layers: layers.map((bytes, at) => ({
          name: `layer ${at}`, diffId: `sha256:${sha256(bytes)}` as Digest,
          content: { path: `${directory}/${at}`, digest: `sha256:${sha256(bytes)}` as Digest, size: bytes.length },
          open: async function* () {
            await writeFile(`${directory}/${at}`, bytes);
            for (let from = 0; from < bytes.length; from += 1500) {
              await new Promise((resolve) => setTimeout(resolve, roll(10)));
              yield bytes.subarray(from, from + 1500);
            }
          },
        })),
      }];
    });
    const path = bench.path(`${seed}.tar`);
    await pipeline(bench.images.save([name]).archive, createWriteStream(path));
    const podman = ['--root', bench.path('podman'), '--runroot', bench.path('run'), '--storage-driver', 'vfs'];
    await must('podman', ...podman, 'load', '-q', '-i', path);
    const container = (await must('podman', ...podman, 'create', '--network', 'none', name, 'true')).trim();
    const root = (await must('podman', ...podman, 'mount', container)).trim();
    const theirs = await must('sh', '-c', "cd \"$1\" && find . -mindepth 1 -printf '%P|%y|%m|%U|%G|%T@|%l\\n' | sort", 'sh', root);
    const skip = (line: string): boolean => !/^(?:dev|proc|sys|etc|run)(?:[|/]|$)/.test(line) && !line.startsWith('|');
    expect(comparable(await bench.merged(name)).filter(skip).toSorted(), `seed ${seed}`).toEqual(comparable(theirs).filter(skip).toSorted());
  }
});

test('the event loop only hands bytes on while an image is loaded: no turn of it takes 20 ms of processor time', async () => {
  const big = randomBytes(12 << 20);
  const small = Array.from({ length: 3000 }, (_, at) => entry({ name: `d${at % 50}/f${at}`, data: `content ${at}`.repeat(40) }));
  const layers = [archive(entry({ name: 'big', data: Buffer.concat([big, Buffer.alloc(20 << 20, 'text '), big]) })), archive(...small)];
  const bytes = savedImage({ layers: layers.map((layer) => gzipSync(layer, { level: 1 })), diffIds: layers.map((layer) => `sha256:${sha256(layer)}`) });
  const chunks = Array.from({ length: Math.ceil(bytes.length / 65536) }, (_, at) => bytes.subarray(at * 65536, (at + 1) * 65536));
  const before = process.memoryUsage.rss();
  let longest = 0;
  let turns = 0;
  let memory = 0;
  let at = process.threadCpuUsage();
  // Processor time of this thread between two turns: what others on the machine take doesn't count.
  const watch = setInterval(() => {
    const used = process.threadCpuUsage(at);
    at = process.threadCpuUsage();
    longest = Math.max(longest, (used.user + used.system) / 1000);
    memory = Math.max(memory, process.memoryUsage.rss());
    turns++;
  }, 1);
  await bench.images.load(Readable.from(chunks));
  clearInterval(watch);
  expect(turns).toBeGreaterThan(20);
  expect(longest).toBeLessThan(20);
  expect((memory - before) / 2 ** 20).toBeLessThan(120);
});
