import { diskUse } from '../host/files.ts';
import { BerthError, messageOf } from '../model/errors.ts';
import type { ImageId } from '../model/ids.ts';
import type { Context } from './context.ts';
import { imageUsers, removeImage } from './images.ts';

/** Percent of the data root's disk: above `high`, images that no container uses go until `low` is reached. */
export interface ImageGcLimits {
  readonly high: number;
  readonly low: number;
}

const everyMs = 60_000;

/** Looks once a minute until the engine closes. A failure is logged, and looked at again. */
export function startImageGc(context: Context, limits: ImageGcLimits): void {
  const running = { now: false };
  const timer = setInterval(() => {
    if (running.now) return;
    running.now = true;
    void collectImages(context, limits)
      .catch((error: unknown) => context.options.log(`image gc: ${messageOf(error)}`))
      .finally(() => (running.now = false));
  }, everyMs);
  timer.unref();
  context.closing.addEventListener('abort', () => clearInterval(timer), { once: true });
}

/**
 * Removes images that no container uses: those without a name first, then what came first. The ids that went.
 *
 * @param used the disk's use in percent, now
 */
export async function collectImages(
  context: Context, { high, low }: ImageGcLimits, used = (): Promise<number> => diskUse(context.options.root),
): Promise<ImageId[]> {
  const gone: ImageId[] = [];
  let percent = await used();
  if (percent < high) return gone;
  for (const id of candidates(context)) {
    if (percent <= low) break;
    try {
      await removeImage(context, id, { force: true, prune: true });
      gone.push(id);
    } catch (error) {
      // Taken into use, removed, or made a parent of another meanwhile.
      if (!(error instanceof BerthError && (error.kind === 'conflict' || error.kind === 'not-found'))) throw error;
    }
    percent = await used();
  }
  context.options.log(`image gc: ${gone.length} images removed; the disk is ${Math.round(percent)}% full`);
  return gone;
}

function candidates(context: Context): ImageId[] {
  const free = context.images.oldestFirst().filter((image) => imageUsers(context, image.id).length === 0);
  const isNamed = ({ repoTags }: (typeof free)[number]): number => (repoTags.length > 0 ? 1 : 0);
  return free.toSorted((a, b) => isNamed(a) - isNamed(b)).map(({ id }) => id);
}
