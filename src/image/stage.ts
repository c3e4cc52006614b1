import { join } from 'node:path';
import { makeDirectory, mkdir, chmod } from '../host/files.ts';
import { inheritDirectories } from '../host/unpacker.ts';
import type { WorkerPool } from '../host/workers.ts';
import { BerthError, invalid } from '../model/errors.ts';
import { shortId, type Digest } from '../model/ids.ts';
import type { ArchivedImage, ArchivedLayer } from './archived-images.ts';
import { chainOf } from './chain.ts';
import type { ImageLayer } from './records.ts';
import type { LayerJob, UnpackedLayer } from './unpack.ts';

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
  readonly workers: WorkerPool;
  /** A directory of this load alone, on the layers' file system. */
  readonly directory: string;
  /** Whether a blob is known to hold this diff id. */
  readonly isVerified: (blob: Digest, diffId: Digest) => boolean;
  readonly progress: Progress;
  /** Called with each layer that is used though it isn't this load's, so that nobody removes it meanwhile. */
  readonly pin: (layer: StoredLayer) => void;
  /** Aborted when nobody waits any more. */
  readonly signal?: AbortSignal;
}

/** A layer of an image in its place. */
interface Position {
  readonly archived: ArchivedLayer;
  readonly chainId: Digest;
  /** For errors. */
  readonly what: string;
}

interface Tree extends UnpackedLayer {
  readonly path: string;
}

/**
 * Unpacks what isn't there yet, in a directory aside, and verifies every diff id. Nothing of it is visible before
 * the store places it.
 *
 * All layers are unpacked at the same time, each by itself, in whatever order they come. A layer doesn't depend on
 * those below but for directories that it needs and doesn't describe: those get their look afterwards, in order, and
 * make the tree one of this chain alone.
 */
export class LayerStage {
  readonly #options: StageOptions;
  /** By diff id: unpacked, without regard to what lies below. */
  readonly #trees = new Map<Digest, Promise<Tree>>();
  /** By `layer <diff id>` or, where it fits only there, `chain <chain id>`. */
  readonly #staged = new Map<string, StagedLayer>();
  readonly #abort = new AbortController();
  #count = 0;

  constructor(options: StageOptions) {
    this.#options = options;
    options.signal?.addEventListener('abort', () => this.#abort.abort(), { once: true });
    if (options.signal?.aborted) this.#abort.abort();
  }

  /** All layers that were unpacked here, to be placed. */
  get staged(): StagedLayer[] {
    return [...new Set(this.#staged.values())];
  }

  /** The layers of each image, bottom first. Where one can't be had, all others have been given up when this rejects. */
  async add(images: readonly ArchivedImage[]): Promise<ImageLayer[][]> {
    const positions = images.map((image) => positionsOf(image));
    const work = positions.flat().map((position) => located(position.what, () => this.#arrive(position)));
    for (const one of work) one.catch(() => this.#abort.abort());
    const failures = (await Promise.allSettled(work)).flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    if (failures.length > 0) throw failures.find((error) => error !== this.#abort.signal.reason && !isGivenUp(error)) ?? failures[0];
    const result: ImageLayer[][] = [];
    for (const image of positions) result.push(await this.#inOrder(image));
    return result;
  }

  /** Has a layer's blob come, verified, and its tree unpacked, unless there is one. */
  async #arrive({ archived, chainId }: Position): Promise<void> {
    const { layers, isVerified, pin } = this.#options;
    const { diffId, content } = archived;
    const stored = layers.find(diffId, chainId);
    if (stored) pin(stored);
    const isFirst = !stored && !this.#trees.has(diffId);
    if (isFirst) {
      const tree = this.#unpack(archived);
      this.#trees.set(diffId, tree);
      await tree;
    } else {
      // What is still coming must have come, and be what was promised, before it is placed.
      for await (const _ of archived.open?.() ?? []) continue;
      if (content.digest !== diffId && !isVerified(content.digest, diffId)) await this.#verify(archived);
    }
    archived.unpacked?.();
  }

  async #unpack(archived: ArchivedLayer): Promise<Tree> {
    const { helper, directory } = this.#options;
    const path = join(directory, `layer-${this.#count++}`);
    await makeDirectory(directory);
    await mkdir(path);
    await chmod(path, 0o755);
    const unpacked = await this.#read(archived, { directory: path, helper });
    checkDiffId(archived.diffId, unpacked.diffId);
    return { path, ...unpacked };
  }

  async #verify(archived: ArchivedLayer): Promise<void> {
    const { diffId } = await this.#read({ ...archived, open: undefined });
    checkDiffId(archived.diffId, diffId);
  }

  async #read(
    { content, open, diffId, name }: Omit<ArchivedLayer, 'open'> & { open?: ArchivedLayer['open'] | undefined }, into?: LayerJob['into'],
  ): Promise<UnpackedLayer> {
    const { workers, progress } = this.#options;
    const tell = (current: number): void =>
      progress({ status: 'Loading layer', id: shortId(diffId), progressDetail: { current, total: content.size } });
    let told = 0;
    const result = await workers.run<UnpackedLayer>({
      request: { blob: content.digest, name, ...(open ? {} : { path: content.path }), ...(into ? { into } : {}) } satisfies LayerJob,
      signal: this.#abort.signal,
      ...(open ? { stream: open() } : {}),
      told: (current) => {
        // Some hundred lines for the largest layer, one for a small one.
        if ((current as number) - told <= content.size / 100) return;
        told = current as number;
        tell(told);
      },
    });
    if (into) tell(content.size);
    return result;
  }

  /** Each layer knows those below now. */
  async #inOrder(positions: readonly Position[]): Promise<ImageLayer[]> {
    const result: ImageLayer[] = [];
    const trees: string[] = [];
    for (const { archived, chainId, what } of positions) {
      const { layer, tree } = await located(what, () => this.#stage(archived, chainId, trees));
      trees.unshift(tree);
      result.push({
        diffId: layer.diffId, blob: archived.content.digest, blobSize: archived.content.size, name: layer.name,
        size: layer.size,
      });
    }
    return result;
  }

  async #stage(archived: ArchivedLayer, chainId: Digest, lowers: readonly string[]): Promise<StagedLayer> {
    const { layers, helper } = this.#options;
    const { diffId } = archived;
    const known = this.#staged.get(`layer ${diffId}`) ?? this.#staged.get(`chain ${chainId}`);
    if (known) return known;
    const unpacked = await this.#trees.get(diffId);
    const stored = layers.find(diffId, chainId);
    if (stored) return { layer: stored, tree: layers.path(stored.name) };
    // Another chain may have taken the tree: then this one needs its own.
    const isTaken = [...this.#staged.values()].some(({ tree }) => tree === unpacked?.path);
    const tree = !unpacked || isTaken ? await this.#unpack({ ...archived, open: undefined } as ArchivedLayer) : unpacked;
    const isBare = tree.implicitDirectories > 0;
    if (isBare) await inheritDirectories(helper, tree.path, lowers);
    const staged = { layer: layers.describe({ ...tree, chainId }), tree: tree.path };
    this.#staged.set(isBare ? `chain ${chainId}` : `layer ${diffId}`, staged);
    return staged;
  }
}

function positionsOf({ layers }: ArchivedImage): Position[] {
  const chain = chainOf(layers.map(({ diffId }) => diffId));
  return layers.map((archived, at) => ({
    archived, chainId: chain[at]!, what: `layer ${at + 1} of ${layers.length} (${archived.name})`,
  }));
}

function checkDiffId(expected: Digest, actual: Digest): void {
  if (expected !== actual) throw invalid(`the config promises diff id ${expected}, the content has ${actual}`);
}

/** Of work that was ended because other work had failed. */
const isGivenUp = (error: unknown): boolean => error instanceof BerthError && error.message.endsWith('given up');

async function located<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BerthError) throw new BerthError(error.kind, `${what}: ${error.message}`, { cause: error });
    throw error;
  }
}
