import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ImageBench, sha256 } from './bench.ts';

const program = new URL('load-until-killed.ts', import.meta.url).pathname;

test('a store whose engine is killed at any moment is whole: each image has its blobs and layers, and nothing is left over', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'berth-killed-'));
  let seen = 0;
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    // A different moment each time, within the rounds that follow the first.
    await new Promise((resolve) => setTimeout(resolve, (round * 97) % 400));
    child.kill('SIGKILL');
    await once(child, 'exit');

    const bench = await ImageBench.open(directory);
    const blobs = new Set<string>();
    const trees = new Set<string>();
    for (const { id, layers } of bench.images.list()) {
      seen++;
      expect(sha256(readFileSync(join(bench.root, 'blobs/sha256', id.slice(7))))).toBe(id.slice(7));
      blobs.add(id.slice(7));
      for (const { name, blob } of layers) {
        expect(sha256(readFileSync(join(bench.root, 'blobs/sha256', blob.slice(7))))).toBe(blob.slice(7));
        expect(bench.layers.get(name), name).toBeDefined();
        expect(existsSync(bench.layers.path(name))).toBe(true);
        blobs.add(blob.slice(7));
        trees.add(name);
      }
      // A whole layer: as many files as were packed.
      const [bottom] = layers;
      expect(readdirSync(join(bench.layers.path(bottom!.name), 'shared'))).toHaveLength(30);
    }
    expect(new Set(readdirSync(join(bench.root, 'blobs/sha256')))).toEqual(blobs);
    expect(new Set(readdirSync(bench.layers.directory).filter((name) => name !== 'empty'))).toEqual(trees);
    expect(readdirSync(join(bench.root, 'tmp'))).toEqual([]);
    if (round === 4) await bench.close();
    else bench.database.close();
  }
  expect(seen).toBeGreaterThan(3);
});
