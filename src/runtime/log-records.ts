/**
 * The two formats of a container's log, as runtime/log.h draws them, read a block at a time. A cursor steps over the
 * lines (or pieces of long ones) of a block without making an object of each: a log has millions.
 */
export interface LogCursor {
  /** Takes a block that begins at a record's start; what isn't whole at its end is left. */
  load(block: Buffer): void;
  /** Steps to the next line; false where the block has no more whole record. */
  next(): boolean;
  /** Bytes of the block up to the end of the last whole record that was stepped over. */
  readonly taken: number;
  /** A power cut tore a record: what follows in this file can't be told apart. */
  readonly torn: boolean;
  /** 1 stdout, 2 stderr. */
  readonly stream: number;
  /** No more bytes than this has the line's text. */
  readonly size: number;
  /** The line's end is in it; else it is a piece, and the next of its stream goes on. */
  readonly endsLine: boolean;
  /** Writes the text to `to` at `at`; returns where it ended. */
  copyText(to: Buffer, at: number): number;
  /** Writes the 30 letters of the time; returns where they ended. */
  copyTime(to: Buffer, at: number): number;
  /** Below zero where the record is older than the moment. */
  compareTime(moment: Moment): number;
  /** The start of the record that ends at `end` in `block`, which begins a file or not; -1 where it isn't in it. */
  recordBefore(block: Buffer, end: number, beginsFile: boolean): number;
  /** Where the last whole record of a file's last block ends; -1 where that can't be told from it. */
  lastEnd(block: Buffer): number;
  /** The start of the first record behind `from`; -1 where there is none, or where only a walk from the start tells. */
  recordAfter(block: Buffer, from: number): number;
}

export type LogFormat = 'json' | 'local';

/** A time in both formats' words. */
export interface Moment {
  /** Nanoseconds since 1970. */
  readonly ns: bigint;
  readonly text: Buffer;
}

export const timeSize = 30;

export function momentOf(ns: bigint): Moment {
  const bounded = ns < 0n ? 0n : ns > 253_402_300_799_999_999_999n ? 253_402_300_799_999_999_999n : ns;
  return { ns: bounded, text: Buffer.from(fullTime(bounded), 'latin1') };
}

/** Log times keep all nine digits, so that columns align. */
function fullTime(ns: bigint): string {
  const second = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${second}.${(ns % 1_000_000_000n).toString().padStart(9, '0')}Z`;
}

/** `attributes`: what each line has between stream and time, as the keeper was told. */
export function logCursor(format: LogFormat, attributes = ''): LogCursor {
  return format === 'json' ? new JsonCursor(Buffer.byteLength(attributes)) : new LocalCursor();
}

const newline = 0x0a;
const backslash = 0x5c;
const quote = 0x22;
const prefix = '{"log":"'.length;
const streamSuffix = '","stream":"stdout",'.length;
const streamLetter = '","stream":"std'.length;
const timeSuffix = timeSize + '"}'.length;
const timeKey = '"time":"'.length;

class JsonCursor implements LogCursor {
  taken = 0;
  readonly torn = false;
  stream = 1;
  size = 0;
  #block: Buffer = Buffer.alloc(0);
  #text = 0;
  #end = 0;
  #time = 0;
  /** From the text's end to the line's end. */
  readonly #tail: number;

  constructor(attributes: number) {
    this.#tail = streamSuffix + attributes + timeKey + timeSuffix;
  }

  load(block: Buffer): void {
    this.#block = block;
    this.taken = 0;
  }

  next(): boolean {
    const block = this.#block;
    for (;;) {
      const start = this.taken;
      const end = block.indexOf(newline, start);
      if (end < 0) return false;
      this.taken = end + 1;
      const text = start + prefix;
      const textEnd = end - this.#tail;
      // Lines of a disk that failed, or of someone else, are left out.
      if (textEnd < text || block[textEnd] !== quote || block[textEnd + 1] !== 0x2c || block[end - 1] !== 0x7d) continue;
      this.#text = text;
      this.#end = textEnd;
      this.#time = end - timeSuffix;
      this.size = textEnd - text;
      this.stream = block[textEnd + streamLetter] === 0x65 ? 2 : 1;
      return true;
    }
  }

  get endsLine(): boolean {
    const block = this.#block;
    let at = this.#end - 1;
    if (block[at] !== 0x6e) return false;
    // An odd number of backslashes before the n: an escaped line end, not a backslash and an n.
    while (at > this.#text && block[at - 1] === backslash) at -= 1;
    return (this.#end - 1 - at) % 2 === 1;
  }

  copyText(to: Buffer, at: number): number {
    const block = this.#block;
    const end = this.#end;
    for (let from = this.#text; ;) {
      let escape = block.indexOf(backslash, from);
      if (escape < 0 || escape > end) escape = end;
      block.copy(to, at, from, escape);
      at += escape - from;
      if (escape === end) return at;
      const letter = block[escape + 1] as number;
      if (letter === 0x75) {
        at = this.#copyUnicode(to, at, escape + 2);
        from = escape + 6;
      } else {
        to[at++] = letter === 0x6e ? newline : (plainEscapes.get(letter) ?? letter);
        from = escape + 2;
      }
    }
  }

  /** `\u00XX` is an ASCII control; `\udcXX` the byte XX, which was no UTF-8. */
  #copyUnicode(to: Buffer, at: number, digits: number): number {
    const code = Number.parseInt(this.#block.toString('latin1', digits, digits + 4), 16);
    if (code >= 0xdc80 && code <= 0xdcff) {
      to[at] = code & 0xff;
      return at + 1;
    }
    return at + to.write(String.fromCharCode(code), at);
  }

  copyTime(to: Buffer, at: number): number {
    this.#block.copy(to, at, this.#time, this.#time + timeSize);
    return at + timeSize;
  }

  compareTime(moment: Moment): number {
    return this.#block.compare(moment.text, 0, timeSize, this.#time, this.#time + timeSize);
  }

  recordBefore(block: Buffer, end: number, beginsFile: boolean): number {
    if (end === 0) return -1;
    // The byte before `end` is this record's own line end.
    const before = end < 2 ? -1 : block.lastIndexOf(newline, end - 2);
    return before < 0 && !beginsFile ? -1 : before + 1;
  }

  lastEnd(block: Buffer): number {
    const at = block.lastIndexOf(newline);
    return at < 0 ? -1 : at + 1;
  }

  recordAfter(block: Buffer, from: number): number {
    const at = block.indexOf(newline, from);
    return at < 0 ? -1 : at + 1;
  }
}

const plainEscapes = new Map([
  [0x74, 0x09],
  [0x72, 0x0d],
  [0x62, 0x08],
  [0x66, 0x0c],
]);

const headSize = 16;
const footSize = 4;
/** No single read of the keeper is larger; a larger size is the mark of a torn record. */
const largestRecord = 1 << 20;

class LocalCursor implements LogCursor {
  taken = 0;
  torn = false;
  stream = 1;
  size = 0;
  endsLine = false;
  #block: Buffer = Buffer.alloc(0);
  /** The record's text that is left: lines not stepped over yet. */
  #next = 0;
  #end = 0;
  #line = 0;
  #time = 0;
  #said: Moment = momentOf(0n);

  load(block: Buffer): void {
    this.#block = block;
    this.taken = this.#next = this.#end = 0;
    this.torn = false;
  }

  next(): boolean {
    if (this.#next >= this.#end && !this.#enterRecord()) return false;
    const at = this.#block.indexOf(newline, this.#next);
    this.endsLine = at >= 0 && at < this.#end;
    this.#line = this.#next;
    this.#next = this.endsLine ? at + 1 : this.#end;
    this.size = this.#next - this.#line;
    return true;
  }

  #enterRecord(): boolean {
    const block = this.#block;
    for (let at = this.taken; block.length - at >= headSize + footSize; at = this.taken) {
      const size = block.readUInt32LE(at);
      const next = at + headSize + size + footSize;
      this.torn = size > largestRecord || (next <= block.length && block.readUInt32LE(next - footSize) !== size);
      if (this.torn || next > block.length) return false;
      this.taken = next;
      this.stream = block[at + 4] === 2 ? 2 : 1;
      this.#time = at + 8;
      this.#next = at + headSize;
      this.#end = this.#next + size;
      if (size > 0) return true;
    }
    return false;
  }

  copyText(to: Buffer, at: number): number {
    this.#block.copy(to, at, this.#line, this.#next);
    return at + this.size;
  }

  copyTime(to: Buffer, at: number): number {
    const ns = this.#block.readBigUInt64LE(this.#time);
    if (this.#said.ns !== ns) this.#said = momentOf(ns);
    this.#said.text.copy(to, at);
    return at + timeSize;
  }

  compareTime(moment: Moment): number {
    const ns = this.#block.readBigUInt64LE(this.#time);
    return ns < moment.ns ? -1 : ns > moment.ns ? 1 : 0;
  }

  recordBefore(block: Buffer, end: number): number {
    if (end < footSize) return -1;
    const start = end - footSize - block.readUInt32LE(end - footSize) - headSize;
    return start < 0 ? -1 : start;
  }

  lastEnd(block: Buffer): number {
    const start = this.recordBefore(block, block.length);
    const whole = start >= 0 && block.readUInt32LE(start) === block.length - start - headSize - footSize;
    return whole && block.readUIntLE(start + 5, 3) === 0 ? block.length : -1;
  }

  recordAfter(): number {
    return -1;
  }
}
