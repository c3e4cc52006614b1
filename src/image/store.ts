import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Database } from '../host/database.ts';
import { list, makeDirectory, remove } from '../host/files.ts';
import { syncFileSystem } from '../host/unpacker.ts';
import { codeOf, conflict, notFound, unavailable } from '../model/errors.ts';
import type { Digest, ImageId } from '../model/ids.ts';
import type { ImageConfig, Platform } from '../model/oci-image.ts';
import { canonicalName, familiarName, parseReference, withDefaultTag } from '../model/reference.ts';
import { receiveArchive } from './archive.ts';
import { imagesOf, type ArchivedImage } from './archived-images.ts';
import { openContent, type ReceivedContent } from './content.ts';
import { historyOf, type HistoryEntry } from './history.ts';
import { imageOfTar, type ImportRequest } from './import.ts';
import { openImageRecords, type ImageLayer, type ImageRecord } from './records.ts';
import { planRemoval, type ImageUser, type RemovalLine, type RemovalPlan } from './removal.ts';
import { LayerStage, type LayerStore, type Progress, type StagedLayer } from './stage.ts';

export interface ImageOptions {
  readonly database: Database;
  /** Data root; blobs and temporary files live there, on one file system with the layers. */
  readonly root: string;
  readonly layers: LayerStore;
  /** Path of berth-helper. */
  readonly unpackHelper: string;
  /** What to choose where an image comes for several; the host's own unless told. */
  readonly platform?: Platform;
}

export interface LoadedImage {
  /** Familiar name, `web:latest`; undefined for an image without a name. */
  readonly reference?: string;
  readonly id: ImageId;
}

export interface RemoveOptions {
  readonly force?: boolean;
  readonly usedBy?: (id: ImageId) => readonly ImageUser[];
}

/**
 * The images of one data root.
 *
 * `load` receives an archive into files of its own, understands it, unpacks its layers aside, verifying every digest
 * and diff id, makes all of it durable with one sync, and only then renames blobs and layers into their places and
 * records them with their names in one transaction. If anything fails, the store is as it was. `run` then asks `get`
 * for the image, `config` for its defaults, `layersOf` for what a snapshot is prepared on. `remove` takes names away
 * by Docker's rules, and with the last one the image; blobs and layers that no image and no snapshot uses any more
 * are swept.
 */
export interface Images {
  /** From `docker save`, `podman save`, OCI archives or packed OCI folders. One entry for each name loaded. */
  load(stream: Readable, progress?: Progress): Promise<LoadedImage[]>;
  /** One layer, from a file system's tar. */
  import(stream: Readable, request: ImportRequest, progress?: Progress): Promise<ImageId>;
  /** Newest first. */
  list(): ImageRecord[];
  /** By name, name with digest, id, or unique beginning of an id. */
  find(name: string): ImageRecord | undefined;
  /** The same, but throws `not-found` in Docker's words. */
  get(name: string): ImageRecord;
  tag(source: string, target: string): void;
  history(name: string): HistoryEntry[];
  config(id: ImageId): ImageConfig;
  /** Names under `layers/`, bottom first. */
  layersOf(id: ImageId): string[];
  remove(name: string, options?: RemoveOptions): Promise<readonly RemovalLine[]>;
  /** Removes images without names (`dangling`), or all that no container uses. */
  prune(options: { dangling: boolean; usedBy: (id: ImageId) => readonly ImageUser[] }): Promise<PruneReport>;
}

export interface PruneReport {
  readonly deleted: readonly RemovalLine[];
  /** Bytes. */
  readonly reclaimed: number;
}

const noSpace = new Set(['ENOSPC', 'EDQUOT']);

const hostPlatform = (): Platform => ({
  os: 'linux',
  architecture: ({ x64: 'amd64', ia32: '386' } as Record<string, string>)[process.arch] ?? process.arch,
});

export async function openImages(options: ImageOptions): Promise<Images> {
  const { database, root, layers, unpackHelper: helper, platform = hostPlatform() } = options;
  const records = openImageRecords(database);
  const content = await openContent(root);
  const temporary = join(root, 'tmp');
  /** What loads under way use and no record names yet. */
  const pins = new Set<{ readonly layers: Set<string>; readonly blobs: Set<Digest> }>();
  // Placing and sweeping never overlap: what one has just renamed, the other would take for rubbish.
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };

  const get = (name: string): ImageRecord => {
    const found = records.resolve(name)?.record;
    if (!found) throw notFound(`No such image: ${shownName(name)}`);
    return found;
  };

  const sweep = (): Promise<number> =>
    inTurn(async () => {
      const keptLayers = new Set<string>();
      const keptBlobs = new Set<Digest>();
      for (const id of records.ids()) {
        const record = records.byId(id)!;
        keptBlobs.add(id);
        if (record.manifest) keptBlobs.add(record.manifest);
        for (const layer of record.layers) {
          keptLayers.add(layer.name);
          keptBlobs.add(layer.blob);
        }
      }
      for (const pin of pins) {
        pin.layers.forEach((name) => keptLayers.add(name));
        pin.blobs.forEach((digest) => keptBlobs.add(digest));
      }
      await content.sweep(keptBlobs);
      return layers.sweep(keptLayers);
    });

  /** Unpacks, syncs, places and records; all or nothing. */
  const store = async (images: readonly ArchivedImage[], directory: string, progress: Progress): Promise<void> => {
    const pin = { layers: new Set<string>(), blobs: new Set<Digest>() };
    pins.add(pin);
    try {
      const stage = new LayerStage({
        layers, helper, directory: join(directory, 'layers'), progress, isVerified: records.isVerified,
        pin: (layer) => pin.layers.add(layer.name),
      });
      const unpacked: { image: ArchivedImage; layers: ImageLayer[] }[] = [];
      for (const image of images) unpacked.push({ image, layers: await stage.add(image) });
      await syncFileSystem(helper, root);
      const staged = stage.staged;
      for (const { layer } of staged) pin.layers.add(layer.name);
      await inTurn(() => place(images, staged));
      database.transaction(() => {
        for (const { layer } of staged) layers.record(layer);
        for (const { image, layers: imageLayers } of unpacked) {
          const { id, config, manifest } = image;
          records.insert({ id, config, layers: imageLayers, ...(manifest ? { manifest: manifest.digest } : {}) });
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

    async function place(all: readonly ArchivedImage[], staged: readonly StagedLayer[]): Promise<void> {
      const blobs = new Map<Digest, ReceivedContent>();
      for (const image of all) {
        for (const blob of [image.configContent, image.manifest, ...image.layers.map((layer) => layer.content)]) {
          if (blob) blobs.set(blob.digest, blob);
        }
      }
      for (const digest of blobs.keys()) pin.blobs.add(digest);
      for (const blob of blobs.values()) await content.place(blob);
      for (const { layer, tree } of staged) await layers.place(layer, tree);
    }
  };

  /** A directory that is gone afterwards, with whatever a failure left in the store. */
  const aside = async <T>(work: (directory: string) => Promise<T>): Promise<T> => {
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
  };

  /** Carries a removal out; the bytes it freed. */
  const carryOut = async ({ names, deletes }: RemovalPlan, id: ImageId): Promise<number> => {
    database.transaction(() => {
      for (const name of names) records.deleteName(name);
      if (deletes) records.delete(id);
    });
    return deletes ? sweep() : 0;
  };

  // What a load left that was killed: files aside, then what it had placed without a record.
  await makeDirectory(temporary);
  for (const name of await list(temporary)) await remove(join(temporary, name));
  await sweep();

  return {
    get,
    find: (name) => records.resolve(name)?.record,
    list: () =>
      records.ids().map((id) => records.byId(id)!)
        .sort((a, b) => Date.parse(b.config.created ?? '') - Date.parse(a.config.created ?? '') || 0),
    load: (stream, progress = () => undefined) =>
      aside(async (directory) => {
        const images = await imagesOf(await receiveArchive(stream, directory), platform);
        await store(images, directory, progress);
        return images.flatMap(({ id, references }): LoadedImage[] =>
          references.length === 0 ? [{ id }] : references.map((one) => ({ id, reference: familiarName(one) })),
        );
      }),
    import: (stream, request, progress = () => undefined) =>
      aside(async (directory) => {
        const { repository, tag } = request;
        const reference = repository
          ? withDefaultTag(parseReference(tag ? `${repository}:${tag}` : repository))
          : undefined;
        const image = await imageOfTar(stream, request, reference, directory, platform);
        await store([image], directory, progress);
        return image.id;
      }),
    tag(source, target) {
      const reference = withDefaultTag(parseReference(target));
      if (reference.digest) throw conflict(`refusing to create a tag with a digest reference: ${target}`);
      records.setName(canonicalName(reference), get(source).id);
    },
    history(name) {
      const record = get(name);
      return historyOf(record);
    },
    config: (id) => get(id).config,
    layersOf: (id) => get(id).layers.map((layer) => layer.name),
    async remove(name, { force = false, usedBy = () => [] } = {}) {
      const found = records.resolve(name);
      if (!found) throw notFound(`No such image: ${shownName(name)}`);
      const { record, reference } = found;
      const plan = planRemoval({
        asked: name, record, names: records.namesOf(record.id), force, users: usedBy(record.id),
        ...(reference ? { reference } : {}),
      });
      await carryOut(plan, record.id);
      return plan.lines;
    },
    async prune({ dangling, usedBy }) {
      const deleted: RemovalLine[] = [];
      let reclaimed = 0;
      for (const id of records.ids()) {
        const names = records.namesOf(id);
        if ((dangling && names.length > 0) || usedBy(id).length > 0) continue;
        const plan = planRemoval({ asked: id, record: records.byId(id)!, names, force: true, users: [] });
        reclaimed += await carryOut(plan, id);
        deleted.push(...plan.lines);
      }
      return { deleted, reclaimed };
    },
  };
}

/** With the tag that was meant: `web:latest`. */
function shownName(name: string): string {
  if (/^(?:sha256:)?[0-9a-f]{12,64}$/.test(name)) return name;
  try {
    return familiarName(withDefaultTag(parseReference(name)));
  } catch {
    return name;
  }
}
