import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Context } from '../../../src/engine/context.ts';
import { EventBus } from '../../../src/engine/events.ts';
import { collectImages } from '../../../src/engine/image-gc.ts';
import { diskUse } from '../../../src/host/files.ts';
import type { ImageId } from '../../../src/model/ids.ts';
import { archive, entry } from '../../unit/image/tar-bytes.ts';
import { ImageBench, must, savedImage } from './bench.ts';

/** `--image-gc-high`, `--image-gc-low`: a real store, with a disk whose use the test decides. */
let bench: ImageBench;
let used: ImageId[];
beforeEach(async () => {
  bench = await ImageBench.open();
  used = [];
});
afterEach(() => bench.close());

const load = async (tag: string): Promise<ImageId> =>
  (await bench.load(savedImage({ layers: [archive(entry({ name: tag, data: tag }))], tags: [tag] })))[0]!.id;

const context = (): Context => ({
  images: bench.images, events: new EventBus(), userFiles: new Map(), options: { root: bench.root, log: () => {} },
  records: { all: () => used.map((imageId) => ({ id: 'c', imageId, state: { status: 'exited' } })) },
}) as unknown as Context;

/** A disk on which each image takes ten percent. */
const disk = (): Promise<number> => Promise.resolve(50 + 10 * bench.images.list().length);

test('below the limit nothing goes; above it nameless images and then the oldest, until it is low enough', async () => {
  const first = await load('first:1');
  const taken = await load('taken:1');
  const lost = await load('moved:1');
  await bench.load(savedImage({ layers: [archive(entry({ name: 'z', data: 'z' }))], tags: ['moved:1'] }));
  used = [taken];
  expect(await collectImages(context(), { high: 95, low: 60 }, disk)).toEqual([]);
  expect(await collectImages(context(), { high: 80, low: 70 }, disk)).toEqual([lost, first]);
  expect(bench.images.list().map(({ repoTags }) => repoTags[0]).toSorted()).toEqual(['moved:1', 'taken:1']);
});

test('what a container uses stays, however full the disk is', async () => {
  used = [await load('taken:1')];
  await load('free:1');
  await bench.images.tag('free:1', 'other:1');
  expect(await collectImages(context(), { high: 1, low: 0 }, disk)).toHaveLength(1);
  expect(bench.images.list().map(({ id }) => id)).toEqual(used);
});

test('the use of a disk is what df says', async () => {
  const percent = /(\d+)%/.exec(await must('df', '--output=pcent', bench.root))?.[1];
  expect(Math.abs((await diskUse(bench.root)) - Number(percent))).toBeLessThanOrEqual(1);
});
