import type { Database } from '../host/database.ts';
import { conflict } from '../model/errors.ts';
import type { Digest, ImageId } from '../model/ids.ts';
import type { ImageConfig } from '../model/oci-image.ts';
import {
  canonicalName, familiarName, parseReference, withDefaultTag, type Reference,
} from '../model/reference.ts';

/** One image of the data root, as recorded. */
export interface ImageRecord {
  /** The digest of its config: what Docker calls the image id. */
  readonly id: ImageId;
  /** Familiar names with tag: `web:latest`. */
  readonly repoTags: readonly string[];
  /** Familiar names with digest: `web@sha256:…`. */
  readonly repoDigests: readonly string[];
  readonly config: ImageConfig;
  /** Bottom first. */
  readonly layers: readonly ImageLayer[];
  /** Bytes of file content in all layers. */
  readonly size: number;
  /** The OCI manifest it came with, if any. */
  readonly manifest?: Digest;
  /** The image that it was made from by adding a layer, while that is here. */
  readonly parent?: ImageId;
  /** When it last got a name here, RFC 3339; not by a load or pull. */
  readonly lastTagged?: string;
}

export interface ImageLayer {
  readonly diffId: Digest;
  /** The blob as it came, maybe compressed. */
  readonly blob: Digest;
  readonly blobSize: number;
  /** Name under `layers/`. */
  readonly name: string;
  /** Bytes of file content. */
  readonly size: number;
}

/** Images and their names in SQL. All synchronous; the caller makes transactions. */
export interface ImageRecords {
  ids(): ImageId[];
  byId(id: string): ImageRecord | undefined;
  /** By canonical name with tag or digest. */
  byName(canonical: string): ImageId | undefined;
  /** The whole id, a name, a name with digest, or the beginning of an id; Docker's order. */
  resolve(text: string): { readonly record: ImageRecord; readonly reference?: Reference } | undefined;
  insert(image: Omit<ImageRecord, 'repoTags' | 'repoDigests' | 'size' | 'lastTagged'>): void;
  childrenOf(id: ImageId): ImageId[];
  /** Notes that an image was given a name. */
  touch(id: ImageId, time: string): void;
  delete(id: ImageId): void;
  /** Points a name at an image; the id that had it before, if another. */
  setName(canonical: string, id: ImageId): ImageId | undefined;
  deleteName(canonical: string): void;
  /** All names of a repository that have a tag. */
  tagsOf(repository: Pick<Reference, 'domain' | 'path'>): { readonly reference: Reference; readonly id: ImageId }[];
  /** Canonical, tags before digests. */
  namesOf(id: ImageId): string[];
  /** The blob that an unpacked layer came from. */
  blobOfLayer(name: string): { readonly digest: Digest; readonly size: number } | undefined;
  /** Whether this blob is known to unpack to this diff id. */
  isVerified(blob: Digest, diffId: Digest): boolean;
}

interface ImageRow {
  id: ImageId;
  config: string;
  manifest: Digest | null;
}

export function openImageRecords(database: Database): ImageRecords {
  database.define(`CREATE TABLE IF NOT EXISTS images (
      id TEXT PRIMARY KEY, config TEXT NOT NULL, manifest TEXT
    ) STRICT;
    CREATE TABLE IF NOT EXISTS image_layers (
      image TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE, position INTEGER NOT NULL, diff_id TEXT NOT NULL,
      blob TEXT NOT NULL, blob_size INTEGER NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL,
      PRIMARY KEY (image, position)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS image_names (
      name TEXT PRIMARY KEY, image TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE
    ) STRICT;
    CREATE TABLE IF NOT EXISTS image_parents (
      image TEXT PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
      parent TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE
    ) STRICT;
    CREATE TABLE IF NOT EXISTS image_tag_times (
      image TEXT PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE, time TEXT NOT NULL
    ) STRICT;`);

  const namesOf = (id: string): string[] =>
    database
      .all<{ name: string }>(`SELECT name FROM image_names WHERE image = ? ORDER BY instr(name, '@') > 0, name`, id)
      .map((row) => row.name);

  const layersOf = (id: string): ImageLayer[] =>
    database
      .all<{ diff_id: Digest; blob: Digest; blob_size: number; name: string; size: number }>(
        'SELECT * FROM image_layers WHERE image = ? ORDER BY position', id,
      )
      .map((row) => ({
        diffId: row.diff_id, blob: row.blob, blobSize: row.blob_size, name: row.name, size: row.size,
      }));

  const byId = (id: string): ImageRecord | undefined => {
    const row = database.get<ImageRow>('SELECT * FROM images WHERE id = ?', id);
    if (!row) return undefined;
    const names = namesOf(row.id).map((name) => familiarName(parseReference(name)));
    const layers = layersOf(row.id);
    const parent = database.get<{ parent: ImageId }>('SELECT parent FROM image_parents WHERE image = ?', id)?.parent;
    const lastTagged = database.get<{ time: string }>('SELECT time FROM image_tag_times WHERE image = ?', id)?.time;
    return {
      id: row.id,
      repoTags: names.filter((name) => !name.includes('@')),
      repoDigests: names.filter((name) => name.includes('@')),
      config: JSON.parse(row.config) as ImageConfig,
      layers,
      size: layers.reduce((sum, layer) => sum + layer.size, 0),
      ...(row.manifest === null ? {} : { manifest: row.manifest }),
      ...(parent ? { parent } : {}),
      ...(lastTagged ? { lastTagged } : {}),
    };
  };

  const byName = (canonical: string): ImageId | undefined =>
    database.get<{ image: ImageId }>('SELECT image FROM image_names WHERE name = ?', canonical)?.image;

  const byPrefix = (text: string): ImageRecord | undefined => {
    const prefix = text.startsWith('sha256:') ? text.slice(7) : text;
    if (!/^[0-9a-f]{1,64}$/.test(prefix)) return undefined;
    const rows = database.all<{ id: string }>('SELECT id FROM images WHERE id GLOB ? LIMIT 2', `sha256:${prefix}*`);
    if (rows.length > 1) throw conflict(`image id prefix ${text} is ambiguous: give more digits`);
    return rows[0] && byId(rows[0].id);
  };

  return {
    ids: () => database.all<{ id: ImageId }>('SELECT id FROM images ORDER BY rowid DESC').map((row) => row.id),
    byId,
    byName,
    namesOf,
    resolve(text) {
      if (/^(?:sha256:)?[0-9a-f]{64}$/.test(text)) {
        const record = byId(text.startsWith('sha256:') ? text : `sha256:${text}`);
        return record && { record };
      }
      const reference = text.startsWith('sha256:') ? undefined : referenceOrNothing(text);
      const canonical = reference && canonicalName(reference);
      const id = canonical === undefined ? undefined : byName(canonical) ?? byDigest(reference!);
      const named = id && byId(id);
      if (named) return { record: named, reference: reference! };
      const record = byPrefix(text);
      return record && { record };
    },
    insert({ id, config, layers, manifest, parent }) {
      database.run('INSERT OR IGNORE INTO images VALUES (?, ?, ?)', id, JSON.stringify(config), manifest ?? null);
      const before = database.get<ImageRow>('SELECT * FROM images WHERE id = ?', id)?.manifest;
      // A manifest names its own blobs: they take the place of those that the image came with before.
      const replaces = manifest !== undefined && before !== manifest;
      if (replaces) database.run('UPDATE images SET manifest = ? WHERE id = ?', manifest, id);
      if (parent) database.run('INSERT OR IGNORE INTO image_parents VALUES (?, ?)', id, parent);
      layers.forEach((layer, position) => {
        database.run(
          'INSERT OR IGNORE INTO image_layers VALUES (?, ?, ?, ?, ?, ?, ?)',
          id, position, layer.diffId, layer.blob, layer.blobSize, layer.name, layer.size,
        );
        if (!replaces) return;
        database.run(
          'UPDATE image_layers SET blob = ?, blob_size = ? WHERE image = ? AND position = ?',
          layer.blob, layer.blobSize, id, position,
        );
      });
    },
    childrenOf: (id) =>
      database.all<{ image: ImageId }>('SELECT image FROM image_parents WHERE parent = ?', id).map((row) => row.image),
    touch: (id, time) => database.run('INSERT OR REPLACE INTO image_tag_times VALUES (?, ?)', id, time),
    delete: (id) => database.run('DELETE FROM images WHERE id = ?', id),
    setName(canonical, id) {
      const before = byName(canonical);
      database.run('INSERT OR REPLACE INTO image_names VALUES (?, ?)', canonical, id);
      return before === id ? undefined : before;
    },
    tagsOf({ domain, path }) {
      const rows = database.all<{ name: string; image: ImageId }>(
        `SELECT name, image FROM image_names WHERE name > ? AND name < ? ORDER BY name`, `${domain}/${path}:`, `${domain}/${path};`,
      );
      return rows.map(({ name, image }) => ({ reference: parseReference(name), id: image }));
    },
    deleteName: (canonical) => database.run('DELETE FROM image_names WHERE name = ?', canonical),
    blobOfLayer: (name) =>
      database.get<{ digest: Digest; size: number }>(
        'SELECT blob AS digest, blob_size AS size FROM image_layers WHERE name = ?', name,
      ),
    isVerified: (blob, diffId) =>
      database.get('SELECT 1 FROM image_layers WHERE blob = ? AND diff_id = ?', blob, diffId) !== undefined,
  };

  /** `web:1.0@sha256:…`: the digest decides. */
  function byDigest(reference: Reference): ImageId | undefined {
    if (reference.digest === undefined || reference.tag === undefined) return undefined;
    const { tag: _, ...rest } = reference;
    return byName(canonicalName(rest));
  }
}

/** Undefined for what can't be a name, but may be the beginning of an id. */
function referenceOrNothing(text: string): Reference | undefined {
  try {
    return withDefaultTag(parseReference(text));
  } catch {
    return undefined;
  }
}
