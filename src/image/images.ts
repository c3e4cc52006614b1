import type { Readable } from 'node:stream';
import type { Database } from '../host/database.ts';
import type { Digest, ImageId } from '../model/ids.ts';
import type { ContainerDefaults, ImageConfig, Platform } from '../model/oci-image.ts';
import type { Reference } from '../model/reference.ts';
import type { ArchivedImage } from './archived-images.ts';
import type { ReceivedContent } from './content.ts';
import type { HistoryEntry } from './history.ts';
import type { ImageRecord } from './records.ts';
import type { ImageUser, RemovalLine } from './removal.ts';
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
  /** Whether parents without a name go too, where nothing else needs them; true unless told. */
  readonly prune?: boolean;
  readonly usedBy?: (id: ImageId) => readonly ImageUser[];
}

/** What was removed of one image, with its labels, which are gone now. */
export interface Removal {
  readonly id: ImageId;
  readonly labels: Readonly<Record<string, string>>;
  readonly lines: readonly RemovalLine[];
  /** The image and its parents, where they went. */
  readonly deleted: readonly ImageId[];
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
  load(stream: Readable, progress?: Progress, signal?: AbortSignal): Promise<LoadedImage[]>;
  /** What `load` does, for images that come another way: `come` brings them into the directory it is given. */
  take(
    come: (directory: string) => Promise<readonly ArchivedImage[]>, progress?: Progress, signal?: AbortSignal,
  ): Promise<LoadedImage[]>;
  has(id: ImageId): boolean;
  /** Where a blob lies, or would. */
  pathOf(blob: Digest): string;
  /** Keeps all of these images until `release`, even if they are removed. */
  hold(records: readonly ImageRecord[]): { release(): void };
  /** The images that the tags of a repository name. */
  tagged(repository: Reference): { readonly tag: string; readonly record: ImageRecord }[];
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
  /** In the order in which they came. */
  oldestFirst(): ImageRecord[];
  /** By name, name with digest, id, or unique beginning of an id. */
  find(name: string): ImageRecord | undefined;
  /** The same, but throws `not-found` in Docker's words. */
  get(name: string): ImageRecord;
  /** Gives an image a further name, or moves one; the familiar name it got. */
  tag(source: string, target: string): { readonly id: ImageId; readonly name: string };
  /** Whether others were made from it by adding a layer. */
  isParent(id: ImageId): boolean;
  history(name: string): HistoryEntry[];
  config(id: ImageId): ImageConfig;
  /** Names under `layers/`, bottom first. */
  layersOf(id: ImageId): string[];
  /** Where its layers are unpacked, top first. */
  layerPaths(id: ImageId): string[];
  remove(name: string, options?: RemoveOptions): Promise<Removal>;
  /** Removes images without names (`dangling`), or all that no container uses. */
  prune(options: PruneOptions): Promise<PruneReport>;
}

export interface SavedImages {
  readonly ids: readonly ImageId[];
  readonly archive: AsyncIterable<Buffer>;
}

export interface PruneOptions {
  readonly dangling: boolean;
  readonly usedBy: (id: ImageId) => readonly ImageUser[];
  /** Those that may go at all. */
  readonly which?: (image: ImageRecord) => boolean;
}

export interface PruneReport {
  readonly removals: readonly Removal[];
  /** Bytes. */
  readonly reclaimed: number;
}
