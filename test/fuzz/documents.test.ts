import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { receiveArchive } from '../../src/image/archive.ts';
import { imagesOf } from '../../src/image/archived-images.ts';
import { imageConfig, manifestOrIndex, savedImages } from '../../src/image/documents.ts';
import { BerthError } from '../../src/model/errors.ts';
import { archive, entry } from '../unit/image/tar-bytes.ts';
import { configOf, Layout, savedImage } from '../kernel/image/bench.ts';
import { fuzz, type Dice } from './dice.ts';

const layer = archive(entry({ name: 'f', data: 'x' }));
const digest = `sha256:${'a'.repeat(64)}`;
const odd: readonly unknown[] = [null, undefined, -1, 1.5, 1e300, '', 'x'.repeat(5000), [], [[]], {}, { a: {} }, true, digest, 'sha256:../../x', 2 ** 53];

/** Some values of a document put in the place of others, or left out. */
function twisted(dice: Dice, value: unknown, depth = 0): unknown {
  if (dice.roll(depth === 0 ? 50 : 12) === 0) return dice.one(odd);
  if (Array.isArray(value)) {
    const items = value.map((item) => twisted(dice, item, depth + 1));
    return dice.roll(8) === 0 ? [...items, ...items] : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(() => dice.roll(20) > 0).map(([key, inner]) => [dice.roll(30) === 0 ? '__proto__' : key, twisted(dice, inner, depth + 1)]);
  return Object.fromEntries(dice.roll(20) === 0 ? [...fields, [dice.one(['manifests', 'layers', 'config', 'fsLayers', 'mediaType']), dice.one(odd)]] : fields);
}

function checked(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof BerthError && error.kind === 'invalid' && error.message.length < 1000)) throw error;
  }
}

test('documents of images, with anything in any place, are taken or refused by name', async () => {
  const manifest = { schemaVersion: 2, config: { digest, size: 1 }, layers: [{ digest, size: 2, mediaType: 'x' }] };
  const index = { schemaVersion: 2, manifests: [{ digest, size: 3, platform: { os: 'linux', architecture: 'amd64' }, annotations: { a: 'b' } }] };
  const config = {
    architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [digest] }, history: [{ created: 'x', empty_layer: true }],
    config: { Env: ['a=b'], Cmd: ['x'], ExposedPorts: { '80': {} }, Labels: { a: 'b' }, Healthcheck: { Test: ['CMD'], Interval: 1 } },
  };
  await fuzz((dice) => {
    checked(() => manifestOrIndex(twisted(dice, manifest), 'manifest'));
    checked(() => manifestOrIndex(twisted(dice, index), 'index'));
    checked(() => imageConfig(twisted(dice, config), 'config'));
    checked(() => savedImages(twisted(dice, [{ Config: 'c', RepoTags: ['a:1'], Layers: ['l'] }])));
    expect(({} as Record<string, unknown>)['layers']).toBeUndefined();
  });
});

test('archives, damaged in their bytes or their documents, are understood or refused, and nothing is written beside', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'berth-fuzz-'));
  try {
    await fuzz(async (dice, seed) => {
      const into = join(directory, String(seed));
      const layout = new Layout();
      const descriptor = layout.manifest({ layers: [layer] });
      const kind = dice.roll(3);
      const whole = kind === 0 ? savedImage({ layers: [layer] }) : kind === 1 ? layout.pack([twisted(dice, descriptor) as object]) : archive(
        entry({ name: 'c.json', data: configOf({ layers: [layer] }) }), entry({ name: 'l.tar', data: layer }),
        entry({ name: 'manifest.json', data: JSON.stringify(twisted(dice, [{ Config: 'c.json', RepoTags: ['a:1'], Layers: ['l.tar'] }])) }),
      );
      const damaged = dice.roll(2) === 0 ? dice.damaged(whole) : whole;
      const sent = dice.roll(4) === 0 ? dice.damaged(gzipSync(damaged)) : damaged;
      await mkdir(into);
      try {
        await imagesOf(await receiveArchive(Readable.from(dice.pieces(sent)), into), { os: 'linux', architecture: 'amd64' });
      } catch (error) {
        if (!(error instanceof BerthError && error.kind === 'invalid')) throw error;
      }
      await rm(into, { recursive: true });
    });
    const left = await readdir(directory);
    expect(left).toEqual([]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
