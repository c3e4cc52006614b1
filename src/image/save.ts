import { createHash } from 'node:crypto';
import { Header } from 'tar';
import { stat } from '../host/files.ts';
import { notFound, unavailable } from '../model/errors.ts';
import { hexOf, type Digest, type ImageId } from '../model/ids.ts';
import type { Descriptor } from '../model/oci-image.ts';
import { canonicalName, familiarName, familiarRepository, parseReference, type Reference } from '../model/reference.ts';
import { compressionOf } from './compression.ts';
import { contentChunks, readDocument, type ContentStore } from './content.ts';
import { manifestOrIndex } from './documents.ts';
import type { ImageRecord, ImageRecords } from './records.ts';

/** An image to save, under these names (none: it is saved without a name). */
export interface ImageToSave {
  readonly record: ImageRecord;
  readonly references: readonly Reference[];
}

/** What is known of an image when its archive is planned: blobs by digest, a manifest, descriptors. */
interface Planned extends ImageToSave {
  readonly manifest: Descriptor;
  readonly layers: readonly Descriptor[];
}

interface Member {
  readonly size: number;
  readonly mtime: Date;
  bytes(): AsyncIterable<Buffer>;
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const configType = 'application/vnd.oci.image.config.v1+json';
const layerTypes = { none: '', gzip: '+gzip', zstd: '+zstd', xz: '', bzip2: '' } as const;
const blobName = (digest: Digest): string => `blobs/sha256/${hexOf(digest)}`;
const digestOf = (text: string): Digest => `sha256:${createHash('sha256').update(text).digest('hex')}` as Digest;
const epoch = new Date(0);

/**
 * One archive in two formats, as `docker save` writes it since Docker 25: an OCI layout (oci-layout, index.json,
 * blobs/sha256/…) with Docker's own manifest.json and repositories beside it, which name the same blobs. Blobs are
 * written as they came, each once; the manifest that an image came with is kept byte for byte, so that its digest
 * stays. The same images give the same bytes.
 */
export async function* savedArchive(images: readonly ImageToSave[], content: ContentStore): AsyncGenerator<Buffer> {
  const members = new Map<string, Member>();
  const planned: Planned[] = [];
  for (const image of images) planned.push(await plan(image, content, members));
  const text = (name: string, value: unknown): void => void members.set(name, textMember(JSON.stringify(value), epoch));
  text('index.json', indexOf(planned));
  text('manifest.json', planned.map(savedManifest));
  text('oci-layout', { imageLayoutVersion: '1.0.0' });
  const repositories = repositoriesOf(planned);
  if (Object.keys(repositories).length > 0) text('repositories', repositories);

  yield header('blobs/', 0, epoch);
  yield header('blobs/sha256/', 0, epoch);
  for (const [name, { size, mtime, bytes }] of [...members].sort(([a], [b]) => (a < b ? -1 : 1))) {
    yield header(name, size, mtime);
    let written = 0;
    for await (const chunk of bytes()) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== size) throw unavailable(`save: ${name} changed while it was read`);
    if (size % 512 > 0) yield Buffer.alloc(512 - (size % 512));
  }
  yield Buffer.alloc(1024);
}

async function plan(image: ImageToSave, content: ContentStore, members: Map<string, Member>): Promise<Planned> {
  const { record } = image;
  const time = new Date(record.config.created ?? 0);
  const mtime = Number.isNaN(time.getTime()) ? epoch : time;
  const addBlob = async (digest: Digest): Promise<number> => {
    const path = content.path(digest);
    const { size } = await stat(path);
    if (!members.has(blobName(digest))) {
      members.set(blobName(digest), { size, mtime, bytes: () => contentChunks(path) });
    }
    return size;
  };
  const layers: Descriptor[] = [];
  for (const { blob } of record.layers) {
    const size = await addBlob(blob);
    layers.push({ mediaType: `application/vnd.oci.image.layer.v1.tar${await suffixOf(content.path(blob))}`, digest: blob, size });
  }
  const config = { mediaType: configType, digest: record.id, size: await addBlob(record.id) };
  const kept = await keptManifest(record, content);
  if (kept) {
    await addBlob(kept.digest);
    return { ...image, layers, manifest: kept };
  }
  const made = JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config, layers });
  const digest = digestOf(made);
  members.set(blobName(digest), textMember(made, mtime));
  return { ...image, layers, manifest: { mediaType: manifestType, digest, size: Buffer.byteLength(made) } };
}

/** The manifest that the image came with, if it names just the blobs that are here. */
async function keptManifest({ id, manifest, layers }: ImageRecord, content: ContentStore): Promise<Descriptor | undefined> {
  if (manifest === undefined) return undefined;
  const path = content.path(manifest);
  const { size } = await stat(path);
  const value = await readDocument({ path, digest: manifest, size }, `manifest ${manifest}`);
  const document = manifestOrIndex(value, `manifest ${manifest}`);
  if ('manifests' in document || document.config.digest !== id) return undefined;
  const same = document.layers.length === layers.length && document.layers.every((one, at) => one.digest === layers[at]!.blob);
  if (!same) return undefined;
  const { mediaType = manifestType } = value as { mediaType?: string };
  return { mediaType, digest: manifest, size };
}

async function suffixOf(path: string): Promise<string> {
  for await (const chunk of contentChunks(path)) return layerTypes[compressionOf(chunk)];
  return '';
}

function indexOf(images: readonly Planned[]): object {
  return {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: images.flatMap(({ manifest, references, record: { config } }) => {
      const { architecture, os, variant } = config;
      const descriptor = { ...manifest, platform: { architecture, os, ...(variant ? { variant } : {}) } };
      if (references.length === 0) return [descriptor];
      return references.map((reference) => ({
        ...descriptor,
        annotations: {
          'io.containerd.image.name': canonicalName(reference),
          'org.opencontainers.image.ref.name': reference.tag ?? '',
        },
      }));
    }),
  };
}

function savedManifest({ record, references, layers }: Planned): object {
  return {
    Config: blobName(record.id),
    RepoTags: references.length > 0 ? references.map(familiarName) : null,
    Layers: layers.map(({ digest }) => blobName(digest)),
    LayerSources: Object.fromEntries(layers.map((layer, at) => [record.layers[at]!.diffId, layer])),
  };
}

/** What Docker before 1.10 read: repository → tag → top layer. */
function repositoriesOf(images: readonly Planned[]): Record<string, Record<string, string>> {
  const all: Record<string, Record<string, string>> = {};
  for (const { references, layers } of images) {
    const top = layers.at(-1);
    if (!top) continue;
    for (const reference of references) {
      (all[familiarRepository(reference)] ??= {})[reference.tag ?? 'latest'] = hexOf(top.digest);
    }
  }
  return all;
}

function textMember(text: string, mtime: Date): Member {
  const bytes = Buffer.from(text);
  return {
    size: bytes.length,
    mtime,
    bytes: async function* () {
      yield bytes;
    },
  };
}

function header(path: string, size: number, mtime: Date): Buffer {
  const directory = path.endsWith('/');
  const block = Buffer.alloc(512);
  new Header({
    path, size, mtime, mode: directory ? 0o755 : 0o644, uid: 0, gid: 0, type: directory ? 'Directory' : 'File',
  }).encode(block);
  return block;
}

/**
 * Which images, under which names, `save` was asked for; Docker's reading. Throws in Docker's words where one isn't
 * there.
 */
export function imagesToSave(records: ImageRecords, names: readonly string[]): ImageToSave[] {
  const chosen = new Map<ImageId, { record: ImageRecord; references: Map<string, Reference> }>();
  const add = (record: ImageRecord, reference?: Reference): void => {
    const entry = chosen.get(record.id) ?? { record, references: new Map<string, Reference>() };
    if (reference) entry.references.set(canonicalName(reference), reference);
    chosen.set(record.id, entry);
  };
  for (const name of names) {
    const bare = isBareName(name) ? records.tagsOf(parseReference(name)) : [];
    for (const { id, reference } of bare) add(records.byId(id)!, reference);
    if (bare.length > 0) continue;
    const found = records.resolve(name);
    if (!found) throw notFound(/^[^@]*:[^/]*$/.test(name) ? 'reference does not exist' : `No such image: ${name}`);
    add(found.record, found.reference?.digest === undefined ? found.reference : undefined);
  }
  return [...chosen.values()].map(({ record, references }) => ({ record, references: [...references.values()] }));
}

/** A repository's name without a tag or digest; what could be the beginning of an id is looked up as a name first. */
function isBareName(name: string): boolean {
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(name) || name.startsWith('sha256:')) return false;
  const reference = parseReference(name);
  return reference.tag === undefined && reference.digest === undefined;
}
