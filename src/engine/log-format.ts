import { timeSize, type LogCursor } from '../runtime/log-records.ts';

export interface LogFormatOptions {
  /** Bare text; otherwise each line is a frame of 8 bytes `[stream, 0, 0, 0, size big-endian]` and text. */
  readonly tty: boolean;
  readonly timestamps: boolean;
  /** Stands before each line's text, after its time. */
  readonly details: string;
}

const frameHead = 8;

export function frame(stream: 'stdout' | 'stderr', data: Buffer): Buffer {
  const head = Buffer.alloc(frameHead);
  head[0] = stream === 'stderr' ? 2 : 1;
  head.writeUInt32BE(data.length, 4);
  return Buffer.concat([head, data]);
}

const chunkSize = 1 << 18;

/** Puts the lines of a log into Docker's wire format, many to a chunk. */
export class LogWire {
  readonly #options: LogFormatOptions;
  readonly #details: Buffer;
  /** By stream: the line's beginning was sent, and what comes next goes on with it. */
  readonly #open = [false, false];
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(options: LogFormatOptions) {
    this.#options = options;
    this.#details = Buffer.from(options.details);
  }

  /** Takes the line (or piece of one) that the cursor is at. Gives a chunk when one is full. */
  take(cursor: LogCursor): Buffer | undefined {
    const room = frameHead + timeSize + 1 + this.#details.length + cursor.size;
    const full = this.#chunk.length - this.#at < room ? this.flush() : undefined;
    if (this.#chunk.length === 0) this.#chunk = Buffer.allocUnsafe(Math.max(chunkSize, room));
    const chunk = this.#chunk;
    const { tty, timestamps } = this.#options;
    const start = this.#at;
    const which = cursor.stream - 1;
    let at = tty ? start : start + frameHead;
    if (!this.#open[which]) {
      if (timestamps) {
        at = cursor.copyTime(chunk, at);
        chunk[at++] = 0x20;
      }
      at += this.#details.copy(chunk, at);
    }
    at = cursor.copyText(chunk, at);
    // Only what stands before a line needs to know where one begins.
    if (timestamps || this.#details.length > 0) this.#open[which] = !cursor.endsLine;
    if (!tty) {
      chunk.writeUInt32BE(which + 1, start);
      chunk[start] = which + 1;
      chunk[start + 3] = 0;
      chunk.writeUInt32BE(at - start - frameHead, start + 4);
    }
    this.#at = at;
    return full;
  }

  /** What hasn't been given yet. */
  flush(): Buffer | undefined {
    const rest = this.#at === 0 ? undefined : this.#chunk.subarray(0, this.#at);
    this.#chunk = this.#chunk.subarray(this.#at);
    if (this.#chunk.length < chunkSize / 4) this.#chunk = Buffer.alloc(0);
    this.#at = 0;
    return rest;
  }
}
