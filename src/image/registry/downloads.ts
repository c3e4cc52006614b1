import { join } from 'node:path';
import { makeDirectory } from '../../host/files.ts';
import { BerthError, codeOf } from '../../model/errors.ts';
import { hexOf, type Digest } from '../../model/ids.ts';
import type { Descriptor } from '../../model/oci-image.ts';
import type { ReceivedContent } from '../content.ts';
import type { Repository } from './client.ts';
import { download } from './download.ts';
import { PartialBlob, sweepPartials } from './partial.ts';
import type { LayerLines } from './progress.ts';

/** How a pull that wanted a blob ended. */
export type Outcome = 'stored' | 'refused' | 'failed';

/** What came isn't what was promised, or can't be used: of no use to the next pull either. */
export const isRefusal = (error: unknown): boolean => error instanceof BerthError && error.kind === 'invalid';

/** A partial of an earlier engine was wrong, and was read before that came out: the pull is to be done again. */
export class BegunAnew extends BerthError {
  constructor(digest: Digest) {
    super('unavailable', `layer ${digest}: what an earlier pull had left of it was damaged; it has been fetched again`);
    this.name = 'BegunAnew';
  }
}

/** One pull's share in a download. */
export interface Lease {
  /** Where it will be, whole and verified, when `whole` has resolved. */
  readonly content: ReceivedContent;
  readonly whole: Promise<void>;
  /** Its bytes in order, while they come. Fails in the end where they don't have the digest. */
  open(): AsyncGenerator<Buffer>;
  release(outcome: Outcome): Promise<void>;
}

interface Running {
  readonly partial: Promise<PartialBlob>;
  readonly whole: Promise<void>;
  readonly stop: AbortController;
  readonly watchers: Set<LayerLines>;
  leases: number;
}

/**
 * All downloads of one engine: so many at a time, and each blob once, however many pulls want it. A download ends when
 * its last pull has gone; what came by then stays for the next one.
 */
export class Downloads {
  readonly #directory: string;
  readonly #limit: number;
  readonly #running = new Map<string, Running>();
  readonly #waiting: (() => void)[] = [];
  #active = 0;

  private constructor(directory: string, limit: number) {
    this.#directory = directory;
    this.#limit = limit;
  }

  static async open(root: string, limit: number): Promise<Downloads> {
    const directory = join(root, 'partials');
    await makeDirectory(directory);
    await sweepPartials(directory, () => false);
    return new Downloads(directory, limit);
  }

  begin(repository: Repository, blob: Descriptor, lines: LayerLines, signal: AbortSignal): Lease {
    const { digest, size } = blob;
    // What one's credentials open is shared only with those who have the same.
    const key = `${hexOf(digest)}-${repository.identity}`;
    const running = this.#running.get(key) ?? this.#start(repository, digest, size, key);
    running.leases++;
    running.watchers.add(lines);
    const gone = (): void => void release(isRefusal(signal.reason) ? 'refused' : 'failed');
    let ending: Promise<void> | undefined;
    const release = (outcome: Outcome): Promise<void> => (ending ??= end(outcome));
    const end = async (outcome: Outcome): Promise<void> => {
      signal.removeEventListener('abort', gone);
      running.watchers.delete(lines);
      if (--running.leases > 0) return;
      if (this.#running.get(key) === running) this.#running.delete(key);
      running.stop.abort(signal.reason);
      const failure: unknown = await running.whole.then(() => undefined, (error: unknown) => error);
      // Of no use to anyone: what isn't what was promised, and what there is no room for.
      const useless = failure !== signal.reason && isRefusal(failure);
      const full = ['ENOSPC', 'EDQUOT'].includes(codeOf(failure) ?? '');
      const partial = await running.partial.catch(() => undefined);
      if (outcome === 'stored') await partial?.discard(true);
      else if (outcome === 'refused' || useless || full) await partial?.discard(false);
      // Whoever still reads it, reads for a pull that has ended.
      partial?.fail(signal.reason ?? failure ?? new Error('the pull has ended'));
      await partial?.close();
    };
    signal.addEventListener('abort', gone, { once: true });
    return {
      release,
      content: { path: join(this.#directory, key), digest, size },
      whole: running.whole,
      open: async function* () {
        const partial = await running.partial;
        const before = partial.forgotten;
        const judge = async (): Promise<void> => {
          await running.whole;
          if (partial.forgotten !== before) throw new BegunAnew(digest);
        };
        try {
          yield* partial.chunks();
        } finally {
          // What isn't what was promised is told as that, rather than as the damage it did to whoever read it.
          await judge();
        }
      },
    };
  }

  #start(repository: Repository, digest: Digest, size: number, key: string): Running {
    const stop = new AbortController();
    const { signal } = stop;
    const watchers = new Set<LayerLines>();
    const partial = PartialBlob.open(join(this.#directory, key), size);
    const each = (tell: (lines: LayerLines) => void): void => watchers.forEach(tell);
    const work = async (): Promise<void> => {
      const file = await partial;
      await this.#turn(each, signal);
      try {
        signal.throwIfAborted();
        await download(repository, digest, file, {
          signal,
          onBytes: () => each((lines) => lines.count('Downloading', file.present, size)),
          onWhole: () => each((lines) => lines.state('Verifying Checksum')),
        });
        each((lines) => lines.state('Download complete'));
      } finally {
        this.#active--;
        this.#waiting.shift()?.();
      }
    };
    const whole = work();
    whole.catch(async (error: unknown) => (await partial.catch(() => undefined))?.fail(error));
    const running: Running = { partial, whole, stop, watchers, leases: 0 };
    this.#running.set(key, running);
    // Whoever comes after a failure starts anew.
    whole.catch(() => this.#running.get(key) === running && this.#running.delete(key));
    return running;
  }

  async #turn(each: (tell: (lines: LayerLines) => void) => void, signal: AbortSignal): Promise<void> {
    if (this.#active >= this.#limit) {
      each((lines) => lines.state('Waiting'));
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal.addEventListener('abort', () => {
          // A turn that nobody takes must not be given.
          if (this.#waiting.includes(resolve)) this.#waiting.splice(this.#waiting.indexOf(resolve), 1);
          resolve();
        }, { once: true });
      });
    }
    this.#active++;
  }
}
