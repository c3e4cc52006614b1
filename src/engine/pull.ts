import { createHash } from 'node:crypto';
import type { Credentials } from '../image/registry/auth.ts';
import { parsePlatform, hostPlatform } from '../model/platform.ts';
import type { ProgressLine, Progress } from '../image/stage.ts';
import { canonicalName, familiarName, parseReference, type Reference } from '../model/reference.ts';
import type { Context } from './context.ts';

export type { Credentials } from '../image/registry/auth.ts';

export interface PullOptions {
  /** `web`, `localhost:5000/web:1`, `web@sha256:…`. */
  readonly name: string;
  /** A tag or digest; without one in either place all tags are pulled, as Docker's API has it. */
  readonly tag?: string | undefined;
  /** `linux/arm64`. */
  readonly platform?: string | undefined;
  readonly credentials?: Credentials | undefined;
}

interface Running {
  readonly lines: ProgressLine[];
  readonly listeners: Set<Progress>;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** Pulls under way, by what they pull and for whom. */
export type RunningPulls = Map<string, Running>;

/** Pulls an image, or all of a repository's; ends early when `signal` says so. */
export async function pullImages(
  context: Context, { name, tag, platform, credentials }: PullOptions, tell: Progress, signal: AbortSignal,
): Promise<void> {
  const separator = tag?.includes(':') ? '@' : ':';
  const reference = parseReference(tag ? `${name.replace(/@.*$/, '')}${separator}${tag}` : name);
  const wanted = platform ? parsePlatform(platform, hostPlatform()) : undefined;
  const all = reference.tag === undefined && reference.digest === undefined
    ? (await context.registries.tags(reference, credentials, signal)).map((one) => ({ ...reference, tag: one }))
    : [reference];
  for (const one of all) {
    const key = createHash('sha256').update(JSON.stringify([canonicalName(one), wanted, credentials])).digest('hex');
    await shared(context, key, tell, signal, async (progress, stop) => {
      const { id } = await context.registries.pull({ reference: one, platform: wanted, credentials }, progress, stop);
      context.events.emit('image', 'pull', familiarName(one), eventAttributes(context, id, one));
    });
  }
}

/** Two who pull the same have one pull between them: who comes later is told what happened so far. */
async function shared(
  { pulls }: Context, key: string, tell: Progress, signal: AbortSignal,
  work: (progress: Progress, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const known = pulls.get(key);
  const running = known ?? begin();
  for (const line of running.lines) tell(line);
  running.listeners.add(tell);
  const gone = Promise.withResolvers<never>();
  const leave = (): void => {
    running.listeners.delete(tell);
    // The last one out ends it.
    if (running.listeners.size === 0) {
      if (pulls.get(key) === running) pulls.delete(key);
      running.stop.abort(signal.reason);
    }
    gone.reject(signal.reason);
  };
  gone.promise.catch(() => undefined);
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  try {
    await Promise.race([running.done, gone.promise]);
  } finally {
    signal.removeEventListener('abort', leave);
    running.listeners.delete(tell);
  }

  function begin(): Running {
    const stop = new AbortController();
    const lines: ProgressLine[] = [];
    const listeners = new Set<Progress>();
    const progress: Progress = (line) => {
      // Of counts the last one says it all.
      const last = lines.findLastIndex(({ id }) => id === line.id);
      if (line.id !== undefined && last >= 0 && lines[last]!.status === line.status) lines[last] = line;
      else lines.push(line);
      for (const listener of listeners) listener(line);
    };
    const done = work(progress, stop.signal).finally(() => pulls.get(key) === one && pulls.delete(key));
    const one: Running = { lines, listeners, stop, done };
    done.catch(() => undefined);
    pulls.set(key, one);
    return one;
  }
}

/** Docker's attributes of an image's event: its labels and its name. */
export function eventAttributes(context: Context, id: string, reference: Reference): Record<string, string> {
  const { tag: _tag, digest: _digest, ...bare } = reference;
  return { ...context.images.find(id)?.config.config?.Labels, name: familiarName(bare) };
}
