import * as files from '../host/files.ts';
import { codeOf } from '../model/errors.ts';
import type { LogPosition } from './launch.ts';
import { logCursor, momentOf, type LogCursor, type LogFormat, type Moment } from './log-records.ts';

const blockSize = 1 << 20;
/** Larger than any record. */
const stepSize = 1 << 18;
/** Records of two streams may stand this much out of order (ns): a line is dated by its first byte. */
const disorder = 1_000_000_000n;

interface Part {
  readonly handle: Awaited<ReturnType<typeof files.open>>;
  readonly inode: number;
  size: number;
}

/**
 * A container's log on disk: `path` is the newest file, `path.1` (newest) to `path.N` (oldest) are full ones. All are
 * opened at once, so that a rotation takes nothing from under the reader; memory stays at one block whatever the size.
 *
 * ```ts
 * const log = await LogReader.open(path, 'json');
 * await log.seekTail(10, [true, true]);
 * while (await log.read()) while (log.cursor.next()) …;
 * await log.close();
 * ```
 */
export class LogReader {
  readonly cursor: LogCursor;
  readonly #path: string;
  #parts: Part[];
  /** Where the cursor's block begins. */
  #part = 0;
  #offset = 0;
  /** Lines of the first block to pass over. */
  #skip = 0;
  readonly #block = Buffer.allocUnsafe(blockSize);
  /** Bytes that the last read brought into it. */
  #loaded = 0;

  private constructor(path: string, cursor: LogCursor, parts: Part[]) {
    this.#path = path;
    this.cursor = cursor;
    this.#parts = parts;
  }

  /** `attributes`: what the keeper was told to put into each line of the json format. */
  static async open(path: string, format: LogFormat, attributes = ''): Promise<LogReader> {
    return new LogReader(path, logCursor(format, attributes), await openParts(path));
  }

  async close(): Promise<void> {
    for (const { handle } of this.#parts.splice(0)) await handle.close();
  }

  /** Nothing behind this position is read: a live stream goes on from there. */
  endAt({ inode, offset }: LogPosition): void {
    const last = this.#parts.findIndex((part) => part.inode === inode);
    const part = this.#parts[last];
    if (!part) return;
    part.size = Math.min(part.size, offset);
    for (const newer of this.#parts.slice(last + 1)) newer.size = 0;
  }

  /** Passes over everything there is now. */
  seekEnd(): void {
    this.#place(Math.max(0, this.#parts.length - 1), this.#parts.at(-1)?.size ?? 0);
  }

  /** Places the reader before the last `lines` lines of the chosen streams [stdout, stderr]: a tail costs what it holds. */
  async seekTail(lines: number, chosen: readonly [boolean, boolean]): Promise<void> {
    let missing = lines;
    const seen = [false, false];
    await this.#walkBack((cursor) => {
      let ends = 0;
      let open = false;
      while (cursor.next()) {
        if (cursor.endsLine) ends += 1;
        open = !cursor.endsLine;
      }
      const which = cursor.stream - 1;
      if (!chosen[which]) return undefined;
      // The text after a stream's last line end is a line, too; a piece before that belongs to a line already counted.
      const found = ends + (open && !seen[which] ? 1 : 0);
      seen[which] = true;
      if (found > missing) return found - missing;
      missing -= found;
      return undefined;
    });
  }

  /** Places the reader at, or a little before, the first record that isn't older than `since`. */
  async seekSince(since: Moment): Promise<void> {
    const early = momentOf(since.ns - disorder);
    const isOlder = (cursor: LogCursor): boolean => cursor.next() && cursor.compareTime(early) < 0;
    for (let index = this.#parts.length - 1; index >= 0; index--) {
      const part = this.#parts[index] as Part;
      if (part.size === 0) continue;
      await this.#load(part, 0);
      if (!isOlder(this.cursor) && index > 0) continue;
      if (this.cursor.recordAfter(this.#block.subarray(0, part.size), 0) < 0) break;
      this.#place(index, await this.#search(part, isOlder));
      return;
    }
    await this.#walkBack((cursor) => (isOlder(cursor) ? 0 : undefined));
  }

  /** Loads the next block into the cursor, whose last one was read to its end; false at the end of what is there. */
  async read(): Promise<boolean> {
    for (;;) {
      const part = this.#parts[this.#part];
      if (!part) return false;
      const stuck = this.#loaded > 0 && this.cursor.taken === 0;
      const atEnd = this.cursor.torn || (stuck && this.#loaded < blockSize);
      // A line larger than any of ours isn't ours.
      this.#offset += stuck && !atEnd ? blockSize : this.cursor.taken;
      if (!atEnd && (await this.#load(part, this.#offset)) > 0) {
        for (; this.#skip > 0; this.#skip--) this.cursor.next();
        return true;
      }
      if (this.#part >= this.#parts.length - 1) {
        this.#place(this.#part, this.#offset);
        return false;
      }
      this.#place(this.#part + 1, 0);
    }
  }

  /** Takes in what has been written since: a grown file and new ones. */
  async refresh(): Promise<void> {
    const current = this.#parts[this.#part];
    if (current) current.size = (await current.handle.stat()).size;
    if ((await files.stat(this.#path).catch(() => undefined))?.ino === current?.inode) return;
    const parts = await openParts(this.#path);
    // Renamed aside, it doesn't grow any more.
    if (current) current.size = (await current.handle.stat()).size;
    const known = current ? parts.findIndex((part) => part.inode === current.inode) : -1;
    const kept = current ? [current] : [];
    const unneeded = [...this.#parts.filter((part) => part !== current), ...parts.slice(0, known + 1)];
    for (const { handle } of unneeded) await handle.close();
    this.#parts = [...kept, ...parts.slice(known + 1)];
    this.#part = 0;
  }

  #place(part: number, offset: number, skip = 0): void {
    this.#part = part;
    this.#offset = offset;
    this.#skip = skip;
    this.#loaded = 0;
    this.cursor.load(this.#block.subarray(0, 0));
  }

  /** Loads what a block takes of a file from `from` on; returns how much that is. */
  async #load(part: Part, from: number, most = blockSize): Promise<number> {
    const size = Math.min(most, part.size - from);
    const bytesRead = size <= 0 ? 0 : (await part.handle.read(this.#block, 0, size, from)).bytesRead;
    this.cursor.load(this.#block.subarray(0, bytesRead));
    this.#loaded = bytesRead;
    return bytesRead;
  }

  /** The start of a record that `isOlder`, with few of them before the first that isn't. */
  async #search(part: Part, isOlder: (cursor: LogCursor) => boolean): Promise<number> {
    let low = 0;
    for (let high = part.size; high - low > stepSize; ) {
      const middle = Math.floor((low + high) / 2);
      const got = await this.#load(part, middle, stepSize);
      const start = this.cursor.recordAfter(this.#block.subarray(0, got), 0);
      if (start < 0) break;
      this.cursor.load(this.#block.subarray(start, got));
      if (isOlder(this.cursor)) low = middle + start;
      else high = middle;
    }
    return low;
  }

  /**
   * Shows the records one by one from the newest back, until `visit` says that the reader is to begin in this one, after
   * so many of its lines.
   */
  async #walkBack(visit: (cursor: LogCursor) => number | undefined): Promise<void> {
    for (let index = this.#parts.length - 1; index >= 0; index--) {
      const part = this.#parts[index] as Part;
      let end = await this.#lastEnd(part);
      while (end > 0) {
        const from = Math.max(0, end - stepSize);
        const { bytesRead } = await part.handle.read(this.#block, 0, end - from, from);
        const block = this.#block.subarray(0, bytesRead);
        const before = end;
        for (let at = bytesRead; at > 0; ) {
          const start = this.cursor.recordBefore(block, at, from === 0);
          if (start < 0) break;
          this.cursor.load(block.subarray(start, at));
          const skip = visit(this.cursor);
          if (skip !== undefined) {
            this.#place(index, from + start, skip);
            return;
          }
          at = start;
          end = from + start;
        }
        if (end === before) break;
      }
    }
    this.#place(0, 0);
  }

  /** Where a file's last whole record ends. */
  async #lastEnd(part: Part): Promise<number> {
    const from = Math.max(0, part.size - stepSize);
    const got = await this.#load(part, from, stepSize);
    const end = this.cursor.lastEnd(this.#block.subarray(0, got));
    if (end >= 0) return from + end;
    let at = 0;
    while ((await this.#load(part, at)) > 0) {
      while (this.cursor.next());
      if (this.cursor.taken === 0) break;
      at += this.cursor.taken;
    }
    return at;
  }
}

/** Oldest first. Opened from the newest on, and none twice, so that a rotation meanwhile leaves none out. */
async function openParts(path: string): Promise<Part[]> {
  const parts: Part[] = [];
  for (let number = 0; ; number++) {
    try {
      const handle = await files.open(number === 0 ? path : `${path}.${number}`, 'r');
      const { ino, size } = await handle.stat();
      if (parts.some((part) => part.inode === ino)) await handle.close();
      else parts.unshift({ handle, inode: ino, size });
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return parts;
      throw error;
    }
  }
}
