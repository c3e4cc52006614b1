import { join } from 'node:path';
import { list, open, readTextIfAny, remove, stat, writeText } from '../../host/files.ts';
import { frontier, missing, parseIntervals, present, withInterval, type Intervals } from './intervals.ts';

type Handle = Awaited<ReturnType<typeof open>>;

/** Bytes between two notes of what is there: as much is fetched again after a crash. */
const noteEvery = 4 * 1024 * 1024;
const readSize = 512 * 1024;
/** Days after which nobody comes back for a partial. */
const keptDays = 7;

/**
 * A blob that is on its way into a file. Writers put pieces at their places, readers follow in order as far as it is
 * whole from the beginning and wait for the rest. Beside it stands a note of which bytes are there, so that the next
 * engine goes on where a killed one stopped; it is only a hint, since the digest is verified over the whole at the end.
 */
export class PartialBlob {
  readonly path: string;
  readonly size: number;
  /** Whether some of it comes from before. */
  readonly resumed: boolean;
  readonly #handle: Handle;
  #intervals: Intervals;
  #unnoted = 0;
  #noting: Promise<void> = Promise.resolve();
  #failure: unknown;
  #forgotten = 0;
  #wake: (() => void)[] = [];
  #users = 1;

  private constructor(path: string, size: number, handle: Handle, intervals: Intervals) {
    this.path = path;
    this.size = size;
    this.#handle = handle;
    this.#intervals = intervals;
    this.resumed = intervals.length > 0;
  }

  static async open(path: string, size: number): Promise<PartialBlob> {
    const noted = await readTextIfAny(`${path}.note`);
    const there = await stat(path).catch(() => undefined);
    const intervals = noted !== undefined && there ? readNote(noted, size, there.size) : undefined;
    const handle = await open(path, intervals ? 'r+' : 'w+', 0o600);
    return new PartialBlob(path, size, handle, intervals ?? []);
  }

  get present(): number {
    return present(this.#intervals);
  }

  missing(start = 0, end = this.size): [number, number][] {
    return missing(this.#intervals, start, end);
  }

  async write(pieces: readonly Buffer[], at: number): Promise<void> {
    let written = 0;
    for (const piece of pieces) {
      for (let from = 0; from < piece.length; ) {
        const { bytesWritten } = await this.#handle.write(piece, from, piece.length - from, at + written);
        from += bytesWritten;
        written += bytesWritten;
      }
    }
    this.#intervals = withInterval(this.#intervals, at, at + written);
    this.#unnoted += written;
    if (this.#unnoted >= noteEvery) void this.note();
    this.#awake();
  }

  /** Writes down what is there. */
  note(): Promise<void> {
    this.#unnoted = 0;
    const text = JSON.stringify({ size: this.size, done: this.#intervals });
    // A torn note can't be parsed, and then counts as none.
    this.#noting = this.#noting.then(() => writeText(`${this.path}.note`, text, 0o600)).catch(() => undefined);
    return this.#noting;
  }

  /** How often all of it turned out to be wrong and was begun anew. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** What came before was wrong: all of it is fetched again, and whoever has read it has read nonsense. */
  async forget(): Promise<void> {
    this.#forgotten++;
    this.#intervals = [];
    await this.#handle.truncate(0);
    await this.note();
  }

  /** Readers end with this error. */
  fail(error: unknown): void {
    this.#failure ??= error;
    this.#awake();
  }

  /** All bytes in order, as they come. */
  async *chunks(): AsyncGenerator<Buffer> {
    if (this.#users === 0) throw this.#failure ?? new Error(`${this.path}: nobody fetches it any more`);
    this.#users++;
    try {
      for (let at = 0; at < this.size; ) {
        if (this.#failure) throw this.#failure;
        const end = frontier(this.#intervals);
        if (end <= at) {
          await new Promise<void>((resolve) => this.#wake.push(resolve));
          continue;
        }
        const wanted = Math.min(readSize, end - at);
        const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
        if (bytesRead === 0) throw new Error(`${this.path}: the file became shorter`);
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await this.#leave();
    }
  }

  /** Lets go of the file; it closes with its last reader. */
  async close(): Promise<void> {
    await this.#noting;
    await this.#leave();
  }

  /** The file is the store's now, or no longer wanted. */
  async discard(keepBytes: boolean): Promise<void> {
    await this.#noting;
    await remove(`${this.path}.note`);
    if (!keepBytes) await remove(this.path);
  }

  async #leave(): Promise<void> {
    if (--this.#users === 0) await this.#handle.close();
  }

  #awake(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}

function readNote(text: string, size: number, fileSize: number): Intervals | undefined {
  try {
    const { size: noted, done } = JSON.parse(text) as { size?: unknown; done?: unknown };
    const intervals = noted === size ? parseIntervals(done, size) : undefined;
    return (intervals?.at(-1)?.[1] ?? 0) <= fileSize ? intervals : undefined;
  } catch {
    return undefined;
  }
}

/** Removes partials that nobody came back for. */
export async function sweepPartials(directory: string, inUse: (hex: string) => boolean): Promise<void> {
  const oldest = Date.now() - keptDays * 24 * 3600 * 1000;
  for (const name of await list(directory)) {
    const path = join(directory, name);
    const { mtimeMs = 0 } = (await stat(path).catch(() => undefined)) ?? {};
    if (mtimeMs < oldest && !inUse(name.replace(/\.note$/, ''))) await remove(path);
  }
}
