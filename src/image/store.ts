import type { Readable } from 'node:stream';
import type { Database } from '../host/database.ts';
import { invalid, notFound } from '../model/errors.ts';
import type { Digest, ImageId } from '../model/ids.ts';
import type { ContainerDefaults, ImageConfig, Platform } from '../model/oci-image.ts';
import { canonicalName, familiarName, parseReference, withDefaultTag, type Reference } from '../model/reference.ts';
import { receiveArchive } from './archive.ts';
import { imagesOf, type ArchivedImage } from './archived-images.ts';
import { builtImage, type BaseImage, type NewImage } from './built.ts';
import { applyChanges } from './changes.ts';
import { openContent, type ReceivedContent } from './content.ts';
import { historyOf, type HistoryEntry } from './history.ts';
import { openIntake } from './intake.ts';
import { openImageRecords, type ImageRecord } from './records.ts';
import { planRemoval, type ImageUser, type RemovalLine, type RemovalPlan } from './removal.ts';
import { imagesToSave, savedArchive } from './save.ts';
import type { LayerStore, Progress } from './stage.ts';

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

export interface ImportRequest {
  /** `web`, `localhost:5000/web`; without it the image has no name. */
  readonly repository?: string;
  readonly tag?: string;
  /** Dockerfile instructions: `CMD ["httpd"]`, `ENV A=b`. */
  readonly changes?: readonly string[];
  readonly message?: string;
  readonly platform?: Platform;
}

/** What an image made of a new layer says of itself. */
export interface ConfigPatch {
  /** All defaults of its containers; the parent's, where absent. */
  readonly config?: ContainerDefaults;
  readonly author?: string;
  readonly comment?: string;
  /** The command that made the layer, as `history` shows it. */
  readonly createdBy?: string;
  /** `web`, `localhost:5000/web`; without it the image has no name. */
  readonly repository?: string;
  readonly tag?: string;
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
  /** What `load` does, for images that come another way: `come` brings them into the directory it is given. */
  take(come: (directory: string) => Promise<readonly ArchivedImage[]>, progress?: Progress): Promise<LoadedImage[]>;
  has(id: ImageId): boolean;
  /** The blob of a layer that is unpacked for this chain (OCI image spec, "ChainID"); undefined where none is. */
  blobOf(diffId: Digest, chainId: Digest): ReceivedContent | undefined;
  /** Points names at an image. */
  name(id: ImageId, names: readonly Reference[]): void;
  /** One layer, from a file system's tar. */
  import(stream: Readable, request: ImportRequest, progress?: Progress): Promise<ImageId>;
  /**
   * A layer's tar (OCI whiteouts, compressed or not) on top of an image, or alone: the way of `commit`. Streams; costs
   * what the new layer costs.
   */
  addLayer(parent: ImageId | undefined, tar: AsyncIterable<Buffer>, patch: ConfigPatch): Promise<ImageId>;
  /**
   * An archive of images by name (`web:1`), repository (`web`: all its tags) or id, as `docker save` writes it. Throws
   * before the first byte where a name isn't there. What it needs stays until the stream ends.
   */
  save(names: readonly string[]): SavedImages;
  /** Newest first. */
  list(): ImageRecord[];
  /** By name, name with digest, id, or unique beginning of an id. */
  find(name: string): ImageRecord | undefined;
  /** The same, but throws `not-found` in Docker's words. */
  get(name: string): ImageRecord;
  /** Gives an image a further name, or moves one; the familiar name it got. */
  tag(source: string, target: string): { readonly id: ImageId; readonly name: string };
  history(name: string): HistoryEntry[];
  config(id: ImageId): ImageConfig;
  /** Names under `layers/`, bottom first. */
  layersOf(id: ImageId): string[];
  remove(name: string, options?: RemoveOptions): Promise<readonly RemovalLine[]>;
  /** Removes images without names (`dangling`), or all that no container uses. */
  prune(options: { dangling: boolean; usedBy: (id: ImageId) => readonly ImageUser[] }): Promise<PruneReport>;
}

export interface SavedImages {
  readonly ids: readonly ImageId[];
  readonly archive: AsyncIterable<Buffer>;
}

export interface PruneReport {
  readonly deleted: readonly RemovalLine[];
  /** Bytes. */
  readonly reclaimed: number;
}

const hostPlatform = (): Platform => ({
  os: 'linux',
  architecture: ({ x64: 'amd64', ia32: '386' } as Record<string, string>)[process.arch] ?? process.arch,
});

export async function openImages(options: ImageOptions): Promise<Images> {
  const { database, root, layers, unpackHelper: helper, platform = hostPlatform() } = options;
  const records = openImageRecords(database);
  const content = await openContent(root);
  const intake = await openIntake({ database, root, layers, helper, records, content });

  const get = (name: string): ImageRecord => {
    const found = records.resolve(name)?.record;
    if (!found) throw notFound(`No such image: ${shownName(name)}`);
    return found;
  };

  const take: Images['take'] = (come, progress = () => undefined) =>
    intake.aside(async (directory) => {
      const images = await come(directory);
      await intake.store(images, directory, progress);
      return images.flatMap(({ id, references }): LoadedImage[] =>
        references.length === 0 ? [{ id }] : references.map((one) => ({ id, reference: familiarName(one) })),
      );
    });

  const build = async (
    tar: AsyncIterable<Buffer>, image: NewImage, base?: BaseImage, progress?: Progress,
  ): Promise<ImageId> => {
    const [made] = await take(async (directory) => [await builtImage(tar, image, base, directory)], progress);
    return made!.id;
  };

  /** Carries a removal out; the bytes it freed. */
  const carryOut = async ({ names, deletes }: RemovalPlan, id: ImageId): Promise<number> => {
    database.transaction(() => {
      for (const name of names) records.deleteName(name);
      if (deletes) records.delete(id);
    });
    return deletes ? intake.sweep() : 0;
  };

  return {
    get,
    find: (name) => records.resolve(name)?.record,
    list: () =>
      records.ids().map((id) => records.byId(id)!)
        .sort((a, b) => Date.parse(b.config.created ?? '') - Date.parse(a.config.created ?? '') || 0),
    take,
    has: (id) => records.byId(id) !== undefined,
    blobOf(diffId, chainId) {
      const layer = layers.find(diffId, chainId);
      const blob = layer && records.blobOfLayer(layer.name);
      return blob && { path: content.path(blob.digest), ...blob };
    },
    name: (id, names) =>
      database.transaction(() => names.forEach((name) => records.setName(canonicalName(name), id))),
    load: (stream, progress) =>
      take(async (directory) => imagesOf(await receiveArchive(stream, directory), platform), progress),
    async import(stream, request, progress) {
      const reference = referenceIn(request);
      const config = applyChanges({}, request.changes ?? []);
      return build(stream as AsyncIterable<Buffer>, {
        config, platform: request.platform ?? platform, comment: request.message ?? 'Imported from -',
        ...(reference ? { reference } : {}),
      }, undefined, progress);
    },
    async addLayer(parent, tar, { config, author, comment, createdBy, ...name }) {
      const below = parent === undefined ? undefined : get(parent);
      const reference = referenceIn(name);
      const image: NewImage = {
        config: config ?? below?.config.config ?? {},
        platform: below?.config ?? platform,
        ...(author ? { author } : {}),
        ...(comment ? { comment } : {}),
        ...(createdBy ? { createdBy } : {}),
        ...(reference ? { reference } : {}),
      };
      if (!below) return build(tar, image);
      const layers = below.layers.map(({ diffId, blob, blobSize }) => ({
        diffId, name: blob, content: { path: content.path(blob), digest: blob, size: blobSize } satisfies ReceivedContent,
      }));
      return intake.holding([below], () => build(tar, image, { config: below.config, layers }));
    },
    save(names) {
      const chosen = imagesToSave(records, names);
      const held = chosen.map(({ record }) => record);
      const archive = async function* (): AsyncGenerator<Buffer> {
        const { release } = intake.hold(held);
        try {
          yield* savedArchive(chosen, content);
        } finally {
          release();
        }
      };
      return { ids: held.map(({ id }) => id), archive: archive() };
    },
    tag(source, target) {
      const reference = withDefaultTag(parseReference(target));
      if (reference.digest) throw invalid('refusing to create a tag with a digest reference');
      const { id } = get(source);
      records.setName(canonicalName(reference), id);
      return { id, name: familiarName(reference) };
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

function referenceIn({ repository, tag }: { repository?: string; tag?: string }): Reference | undefined {
  if (!repository) return undefined;
  return withDefaultTag(parseReference(tag ? `${repository}:${tag}` : repository));
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
