import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Database } from '../host/database.ts';
import { chmod, exists, list, makeDirectory, remove, rename } from '../host/files.ts';
import { conflict } from '../model/errors.ts';
import { hexOf, type Digest } from '../model/ids.ts';

/** An unpacked layer: a tree under `layers/<name>`, either whole or absent (INVARIANTS 18). */
export interface Layer {
  /** 24 hex digits: overlayfs takes all lower names in one page of mount options. */
  readonly name: string;
  readonly diffId: Digest;
  /** Bytes of file content. */
  readonly size: number;
  /** Whether the layer says how the root directory looks. */
  readonly rootDescribed: boolean;
}

export interface LayerContent {
  readonly diffId: Digest;
  /** The digest over this layer and all below it (OCI image spec, "Layer ChainID"). */
  readonly chainId: Digest;
  readonly size: number;
  readonly implicitDirectories: number;
  readonly rootDescribed: boolean;
}

/**
 * The layers of one data root. A layer is unpacked elsewhere on the same file system, made durable, and then
 * adopted: renamed to its place and recorded. Two images that share a layer share the tree, at whatever position,
 * unless it holds directories that it doesn't describe: those look as the layers below have them, so such a tree
 * is kept per chain.
 *
 * find → (unpack, sync) → place → record, the last within the caller's transaction → sweep, when images go.
 */
export interface Layers {
  /** `layers/`: where overlay mounts are made from, by relative name. */
  readonly directory: string;
  find(diffId: Digest, chainId: Digest): Layer | undefined;
  get(name: string): Layer | undefined;
  path(name: string): string;
  /** The layer that `content` will be. */
  describe(content: LayerContent): Layer;
  /** Renames a finished tree into its place; an equal one that is there already wins. */
  place(layer: Layer, tree: string): Promise<void>;
  /** Makes the layer known. Synchronous, to be called inside a transaction. */
  record(layer: Layer): void;
  /** Whether a container's snapshot stands on it. */
  isHeld(name: string): boolean;
  /** Removes every layer that is neither named nor used by a container's snapshot; the bytes it freed. */
  sweep(keep: ReadonlySet<string>): Promise<number>;
}

interface LayerRow {
  name: string;
  diff_id: Digest;
  size: number;
  root_described: number;
}

/** Overlayfs wants one lower layer at least; images without any get this one. */
export const emptyLayer = 'empty';

const ownName = (diffId: Digest): string => hexOf(diffId).slice(0, 24);
const nameInChain = (chainId: Digest): string =>
  createHash('sha256').update(`in ${chainId}`).digest('hex').slice(0, 24);

export async function openLayers({ database, root }: { database: Database; root: string }): Promise<Layers> {
  const directory = join(root, 'layers');
  const trash = join(root, 'trash');
  await makeDirectory(directory);
  await makeDirectory(join(directory, emptyLayer), 0o755);
  await chmod(join(directory, emptyLayer), 0o755);
  await makeDirectory(trash);
  for (const name of await list(trash)) await remove(join(trash, name));
  database.define(`CREATE TABLE IF NOT EXISTS layers (
      name TEXT PRIMARY KEY, diff_id TEXT NOT NULL, size INTEGER NOT NULL, root_described INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS snapshot_layers (
      container TEXT NOT NULL, position INTEGER NOT NULL, layer TEXT NOT NULL, PRIMARY KEY (container, position)
    ) STRICT;`);

  const get = (name: string): Layer | undefined => {
    const row = database.get<LayerRow>('SELECT * FROM layers WHERE name = ?', name);
    return row && { name: row.name, diffId: row.diff_id, size: row.size, rootDescribed: row.root_described === 1 };
  };
  const path = (name: string): string => join(directory, name);

  return {
    directory,
    get,
    path,
    find: (diffId, chainId) => get(ownName(diffId)) ?? get(nameInChain(chainId)),
    describe: ({ diffId, chainId, size, implicitDirectories, rootDescribed }) => ({
      name: implicitDirectories === 0 ? ownName(diffId) : nameInChain(chainId), diffId, size, rootDescribed,
    }),
    async place(layer, tree) {
      // Without a record it is what a crash left: renamed, never recorded.
      if (get(layer.name)) return;
      await remove(path(layer.name));
      await rename(tree, path(layer.name));
    },
    record({ name, diffId, size, rootDescribed }) {
      database.run('INSERT OR IGNORE INTO layers VALUES (?, ?, ?, ?)', name, diffId, size, rootDescribed ? 1 : 0);
    },
    isHeld: (name) => database.get('SELECT 1 FROM snapshot_layers WHERE layer = ? LIMIT 1', name) !== undefined,
    async sweep(keep) {
      const unused = database.transaction(() => {
        const rows = database.all<{ name: string; size: number }>(
          'SELECT name, size FROM layers WHERE name NOT IN (SELECT layer FROM snapshot_layers)',
        );
        const gone = rows.filter((row) => !keep.has(row.name));
        for (const { name } of gone) database.run('DELETE FROM layers WHERE name = ?', name);
        return gone;
      });
      for (const name of await list(directory)) {
        if (name === emptyLayer || keep.has(name) || get(name)) continue;
        const aside = join(trash, `${name}-${randomBytes(4).toString('hex')}`);
        if (await exists(path(name))) await rename(path(name), aside);
        await remove(aside);
      }
      return unused.reduce((sum, { size }) => sum + size, 0);
    },
  };
}

/** Throws `conflict` where a layer has been removed meanwhile. */
export function requireLayers(layers: Layers, names: readonly string[]): Layer[] {
  return names.map((name) => {
    const layer = layers.get(name);
    if (!layer) throw conflict(`layer ${name} has just been removed with its image; try again`);
    return layer;
  });
}
