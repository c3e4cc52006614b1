import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { writeWhole } from '../host/files.ts';
import { isDigest, type Digest } from '../model/ids.ts';
import type { ImageConfig, Platform } from '../model/oci-image.ts';
import type { Reference } from '../model/reference.ts';
import type { ArchivedImage } from './archived-images.ts';
import { applyChanges } from './changes.ts';
import { decompressed } from './compression.ts';
import { receive, type ReceivedContent } from './content.ts';
import { imageConfig } from './documents.ts';

export interface ImportRequest {
  /** `web`, `localhost:5000/web`; without it the image has no name. */
  readonly repository?: string;
  readonly tag?: string;
  /** Dockerfile instructions: `CMD ["httpd"]`, `ENV A=b`. */
  readonly changes?: readonly string[];
  readonly message?: string;
  readonly platform?: Platform;
}

/** Makes an image of one layer out of a file system's tar, in the form in which archives give theirs. */
export async function imageOfTar(
  stream: Readable, request: ImportRequest, reference: Reference | undefined, directory: string, host: Platform,
): Promise<ArchivedImage> {
  const { architecture, os, variant } = request.platform ?? host;
  // Kept uncompressed: then blob and diff id are one, whoever compressed it how.
  const layer = await receive(decompressed(stream as AsyncIterable<Buffer>, 'the archive'), join(directory, 'import'));
  const created = new Date().toISOString();
  const document: ImageConfig = {
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    created,
    config: applyChanges({}, request.changes ?? []),
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
    history: [{ created, comment: request.message ?? 'Imported from -' }],
  };
  const { content, config } = await writeConfig(document, join(directory, 'config'));
  return {
    id: content.digest,
    references: reference ? [reference] : [],
    config,
    configContent: content,
    layers: [{ diffId: layer.digest, content: layer, name: 'the archive' }],
  };
}

async function writeConfig(
  document: ImageConfig, path: string,
): Promise<{ content: ReceivedContent; config: ImageConfig }> {
  const text = JSON.stringify(document);
  await writeWhole(path, text);
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  if (!isDigest(digest)) throw new Error('unreachable: a sha256 is a digest');
  const content = { path, digest: digest satisfies Digest, size: Buffer.byteLength(text) };
  return { content, config: imageConfig(JSON.parse(text), 'config') };
}
