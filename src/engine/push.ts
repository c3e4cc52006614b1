import type { Credentials } from '../image/registry/auth.ts';
import { bestFor, formatPlatform, hostPlatform, parsePlatform } from '../model/platform.ts';
import type { Progress } from '../image/stage.ts';
import { notFound } from '../model/errors.ts';
import { familiarName, parseReference } from '../model/reference.ts';
import type { Context } from './context.ts';
import { eventAttributes } from './pull.ts';

export interface PushOptions {
  /** `localhost:5000/web`, with or without a tag. */
  readonly name: string;
  /** Without one in either place all tags are pushed. */
  readonly tag?: string | undefined;
  readonly platform?: string | undefined;
  readonly credentials?: Credentials | undefined;
}

/** Pushes one tag of a repository, or all that are here. */
export async function pushImages(
  context: Context, { name, tag, platform, credentials }: PushOptions, tell: Progress, signal: AbortSignal,
): Promise<void> {
  const reference = parseReference(tag ? `${name}:${tag}` : name);
  const images = context.images
    .tagged(reference)
    .filter((one) => reference.tag === undefined || one.tag === reference.tag);
  if (platform) {
    const wanted = parsePlatform(platform, hostPlatform());
    if (!images.some(({ record }) => bestFor(wanted, [{ platform: record.config }]))) {
      throw notFound(`image ${familiarName(reference)} isn't there for the platform ${formatPlatform(wanted)}`);
    }
  }
  const { tag: _tag, ...repository } = reference;
  await context.registries.push({ repository, images, credentials }, tell, signal, (pushed, digest, record) => {
    context.images.name(record.id, [{ ...repository, digest }]);
    const named = { ...repository, tag: pushed };
    context.events.emit('image', 'push', familiarName(named), eventAttributes(context, record.id, named));
  });
}
