import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { exists, makeDirectory, readBytes, readStream, remove } from '../host/files.ts';
import type { Web } from '../host/web.ts';
import { invalid, notFound } from '../model/errors.ts';
import { shortId, type Digest } from '../model/ids.ts';
import type { Descriptor, ImageManifest } from '../model/oci-image.ts';
import { familiarRepository, type Reference } from '../model/reference.ts';
import { compressionOf } from './compression.ts';
import { contentChunks, receive, type ReceivedContent } from './content.ts';
import { manifestOrIndex } from './documents.ts';
import type { ImageRecord } from './records.ts';
import type { Credentials } from './registry/auth.ts';
import { atRegistry, Repository } from './registry/client.ts';
import type { RegistryOptions } from './registry/endpoints.ts';
import { explainedPush } from './registry/errors.ts';
import { LayerLines } from './registry/progress.ts';
import { parseDocument } from './registry/session.ts';
import type { Sources } from './registry/sources.ts';
import { mount, upload } from './registry/upload.ts';
import type { Progress } from './stage.ts';
import type { Images } from './store.ts';

export interface PushRequest {
  readonly repository: Reference;
  /** Tags and what they are to name. */
  readonly images: readonly { readonly tag: string; readonly record: ImageRecord }[];
  readonly credentials?: Credentials | undefined;
}

export interface PushTools {
  readonly web: Web;
  readonly options: RegistryOptions;
  readonly images: Images;
  readonly sources: Sources;
  /** For layers that are compressed on their way. */
  readonly temporary: string;
}

const docker = 'application/vnd.docker.distribution.manifest.v2+json';
const oci = 'application/vnd.oci.image.manifest.v1+json';

/** Sends images to their registry; each tag is told to `onPushed` when it is there. */
export async function push(
  request: PushRequest, tools: PushTools, progress: Progress, signal: AbortSignal,
  onPushed: (tag: string, digest: Digest, record: ImageRecord) => void,
): Promise<void> {
  const { repository: reference, credentials } = request;
  const { web, options, images } = tools;
  progress({ status: `The push refers to repository [${familiarRepository(reference)}]` });
  if (reference.digest) throw invalid('cannot push a digest reference');
  if (request.images.length === 0) {
    throw notFound(`An image does not exist locally with the tag: ${familiarRepository(reference)}`);
  }
  const directory = join(tools.temporary, randomBytes(6).toString('hex'));
  await makeDirectory(directory);
  const held = images.hold(request.images.map(({ record }) => record));
  try {
    await atRegistry({ web, options, registry: reference.domain, credentials, use: 'push', signal }, async (session) => {
      const repository = new Repository(session, reference.path);
      for (const { tag, record } of request.images) {
        const pushed = await pushOne({ repository, reference, directory, record, tag }, tools, progress, signal);
        onPushed(tag, pushed, record);
      }
    });
  } catch (error) {
    throw explainedPush(error);
  } finally {
    held.release();
    await remove(directory);
  }
}

interface One {
  readonly repository: Repository;
  readonly reference: Reference;
  readonly directory: string;
  readonly record: ImageRecord;
  readonly tag: string;
}

async function pushOne(one: One, tools: PushTools, progress: Progress, signal: AbortSignal): Promise<Digest> {
  const { repository, record, tag } = one;
  const { images, options } = tools;
  const kept = await keptManifest(images, record);
  const lines = record.layers.map(({ diffId }) => new LayerLines(diffId, progress));
  for (const line of lines.toReversed()) line.state('Preparing');
  if (lines.length > options.maxUploads) for (const line of lines.toReversed().slice(options.maxUploads)) line.state('Waiting');

  const layers: Descriptor[] = [];
  const waiting = [...record.layers.keys()].toReversed();
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const worker = async (): Promise<void> => {
    for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
      layers[at] = await pushLayer(one, tools, record.layers[at]!, kept?.manifest.layers[at], lines[at]!, either);
    }
  };
  const workers = Array.from({ length: Math.min(options.maxUploads, record.layers.length) }, worker);
  try {
    await Promise.all(workers);
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(workers);
    throw error;
  }
  const config = { path: images.pathOf(record.id), digest: record.id, size: (await readBytes(images.pathOf(record.id))).length };
  await upload(repository, config, { signal, onBytes: () => undefined, mountFrom: [] });

  const { bytes, mediaType } = kept ?? newManifest(config, layers);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
  await repository.putManifest(tag, mediaType, bytes, signal);
  progress({ status: `${tag}: digest: ${digest} size: ${bytes.length}` });
  progress({ progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: bytes.length } });
  return digest;
}

interface KeptManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly manifest: ImageManifest;
}

/** The manifest that the image came with, if it can be sent again byte by byte: its blobs are here. */
async function keptManifest(images: Images, record: ImageRecord): Promise<KeptManifest | undefined> {
  if (!record.manifest) return undefined;
  const bytes = await readBytes(images.pathOf(record.manifest));
  const value = parseDocument(bytes.toString('utf8'), 'manifest') as { mediaType?: string };
  const manifest = manifestOrIndex(value, 'manifest');
  if ('manifests' in manifest || manifest.layers.length !== record.layers.length) return undefined;
  for (const { digest } of manifest.layers) if (!(await exists(images.pathOf(digest)))) return undefined;
  return { bytes, mediaType: value.mediaType ?? oci, manifest };
}

async function pushLayer(
  { repository, reference, directory }: One, { images, sources }: PushTools, layer: ImageRecord['layers'][number],
  named: Descriptor | undefined, lines: LayerLines, signal: AbortSignal,
): Promise<Descriptor> {
  const { diffId } = layer;
  const rank = ({ repository: at }: { repository: string }): number => (at === reference.path ? 0 : 1);
  const registry = reference.domain;
  const known = sources.of(diffId, registry).toSorted((a, b) => rank(a) - rank(b));
  const blob = { path: images.pathOf(layer.blob), digest: layer.blob, size: layer.blobSize };
  const form = await formOf(blob);
  let content: ReceivedContent = named ? { path: images.pathOf(named.digest), digest: named.digest, size: named.size } : blob;
  let mediaType = named?.mediaType ?? mediaTypes[form];
  if (!named && form === 'none') {
    // What a registry has of this layer needn't be compressed again.
    for (const source of known) {
      const there = source.repository === reference.path
        ? (await repository.sizeOf(source.blob, signal)) !== undefined
        : (await mount(repository, source.blob, source.repository, signal)) === 'mounted';
      if (!there) continue;
      lines.state(source.repository === reference.path ? 'Layer already exists' : `Mounted from ${source.repository}`);
      sources.add([{ ...source, repository: reference.path }]);
      return { mediaType: source.mediaType, digest: source.blob, size: source.size };
    }
    content = await compressed(blob, join(directory, shortId(diffId)), signal);
    mediaType = mediaTypes.gzip;
  }
  const mountFrom = known
    .filter((source) => source.blob === content.digest && source.repository !== reference.path)
    .map((source) => source.repository);
  const uploaded = await upload(repository, content, {
    signal, mountFrom, onBytes: (sent) => lines.count('Pushing', sent, content.size),
  });
  const state = { existed: 'Layer already exists', sent: 'Pushed', mounted: 'Mounted from' }[uploaded.how];
  lines.state(uploaded.how === 'mounted' ? `${state} ${uploaded.from}` : state);
  sources.add([{ diffId, blob: content.digest, size: content.size, mediaType, registry, repository: reference.path }]);
  return { mediaType, digest: content.digest, size: content.size };
}

type Form = 'none' | 'gzip' | 'zstd';
const mediaTypes: Readonly<Record<Form, string>> = {
  none: 'application/vnd.docker.image.rootfs.diff.tar',
  gzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  zstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
};

async function formOf({ path }: ReceivedContent): Promise<Form> {
  for await (const chunk of readStream(path, { start: 0, end: 5 }) as AsyncIterable<Buffer>) {
    const found = compressionOf(chunk);
    if (found === 'gzip' || found === 'zstd') return found;
  }
  return 'none';
}

const compressBlock = promisify(gzip);
const blockSize = 1 << 20;
const blocksAtOnce = 4;

/**
 * A layer compressed in blocks, on as many cores as there are: gzip members one after the other (RFC 1952, 2.2), which
 * every reader takes for one file. The same bytes each time, so that a registry that has them is found to.
 */
async function* gzipped(source: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  const under: Promise<Buffer>[] = [];
  let held: Buffer[] = [];
  let size = 0;
  const begin = (): void => {
    const block = compressBlock(Buffer.concat(held));
    block.catch(() => undefined);
    under.push(block);
    held = [];
    size = 0;
  };
  for await (const chunk of source) {
    signal.throwIfAborted();
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + blockSize - size);
      held.push(part);
      size += part.length;
      at += part.length;
      if (size === blockSize) begin();
    }
    while (under.length >= blocksAtOnce) yield await under.shift()!;
  }
  if (size > 0) begin();
  for (const block of under) yield await block;
}

const compressed = (blob: ReceivedContent, path: string, signal: AbortSignal): Promise<ReceivedContent> =>
  receive(gzipped(contentChunks(blob.path), signal), path);

/** Docker's schema 2, or OCI's where a layer is of a kind that only OCI has. */
function newManifest(config: ReceivedContent, layers: readonly Descriptor[]): { bytes: Buffer; mediaType: string } {
  const isOci = layers.some(({ mediaType }) => mediaType?.includes('.oci.'));
  const document = {
    schemaVersion: 2,
    mediaType: isOci ? oci : docker,
    config: {
      mediaType: isOci ? 'application/vnd.oci.image.config.v1+json' : 'application/vnd.docker.container.image.v1+json',
      size: config.size,
      digest: config.digest,
    },
    layers: layers.map(({ mediaType, size, digest }) => ({
      mediaType: isOci ? mediaType?.replace('docker.image.rootfs.diff.tar.gzip', 'oci.image.layer.v1.tar+gzip') : mediaType,
      size,
      digest,
    })),
  };
  return { bytes: Buffer.from(JSON.stringify(document, undefined, 3)), mediaType: document.mediaType };
}
