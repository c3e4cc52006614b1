import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Database } from '../host/database.ts';
import { list, makeDirectory, remove } from '../host/files.ts';
import { syncFileSystem } from '../host/unpacker.ts';
import { openWorkers } from '../host/workers.ts';
import { codeOf, unavailable } from '../model/errors.ts';
import type { Digest } from '../model/ids.ts';
import { canonicalName, familiarName } from '../model/reference.ts';
import type { ArchivedImage } from './archived-images.ts';
import type { ContentStore, ReceivedContent } from './content.ts';
import type { ImageRecord, ImageRecords } from './records.ts';
import { LayerStage, type LayerStore, type Progress, type StagedLayer } from './stage.ts';

export interface IntakeOptions {
  readonly database: Database;
  readonly root: string;
  readonly layers: LayerStore;
  /** Path of berth-helper. */
  readonly helper: string;
  readonly records: ImageRecords;
  readonly content: ContentStore;
}

/**
 * The one way in, and out: images that have come into a directory aside become the store's, all or nothing, and
 * whatever no image, no container and no work under way needs any more is swept.
 */
export interface Intake {
  /** A directory on the store's file system that is gone afterwards, with whatever a failure left in the store. */
  aside<T>(work: (directory: string) => Promise<T>): Promise<T>;
  /** Told that images are on their way. */
  expect(): void;
  /** Unpacks, syncs, places and records; gives up when `signal` is aborted while it unpacks. */
  store(images: readonly ArchivedImage[], directory: string, progress: Progress, signal?: AbortSignal): Promise<void>;
  /** Keeps all that an image consists of while the work goes on, even if the image is removed. */
  holding<T>(records: readonly ImageRecord[], work: () => Promise<T>): Promise<T>;
  /** Keeps it until `release`. */
  hold(records: readonly ImageRecord[]): { release(): void };
  /** Mark and sweep; the bytes it freed. */
  sweep(): Promise<number>;
}

interface Pin {
  readonly layers: Set<string>;
  readonly blobs: Set<Digest>;
}

const noSpace = new Set(['ENOSPC', 'EDQUOT']);

export async function openIntake(options: IntakeOptions): Promise<Intake> {
  const { database, root, layers, helper, records, content } = options;
  const temporary = join(root, 'tmp');
  const workers = openWorkers();
  /** What work under way uses and no record names yet, or soon no more. */
  const pins = new Set<Pin>();
  // Placing and sweeping never overlap: what one has just renamed, the other would take for rubbish.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };

  const mark = (pin: Pin, record: ImageRecord): void => {
    pin.blobs.add(record.id);
    if (record.manifest) pin.blobs.add(record.manifest);
    for (const layer of record.layers) {
      pin.layers.add(layer.name);
      pin.blobs.add(layer.blob);
    }
  };

  const sweep = (): Promise<number> =>
    inTurn(async () => {
      const kept: Pin = { layers: new Set(), blobs: new Set() };
      for (const id of records.ids()) mark(kept, records.byId(id)!);
      for (const pin of pins) {
        pin.layers.forEach((name) => kept.layers.add(name));
        pin.blobs.forEach((digest) => kept.blobs.add(digest));
      }
      await content.sweep(kept.blobs);
      return layers.sweep(kept.layers);
    });

  const hold = (held: readonly ImageRecord[]): { release(): void } => {
    const pin: Pin = { layers: new Set(), blobs: new Set() };
    for (const record of held) mark(pin, record);
    pins.add(pin);
    return { release: () => void pins.delete(pin) };
  };

  const store: Intake['store'] = async (images, directory, progress, signal) => {
    const pin: Pin = { layers: new Set(), blobs: new Set() };
    pins.add(pin);
    try {
      const stage = new LayerStage({
        layers, helper, workers, directory: join(directory, 'layers'), progress, isVerified: records.isVerified,
        pin: (layer) => pin.layers.add(layer.name), ...(signal ? { signal } : {}),
      });
      const unpacked = await stage.add(images);
      await syncFileSystem(helper, root);
      const staged = stage.staged;
      for (const { layer } of staged) pin.layers.add(layer.name);
      await inTurn(() => place(pin, images, staged));
      database.transaction(() => {
        for (const { layer } of staged) layers.record(layer);
        for (const [at, image] of images.entries()) {
          const { id, config, manifest, parent } = image;
          records.insert({
            id, config, layers: unpacked[at]!, ...(manifest ? { manifest: manifest.digest } : {}),
            // A parent that was removed meanwhile is none.
            ...(parent && records.byId(parent) ? { parent } : {}),
          });
          for (const reference of image.references) {
            const before = records.setName(canonicalName(reference), id);
            if (before) {
              const words = 'already exists, renaming the old one with ID';
              progress({ stream: `The image ${familiarName(reference)} ${words} ${before} to empty string\n` });
            }
          }
        }
      });
    } finally {
      pins.delete(pin);
    }
  };

  async function place(pin: Pin, images: readonly ArchivedImage[], staged: readonly StagedLayer[]): Promise<void> {
    const blobs = new Map<Digest, ReceivedContent>();
    for (const image of images) {
      for (const blob of [image.configContent, image.manifest, ...image.layers.map((layer) => layer.content)]) {
        if (blob) blobs.set(blob.digest, blob);
      }
    }
    for (const digest of blobs.keys()) pin.blobs.add(digest);
    for (const blob of blobs.values()) await content.place(blob);
    for (const { layer, tree } of staged) await layers.place(layer, tree);
  }

  // What a load left that was killed: files aside, then what it had placed without a record.
  await makeDirectory(temporary);
  for (const name of await list(temporary)) await remove(join(temporary, name));
  await sweep();

  return {
    sweep,
    hold,
    store,
    expect: workers.warm,
    async holding(held, work) {
      const { release } = hold(held);
      try {
        return await work();
      } finally {
        release();
      }
    },
    async aside(work) {
      const directory = join(temporary, randomBytes(6).toString('hex'));
      await makeDirectory(directory);
      try {
        return await work(directory);
      } catch (error) {
        await sweep().catch(() => undefined);
        if (!noSpace.has(codeOf(error) ?? '')) throw error;
        const todo = "remove what isn't needed, or add space";
        throw unavailable(`store image under ${root}: no space left on device: ${todo}`, error);
      } finally {
        await remove(directory);
      }
    },
  };
}

