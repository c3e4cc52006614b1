import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeWhole } from '../host/files.ts';
import { invalid } from '../model/errors.ts';
import type { Digest, ImageId } from '../model/ids.ts';
import type { ContainerDefaults, ImageConfig, ImageHistory, Platform } from '../model/oci-image.ts';
import type { Reference } from '../model/reference.ts';
import { maxLayers, type ArchivedImage, type ArchivedLayer } from './archived-images.ts';
import { decompressed } from './compression.ts';
import { receive, type ReceivedContent } from './content.ts';
import { imageConfig } from './documents.ts';

/** What an image that is made here says of itself, beside its layers. */
export interface NewImage {
  /** All defaults of its containers; nothing is taken over from the image below. */
  readonly config: ContainerDefaults;
  readonly platform: Platform;
  readonly author?: string;
  readonly comment?: string;
  /** The command that made the layer, as `history` shows it. */
  readonly createdBy?: string;
  readonly reference?: Reference;
}

/** The image that a new layer is put on. */
export interface BaseImage {
  readonly id: ImageId;
  readonly config: ImageConfig;
  readonly layers: readonly ArchivedLayer[];
}

/** sha256 of 1024 zeros, a tar archive of nothing. */
const emptyTar = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';

/**
 * Makes an image of a tar stream (of `import` or `commit`), alone or on top of another image, in the form in which
 * archives give theirs. A layer without anything in it is told in the history alone, as Docker does.
 */
export async function builtImage(
  tar: AsyncIterable<Buffer>, image: NewImage, base: BaseImage | undefined, directory: string,
): Promise<ArchivedImage> {
  // Kept uncompressed: then blob and diff id are one, whoever compressed it how.
  const content = await receive(decompressed(tar, 'the archive'), join(directory, 'built'));
  const { platform, config, author, comment, createdBy, reference } = image;
  const isEmpty = base !== undefined && content.digest === emptyTar;
  const added: ArchivedLayer[] = isEmpty ? [] : [{ diffId: content.digest, content, name: 'the archive' }];
  const layers = [...(base?.layers ?? []), ...added];
  if (layers.length > maxLayers) throw invalid(`max depth exceeded: an image has at most ${maxLayers} layers`);
  const created = new Date().toISOString();
  const document: ImageConfig = {
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
    created,
    ...(author ? { author } : {}),
    ...(comment ? { comment } : {}),
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: [
      ...(base ? historyBelow(base) : []),
      {
        created,
        ...(author ? { author } : {}),
        ...(createdBy ? { created_by: createdBy } : {}),
        ...(comment ? { comment } : {}),
        ...(isEmpty ? { empty_layer: true } : {}),
      },
    ],
  };
  const { content: configContent, config: checked } = await writeConfig(document, join(directory, 'config'));
  return {
    id: configContent.digest, references: reference ? [reference] : [], config: checked, configContent, layers,
    ...(base ? { parent: base.id } : {}),
  };
}

/** With an entry for each layer, also those that the image's own history doesn't tell of, so that ours meets its layer. */
function historyBelow({ config, layers }: BaseImage): ImageHistory[] {
  const told = config.history ?? [];
  const untold = layers.length - told.filter((entry) => !entry.empty_layer).length;
  const { created } = config;
  return [...told, ...Array.from({ length: Math.max(0, untold) }, () => (created === undefined ? {} : { created }))];
}

async function writeConfig(
  document: ImageConfig, path: string,
): Promise<{ content: ReceivedContent; config: ImageConfig }> {
  const text = JSON.stringify(document);
  await writeWhole(path, text);
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}` as Digest;
  return { content: { path, digest, size: Buffer.byteLength(text) }, config: imageConfig(JSON.parse(text), 'config') };
}
