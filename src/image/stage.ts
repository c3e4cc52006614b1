import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { makeDirectory, mkdir, chmod } from '../host/files.ts';
import { BerthError, invalid } from '../model/errors.ts';
import { shortId, type Digest } from '../model/ids.ts';
import type { ArchivedImage, ArchivedLayer } from './archived-images.ts';
import { nextChainId } from './chain.ts';
import { decompressed } from './compression.ts';
import { contentChunks } from './content.ts';
import type { ImageLayer } from './records.ts';
import { unpackLayer } from './unpack.ts';

/** A layer as the store of layers knows it; `storage/layers.ts` keeps them. */
export interface StoredLayer {
  readonly name: string;
  readonly diffId: Digest;
  readonly size: number;
  readonly rootDescribed: boolean;
}

/** What images need of the place where unpacked layers are kept. */
export interface LayerStore {
  find(diffId: Digest, chainId: Digest): StoredLayer | undefined;
  path(name: string): string;
  describe(content: {
    diffId: Digest; chainId: Digest; size: number; implicitDirectories: number; rootDescribed: boolean;
  }): StoredLayer;
  place(layer: StoredLayer, tree: string): Promise<void>;
  record(layer: StoredLayer): void;
  isHeld(name: string): boolean;
  sweep(keep: ReadonlySet<string>): Promise<number>;
}

/** One line of Docker's progress stream. */
export interface ProgressLine {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  /** Bytes. */
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  /** The same as a bar and in words. */
  readonly progress?: string;
  /** What a program reads of a push. */
  readonly aux?: { readonly Tag: string; readonly Digest: string; readonly Size: number };
}
export type Progress = (line: ProgressLine) => void;

/** An unpacked layer that isn't in its place yet. */
export interface StagedLayer {
  readonly layer: StoredLayer;
  readonly tree: string;
}

export interface StageOptions {
  readonly layers: LayerStore;
  /** Path of berth-helper. */
  readonly helper: string;
  /** A directory of this load alone, on the layers' file system. */
  readonly directory: string;
  /** Whether a blob is known to hold this diff id. */
  readonly isVerified: (blob: Digest, diffId: Digest) => boolean;
  readonly progress: Progress;
  /** Called with each layer that is used though it isn't this load's, so that nobody removes it meanwhile. */
  readonly pin: (layer: StoredLayer) => void;
}

/**
 * Unpacks what isn't there yet, in a directory aside, and verifies every diff id. Nothing of it is visible before
 * the store places it.
 */
export class LayerStage {
  readonly #options: StageOptions;
  readonly #staged = new Map<string, StagedLayer>();
  #count = 0;

  constructor(options: StageOptions) {
    this.#options = options;
  }

  /** All layers that were unpacked here, to be placed. */
  get staged(): StagedLayer[] {
    return [...new Set(this.#staged.values())];
  }

  /** The layers of one image, bottom first. */
  async add(image: ArchivedImage): Promise<ImageLayer[]> {
    const result: ImageLayer[] = [];
    const trees: string[] = [];
    let chainId: Digest | undefined;
    for (const [at, archived] of image.layers.entries()) {
      chainId = nextChainId(chainId, archived.diffId);
      const what = `layer ${at + 1} of ${image.layers.length} (${archived.name})`;
      const { layer, tree } = await located(what, () => this.#layer(archived, chainId!, trees));
      trees.unshift(tree);
      result.push({
        diffId: layer.diffId, blob: archived.content.digest, blobSize: archived.content.size, name: layer.name,
        size: layer.size,
      });
    }
    return result;
  }

  async #layer(archived: ArchivedLayer, chainId: Digest, lowers: readonly string[]): Promise<StagedLayer> {
    const { layers, isVerified, pin } = this.#options;
    const { diffId, content } = archived;
    const own = this.#staged.get(`layer ${diffId}`) ?? this.#staged.get(`chain ${chainId}`);
    const stored = own ? undefined : layers.find(diffId, chainId);
    if (stored) pin(stored);
    const known = own ?? (stored && { layer: stored, tree: layers.path(stored.name) });
    if (!known) return this.#unpack(archived, chainId, lowers);
    // What is still coming must have come, and be what was promised, before it is placed.
    for await (const _ of archived.open?.() ?? []) continue;
    archived.unpacked?.();
    if (content.digest !== diffId && !isVerified(content.digest, diffId)) checkDiffId(diffId, await hashTar(archived));
    return known;
  }

  async #unpack(archived: ArchivedLayer, chainId: Digest, lowers: readonly string[]): Promise<StagedLayer> {
    const { helper, directory, layers } = this.#options;
    const tree = join(directory, `layer-${this.#count++}`);
    await makeDirectory(directory);
    await mkdir(tree);
    await chmod(tree, 0o755);
    const unpacked = await unpackLayer(this.#chunks(archived), tree, lowers, helper);
    checkDiffId(archived.diffId, unpacked.diffId);
    archived.unpacked?.();
    const staged = { layer: layers.describe({ ...unpacked, chainId }), tree };
    this.#staged.set(`chain ${chainId}`, staged);
    if (unpacked.implicitDirectories === 0) this.#staged.set(`layer ${archived.diffId}`, staged);
    return staged;
  }

  async *#chunks({ content, open, diffId, name }: ArchivedLayer): AsyncGenerator<Buffer> {
    const { progress } = this.#options;
    let current = 0;
    let told = 0;
    const tell = (): void =>
      progress({ status: 'Loading layer', id: shortId(diffId), progressDetail: { current, total: content.size } });
    const counted = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of open?.() ?? contentChunks(content.path)) {
        current += chunk.length;
        // Some hundred lines for the largest layer, one for a small one.
        if (current - told > content.size / 100 + 512 * 1024) {
          told = current;
          tell();
        }
        yield chunk;
      }
    };
    yield* decompressed(counted(), name);
    tell();
  }
}

function checkDiffId(expected: Digest, actual: Digest): void {
  if (expected !== actual) throw invalid(`the config promises diff id ${expected}, the content has ${actual}`);
}

async function hashTar({ content, name }: ArchivedLayer): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of decompressed(contentChunks(content.path), name)) hash.update(chunk);
  return `sha256:${hash.digest('hex')}` as Digest;
}

async function located<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BerthError) throw new BerthError(error.kind, `${what}: ${error.message}`, { cause: error });
    throw error;
  }
}
