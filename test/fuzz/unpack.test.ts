import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLayer } from '../../src/image/unpack.ts';
import { BerthError } from '../../src/model/errors.ts';
import type { Digest } from '../../src/model/ids.ts';
import { archive, entry } from '../unit/image/tar-bytes.ts';
import { fingerprint, helperPath } from '../kernel/image/bench.ts';
import { fuzz, type Dice } from './dice.ts';

/** Hostile layers by the helper: whatever they name, the tree beside keeps its fingerprint. */
const targets = ['../canary', '../../canary/file', '/canary', 's', 's/file', 'd', '.', 'd/s', '../canary/file', 'h'];
const names = ['s', 's/file', 'd', 'd/s', 'd/s/file', 'h', 'h/file', 'd/.wh.file', 's/.wh.file', 's/.wh..wh..opq', '.wh.s', 'd/e/f'];

const randomLayer = (dice: Dice): Buffer =>
  archive(...Array.from({ length: 2 + dice.roll(8) }, () =>
    entry({ name: dice.one(names), type: dice.one(['0', '1', '2', '2', '5', '6']), link: dice.one(targets), mode: '0004777', data: '' })));

test('no layer writes, links or changes anything beside its own tree, nor ends the helper otherwise than by a word', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'berth-fuzz-'));
  try {
    await mkdir(join(directory, 'canary'));
    await writeFile(join(directory, 'canary/file'), 'untouched', { mode: 0o600 });
    const before = await fingerprint(join(directory, 'canary'));
    await fuzz(async (dice, seed) => {
      const into = join(directory, `layer-${seed}`);
      await mkdir(into);
      const bytes = randomLayer(dice);
      const chunks = (async function* () {
        yield bytes;
      })();
      try {
        const request = { blob: 'sha256:' as Digest, name: 'layer', into: { directory: into, helper: helperPath } };
        await readLayer({ request, chunks, signal: new AbortController().signal, tell: () => undefined });
      } catch (error) {
        if (!(error instanceof BerthError && error.kind === 'invalid')) throw error;
      }
      await rm(into, { recursive: true, force: true });
      if (seed % 20 === 0) expect(await fingerprint(join(directory, 'canary'))).toBe(before);
    });
    expect(await fingerprint(join(directory, 'canary'))).toBe(before);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
