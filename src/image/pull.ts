import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeWhole } from '../host/files.ts';
import type { Web } from '../host/web.ts';
import { BerthError, codeOf, invalid } from '../model/errors.ts';
import { shortId, type Digest, type ImageId } from '../model/ids.ts';
import type { Descriptor, ImageConfig, ImageManifest, Platform } from '../model/oci-image.ts';
import { canonicalName, familiarName, familiarRepository, type Reference } from '../model/reference.ts';
import { maxLayers, type ArchivedLayer } from './archived-images.ts';
import type { ReceivedContent } from './content.ts';
import { imageConfig, manifestOrIndex } from './documents.ts';
import { bestFor, formatPlatform } from '../model/platform.ts';
import type { Credentials } from './registry/auth.ts';
import { atRegistry, Repository, type RawManifest } from './registry/client.ts';
import { BegunAnew, isRefusal, type Downloads, type Lease } from './registry/downloads.ts';
import type { RegistryOptions } from './registry/endpoints.ts';
import { explained } from './registry/errors.ts';
import { LayerLines } from './registry/progress.ts';
import { parseDocument } from './registry/session.ts';
import { nextChainId } from './chain.ts';
import type { Progress } from './stage.ts';
import type { Sources } from './registry/sources.ts';
import type { Images } from './store.ts';

export interface PullRequest {
  /** With a tag or a digest. */
  readonly reference: Reference;
  /** Asked for; the host's where it wasn't. */
  readonly platform?: Platform | undefined;
  readonly credentials?: Credentials | undefined;
}

export interface PullTools {
  readonly web: Web;
  readonly options: RegistryOptions;
  readonly downloads: Downloads;
  readonly images: Images;
  readonly sources: Sources;
  readonly hostPlatform: Platform;
}

export interface PulledImage {
  readonly id: ImageId;
  /** Of what the tag names: the index, where there is one. */
  readonly digest: Digest;
  /** Whether the name led elsewhere, or nowhere, before. */
  readonly changed: boolean;
}

/**
 * Brings one image from its registry: manifest, config, then all layers at once. Nothing is named or visible before all
 * of it is verified and unpacked. Tells of it in Docker's lines; the first one only when the registry has the image.
 */
export async function pull(
  request: PullRequest, tools: PullTools, progress: Progress, signal: AbortSignal,
): Promise<PulledImage> {
  const { reference, credentials } = request;
  const { web, options } = tools;
  try {
    return await atRegistry(
      { web, options, registry: reference.domain, credentials, use: 'pull', signal },
      (session) => pullFrom(new Repository(session, reference.path), request, tools, progress, signal),
    );
  } catch (error) {
    throw explained(error, reference);
  }
}

async function pullFrom(
  repository: Repository, request: PullRequest, tools: PullTools, progress: Progress, signal: AbortSignal,
): Promise<PulledImage> {
  const { reference } = request;
  const { images, hostPlatform } = tools;
  const target = reference.digest ?? reference.tag!;
  const before = images.find(canonicalName(reference));
  const { tag: _tag, ...untagged } = reference;
  const namesOf = (digest: Digest): Reference[] =>
    reference.tag === undefined || reference.digest ? [{ ...untagged, digest }] : [{ ...untagged, digest }, reference];
  // Asking is free where registries count pulls.
  const digest = await repository.digestOf(target, signal);
  const here = digest && images.find(canonicalName({ ...untagged, digest }));
  if (here && (!request.platform || bestFor(request.platform, [{ platform: here.config }]))) {
    progress({ status: `Pulling from ${reference.path}`, id: target });
    images.name(here.id, namesOf(digest));
    return told(request, { id: here.id, digest, changed: before?.id !== here.id }, here.config, progress);
  }
  const named = await repository.manifest(target, signal);
  const { raw, manifest } = await imageManifest(repository, named, request.platform ?? hostPlatform, signal);
  progress({ status: `Pulling from ${reference.path}`, id: target });

  const names = namesOf(named.digest);
  const id = manifest.config.digest;
  const known = images.has(id);
  if (known) images.name(id, names);
  else {
    const configBytes = await repository.document(manifest.config, signal);
    const config = imageConfig(parseDocument(configBytes.toString('utf8'), 'config'), `config of ${familiarName(reference)}`);
    const fetched = { repository, manifest, raw, config, configBytes, names };
    await fetchImage(fetched, tools, progress, signal).catch((error: unknown) => {
      const isAnew = error instanceof BegunAnew || (error as Error).cause instanceof BegunAnew;
      return isAnew ? fetchImage(fetched, tools, progress, signal) : Promise.reject(error);
    });
    tools.sources.add(manifest.layers.map(({ digest: blob, size, mediaType = '' }, at) => ({
      diffId: config.rootfs.diff_ids[at]!, blob, size, mediaType, registry: reference.domain, repository: reference.path,
    })));
  }
  return told(request, { id, digest: named.digest, changed: before?.id !== id }, images.config(id), progress);
}

/** The last lines. */
function told(request: PullRequest, pulled: PulledImage, config: ImageConfig, progress: Progress): PulledImage {
  progress({ status: `Digest: ${pulled.digest}` });
  const words = pulled.changed ? 'Downloaded newer image for' : 'Image is up to date for';
  progress({ status: `Status: ${words} ${familiarName(request.reference)}` });
  warnOfPlatform(request, config, progress);
  return pulled;
}

interface Resolved {
  readonly raw: RawManifest;
  readonly manifest: ImageManifest;
}

/** The manifest itself, or the one that an index has for the platform. */
async function imageManifest(
  repository: Repository, named: RawManifest, platform: Platform, signal: AbortSignal,
): Promise<Resolved> {
  let raw = named;
  for (let depth = 0; depth < 4; depth++) {
    const what = `manifest ${raw.digest}`;
    const text = parseDocument(raw.bytes.toString('utf8'), what);
    const document = manifestOrIndex(text, what);
    checkType(raw, document);
    if (!('manifests' in document)) return { raw, manifest: checkedManifest(document, what) };
    const chosen = bestFor(platform, document.manifests);
    if (!chosen) {
      throw new BerthError('not-found', `no matching manifest for ${formatPlatform(platform)} in the manifest list entries`);
    }
    raw = await repository.manifest(chosen.digest, signal);
    if (raw.bytes.length !== chosen.size) {
      throw invalid(`manifest ${chosen.digest} has ${raw.bytes.length} bytes, its index says ${chosen.size}`);
    }
  }
  throw invalid(`manifest ${named.digest}: indexes within indexes, deeper than 4`);
}

/** What the registry called it must be what it is (CVE-2021-41190). */
function checkType({ mediaType, digest }: RawManifest, document: object): void {
  const isIndex = 'manifests' in document;
  if (!/manifest|index/.test(mediaType)) return;
  if (/\bindex\b|manifest\.list/.test(mediaType) !== isIndex) {
    throw invalid(`manifest ${digest}: the registry calls it ${mediaType}, but it holds ${isIndex ? 'an index' : 'a manifest'}`);
  }
}

const configTypes = /^(?:application\/vnd\.oci\.image\.config\.v1|application\/vnd\.docker\.container\.image\.v1)\+json$/;
const layerTypes = new RegExp(
  '^application/vnd\\.(?:oci\\.image\\.layer\\.(?:nondistributable\\.)?v1\\.tar(?:\\+gzip|\\+zstd)?'
  + '|docker\\.image\\.rootfs\\.(?:foreign\\.)?diff\\.tar(?:\\.gzip|\\.zstd)?)$',
);

function checkedManifest(manifest: ImageManifest, what: string): ImageManifest {
  const { mediaType = '' } = manifest.config;
  if (mediaType !== '' && !configTypes.test(mediaType)) {
    throw invalid(`${what} is no image: its config is of the type ${mediaType.slice(0, 100)}`);
  }
  if (manifest.layers.length > maxLayers) throw invalid(`${what} has ${manifest.layers.length} layers, more than ${maxLayers}`);
  for (const layer of manifest.layers) {
    if (layer.mediaType && !layerTypes.test(layer.mediaType)) {
      throw invalid(`${what}: layer ${layer.digest} is of the type ${layer.mediaType.slice(0, 100)}, which is no file system layer`);
    }
  }
  return manifest;
}

interface Fetched extends Resolved {
  readonly repository: Repository;
  readonly config: ImageConfig;
  readonly configBytes: Buffer;
  readonly names: readonly Reference[];
}

async function fetchImage(
  { repository, manifest, raw, config, configBytes, names }: Fetched, { images, downloads }: PullTools,
  progress: Progress, signal: AbortSignal,
): Promise<void> {
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length) {
    throw invalid(`the config names ${diffIds.length} layers, the manifest ${manifest.layers.length}`);
  }
  const plans = planLayers(images, manifest.layers, diffIds);
  const lines = plans.map(({ blob, existing }) => {
    const line = new LayerLines(blob.digest, progress);
    line.state(existing ? 'Already exists' : 'Pulling fs layer');
    return line;
  });
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const leases = plans.map(({ blob, existing }, at) =>
    existing ? undefined : downloads.begin(repository, blob, lines[at]!, either));
  try {
    await images.take(async (directory) => {
      const layers = plans.map(({ blob, diffId, existing }, at): ArchivedLayer => {
        const lease = leases[at];
        if (!lease) return { diffId, name: blob.digest, content: existing! };
        const { content, open } = lease;
        return { diffId, name: blob.digest, content, open, unpacked: () => lines[at]!.state('Pull complete') };
      });
      // One layer that can't come ends it, whichever is being unpacked.
      Promise.all(leases.map((lease) => lease?.whole)).catch((error: unknown) => stop.abort(error));
      // Blobs that the manifest doesn't name can't be pushed or saved under it.
      const isWhole = plans.every(({ blob, existing }) => !existing || existing.digest === blob.digest);
      return [{
        id: manifest.config.digest, references: names, config, layers,
        configContent: await put(join(directory, 'config'), configBytes),
        ...(isWhole ? { manifest: await put(join(directory, 'manifest'), raw.bytes) } : {}),
      }];
    }, extracting(plans, lines, leases));
    await Promise.all(leases.map((lease) => lease?.release('stored')));
  } catch (error) {
    await Promise.all(leases.map((lease) => lease?.release(isRefusal(error) ? 'refused' : 'failed')));
    // The layer that couldn't come is the reason, not the one that was being unpacked then.
    const reason: unknown = stop.signal.reason;
    throw reason === undefined || ['ENOSPC', 'EDQUOT'].includes(codeOf(reason) ?? '') ? error : reason;
  }
}

/** The store's progress, told of the blobs that the registry named; unpacking is told when the download is through. */
function extracting(
  plans: readonly LayerPlan[], lines: readonly LayerLines[], leases: readonly (Lease | undefined)[],
): Progress {
  const byDiffId = new Map<string, LayerLines>();
  plans.forEach(({ diffId }, at) => {
    leases[at]?.whole.then(() => byDiffId.set(shortId(diffId), lines[at]!), () => undefined);
  });
  return ({ id, progressDetail }) => {
    if (id !== undefined && progressDetail) {
      byDiffId.get(id)?.count('Extracting', progressDetail.current ?? 0, progressDetail.total ?? 0);
    }
  };
}

interface LayerPlan {
  readonly blob: Descriptor;
  readonly diffId: Digest;
  /** A blob that is here and unpacked, maybe compressed otherwise. */
  readonly existing?: ReceivedContent;
}

function planLayers(images: Images, blobs: readonly Descriptor[], diffIds: readonly Digest[]): LayerPlan[] {
  let chainId: Digest | undefined;
  return blobs.map((blob, at) => {
    const diffId = diffIds[at]!;
    chainId = nextChainId(chainId, diffId);
    const existing = images.blobOf(diffId, chainId);
    return { blob, diffId, ...(existing ? { existing } : {}) };
  });
}

async function put(path: string, bytes: Buffer): Promise<ReceivedContent> {
  await writeWhole(path, bytes);
  return { path, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest, size: bytes.length };
}

/** Docker's warning where a tag has nothing but another platform's image. */
function warnOfPlatform({ platform, reference }: PullRequest, config: ImageConfig, progress: Progress): void {
  if (!platform || bestFor(platform, [{ platform: config }])) return;
  progress({
    status: `WARNING: image with reference ${familiarRepository(reference)} was found but does not match the specified platform: `
      + `wanted ${formatPlatform(platform)}, actual: ${formatPlatform(config)}`,
  });
}

/** Every tag of a repository, sorted. */
export async function tagsOf(
  reference: Reference, credentials: Credentials | undefined, { web, options }: PullTools, signal: AbortSignal,
): Promise<string[]> {
  try {
    return await atRegistry(
      { web, options, registry: reference.domain, credentials, use: 'pull', signal },
      async (session) => (await new Repository(session, reference.path).tags(signal)).toSorted(),
    );
  } catch (error) {
    throw explained(error, reference);
  }
}

