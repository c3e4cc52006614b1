import { invalid } from '../model/errors.ts';
import { hexOf, shortId, type Digest, type ImageId } from '../model/ids.ts';
import type { Descriptor, ImageConfig, ImageIndex, ImageManifest, Platform } from '../model/oci-image.ts';
import { parseReference, withDefaultTag, type Reference } from '../model/reference.ts';
import type { Archive } from './archive.ts';
import { readDocument, type ReceivedContent } from './content.ts';
import { imageConfig, manifestOrIndex, savedImages } from './documents.ts';

/** An image as an archive holds it: every digest but the diff ids is verified. */
export interface ArchivedImage {
  readonly id: ImageId;
  readonly references: readonly Reference[];
  readonly config: ImageConfig;
  readonly configContent: ReceivedContent;
  /** Bottom first; as many as the config has diff ids. */
  readonly layers: readonly ArchivedLayer[];
  /** The OCI manifest, where the archive has one. */
  readonly manifest?: ReceivedContent;
  /** The image here that it was made from. */
  readonly parent?: ImageId;
}

export interface ArchivedLayer {
  readonly diffId: Digest;
  /** The blob, maybe compressed: where it lies, or will lie once `open` has come to its end. */
  readonly content: ReceivedContent;
  /** The member's name, for messages. */
  readonly name: string;
  /**
   * The blob's bytes from its start, while they still arrive (a download); fails if they don't have the digest. The
   * file at `content.path` is whole when this ends. Without it the file is whole from the beginning.
   */
  open?(): AsyncIterable<Buffer>;
  /** Told when it is unpacked, or found to be already. */
  unpacked?(): void;
}

const maxDepth = 4;
/** Overlayfs's limit is 500, Docker's 125; the names must fit into a page of mount options. */
export const maxLayers = 127;

/** Understands a received archive; the host's platform is chosen where an image comes for several. */
export async function imagesOf(archive: Archive, platform: Platform): Promise<ArchivedImage[]> {
  const inner = archive.find('manifest.json') || archive.find('index.json') ? archive : withinFolder(archive);
  const saved = inner.find('manifest.json');
  const images = saved
    ? await imagesOfSave(inner, await readDocument(saved, 'manifest.json'))
    : await imagesOfLayout(inner, platform);
  if (images.length === 0) throw invalid('archive holds no image');
  return images;
}

/** An archive of a folder (`tar c layout`) rather than of its content. */
function withinFolder(archive: Archive): Archive {
  const marker = archive.names().find((name) => /^[^/]+\/(?:manifest|index)\.json$/.test(name));
  if (marker === undefined) {
    const old = archive.find('repositories') ? ': written by a Docker older than 1.10' : '';
    throw invalid(`archive has neither manifest.json nor index.json, so it is no image archive${old}`);
  }
  const folder = marker.slice(0, marker.indexOf('/') + 1);
  return { names: () => archive.names(), find: (name) => archive.find(folder + name) };
}

function member(archive: Archive, name: string, what: string): ReceivedContent {
  const content = archive.find(name);
  if (!content) throw invalid(`archive lacks ${name} (${what})`);
  return content;
}

/** A member that carries its digest in its name must have it. */
function checkName(name: string, content: ReceivedContent): void {
  const claimed = /(?:^|blobs\/sha256\/)([0-9a-f]{64})(?:\.json)?$/.exec(name)?.[1];
  if (claimed !== undefined && claimed !== hexOf(content.digest)) {
    throw invalid(`archive member ${name} doesn't have its digest: its content is ${content.digest}`);
  }
}

// ── docker save, podman save ───────────────────────────────────────────────────────────────────────────────────

async function imagesOfSave(archive: Archive, document: unknown): Promise<ArchivedImage[]> {
  const images: ArchivedImage[] = [];
  const manifests = await manifestsByConfig(archive);
  for (const saved of savedImages(document)) {
    const configContent = member(archive, saved.config, 'the config of an image');
    checkName(saved.config, configContent);
    const config = imageConfig(await readDocument(configContent, saved.config), saved.config);
    const contents = saved.layers.map((name) => {
      const content = member(archive, name, 'a layer');
      checkName(name, content);
      return { name, content };
    });
    const manifest = manifests.get(configContent.digest);
    images.push({
      id: configContent.digest,
      references: saved.tags.map((tag) => withDefaultTag(parseReference(tag))),
      config,
      configContent,
      layers: pairLayers(config, contents, saved.config),
      ...(manifest === undefined ? {} : { manifest }),
    });
  }
  return images;
}

/** Docker ≥ 25 saves an OCI layout along: its manifests keep the digests by which registries know the images. */
async function manifestsByConfig(archive: Archive): Promise<Map<Digest, ReceivedContent>> {
  const found = new Map<Digest, ReceivedContent>();
  if (!archive.find('index.json')) return found;
  const visit = async (descriptors: readonly Descriptor[], depth: number): Promise<void> => {
    for (const descriptor of descriptors) {
      if (!archive.find(blobName(descriptor.digest)) || depth > maxDepth) continue;
      const { document, content } = await readBlob(archive, descriptor);
      if ('manifests' in document) await visit(document.manifests, depth + 1);
      else found.set(document.config.digest, content);
    }
  };
  await visit((await readIndex(archive)).manifests, 0);
  return found;
}

function pairLayers(
  config: ImageConfig, contents: readonly { name: string; content: ReceivedContent }[], what: string,
): ArchivedLayer[] {
  const ids = config.rootfs.diff_ids;
  if (ids.length !== contents.length) {
    throw invalid(`${what} names ${ids.length} layers, the archive's manifest ${contents.length}`);
  }
  if (ids.length > maxLayers) throw invalid(`${what} has ${ids.length} layers, more than ${maxLayers}`);
  return contents.map(({ name, content }, at) => ({ name, content, diffId: ids[at]! }));
}

// ── OCI layouts ────────────────────────────────────────────────────────────────────────────────────────────────

const blobName = (digest: Digest): string => `blobs/sha256/${hexOf(digest)}`;

async function readIndex(archive: Archive): Promise<ImageIndex> {
  const content = member(archive, 'index.json', 'the index');
  const index = manifestOrIndex(await readDocument(content, 'index.json'), 'index.json');
  if (!('manifests' in index)) throw invalid('index.json is a manifest, not an index');
  return index;
}

function checkedBlob(archive: Archive, descriptor: Descriptor, what: string): ReceivedContent {
  const name = blobName(descriptor.digest);
  const content = member(archive, name, what);
  checkName(name, content);
  if (content.size !== descriptor.size) {
    throw invalid(`archive member ${name} has ${content.size} bytes, its descriptor says ${descriptor.size}`);
  }
  return content;
}

async function readBlob(
  archive: Archive, descriptor: Descriptor,
): Promise<{ content: ReceivedContent; document: ImageManifest | ImageIndex }> {
  const content = checkedBlob(archive, descriptor, 'a manifest');
  const name = blobName(descriptor.digest);
  return { content, document: manifestOrIndex(await readDocument(content, name), name) };
}

async function imagesOfLayout(archive: Archive, platform: Platform): Promise<ArchivedImage[]> {
  const images: ArchivedImage[] = [];
  for (const { name, descriptors } of groups((await readIndex(archive)).manifests)) {
    const reference = name === undefined ? undefined : referenceOf(name);
    images.push(await resolve(archive, choose(descriptors, platform, name ?? 'index.json'), platform, reference, 0));
  }
  return images;
}

/** Entries of one name are one image for several platforms; nameless ones too, if they tell their platform. */
function groups(descriptors: readonly Descriptor[]): { name: string | undefined; descriptors: Descriptor[] }[] {
  const all = new Map<string, { name: string | undefined; descriptors: Descriptor[] }>();
  descriptors.filter(isImage).forEach((descriptor, at) => {
    const { annotations = {}, platform } = descriptor;
    const name = annotations['io.containerd.image.name'] ?? annotations['org.opencontainers.image.ref.name'];
    const key = name ?? (platform ? ' by platform' : ` ${at}`);
    const group = all.get(key) ?? { name, descriptors: [] };
    group.descriptors.push(descriptor);
    all.set(key, group);
  });
  return [...all.values()];
}

/** Attestations stand beside images, for the platform unknown/unknown. */
function isImage({ platform, annotations }: Descriptor): boolean {
  const known = platform?.os !== 'unknown' && platform?.architecture !== 'unknown';
  return known && !annotations?.['vnd.docker.reference.type'];
}

/** What the host runs; an image for one platform is taken as it is, and may still fail to start. */
function choose(descriptors: readonly Descriptor[], host: Platform, what: string): Descriptor {
  const candidates = descriptors.filter(isImage);
  if (candidates.length === 1) return candidates[0]!;
  const fitting = candidates.filter(
    ({ platform }) => !platform || (platform.os === host.os && platform.architecture === host.architecture),
  );
  const chosen = fitting.find(({ platform }) => platform?.variant === host.variant) ?? fitting[0];
  if (chosen) return chosen;
  const shown = candidates.map(({ platform }) => `${platform?.os}/${platform?.architecture}`).join(', ') || 'nothing';
  throw invalid(`${what}: no image for ${host.os}/${host.architecture}; the archive has ${shown}`);
}

async function resolve(
  archive: Archive, descriptor: Descriptor, host: Platform, reference: Reference | undefined, depth: number,
): Promise<ArchivedImage> {
  if (depth > maxDepth) throw invalid(`archive nests its indexes deeper than ${maxDepth}`);
  const { content, document } = await readBlob(archive, descriptor);
  if ('manifests' in document) {
    const inner = choose(document.manifests, host, `index ${shortId(descriptor.digest)}`);
    return resolve(archive, inner, host, reference, depth + 1);
  }
  const what = `config of ${shortId(descriptor.digest)}`;
  const configContent = checkedBlob(archive, document.config, what);
  const config = imageConfig(await readDocument(configContent, what), what);
  const contents = document.layers.map((layer) => {
    const name = blobName(layer.digest);
    return { name, content: checkedBlob(archive, layer, 'a layer') };
  });
  return {
    id: configContent.digest,
    references: reference ? [reference] : [],
    config,
    configContent,
    layers: pairLayers(config, contents, what),
    manifest: content,
  };
}

/**
 * What an annotation names. Tools put a whole reference there, or, since the spec allows it, a bare word, which is
 * a repository (`skopeo copy … oci:folder:web`) unless it can only be a tag (`latest`, `1.0`).
 */
export function referenceOf(name: string): Reference | undefined {
  if (!/[:/]/.test(name) && /^(?:latest|v?[0-9].*)$/.test(name)) return undefined;
  return withDefaultTag(parseReference(name));
}
