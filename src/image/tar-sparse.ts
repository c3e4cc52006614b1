import { invalid } from '../model/errors.ts';
import { blockSize, readNumber } from './tar-header.ts';
import { paxInteger, type PaxRecords } from './tar-pax.ts';

/** Where stored bytes belong in the file; all else is a hole. */
export interface Segment {
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly length: number;
}

export interface SparseFile {
  readonly segments: readonly Segment[];
  /** The size of the file with its holes. */
  readonly realSize: number;
}

/** GNU tar's manual, "Storing Sparse Files": the formats that real writers make. Limits are ours. */
const maxSegments = 1_000_000;

/** Ascending, inside the file, and as many bytes as the archive holds; else `invalid`. */
export function checkedSparse(segments: readonly Segment[], realSize: number, stored: number): SparseFile {
  let end = 0;
  let sum = 0;
  for (const { offset, length } of segments) {
    if (offset < end || offset + length > realSize) throw invalid('sparse map is out of order or beyond the file');
    end = offset + length;
    sum += length;
  }
  if (sum !== stored) throw invalid(`sparse map covers ${sum} bytes, the archive holds ${stored}`);
  return { segments: segments.filter((segment) => segment.length > 0), realSize };
}

/** Old GNU format (type `S`): up to `count` pairs in a header or extension block. */
export function readOldGnuSegments(block: Buffer, offset: number, count: number): Segment[] {
  const segments: Segment[] = [];
  for (let index = 0; index < count; index++) {
    const at = offset + index * 24;
    if (block[at] === 0) break;
    const segment = {
      offset: readNumber(block, at, 12, 'sparse offset'),
      length: readNumber(block, at + 12, 12, 'sparse length'),
    };
    if (segment.offset < 0 || segment.length < 0) throw invalid('negative number in sparse map');
    segments.push(segment);
  }
  return segments;
}

export interface OldGnuSparse {
  readonly segments: Segment[];
  readonly realSize: number;
  /** Whether an extension block follows. */
  readonly more: boolean;
}

export function readOldGnuHeader(block: Buffer): OldGnuSparse {
  return {
    segments: readOldGnuSegments(block, 386, 4),
    realSize: readNumber(block, 483, 12, 'sparse size'),
    more: block[482] !== 0,
  };
}

/** Appends the 21 pairs of an extension block; true if another follows. */
export function readOldGnuExtension(block: Buffer, into: Segment[]): boolean {
  into.push(...readOldGnuSegments(block, 0, 21));
  if (into.length > maxSegments) throw invalid('sparse map is too long');
  return block[504] !== 0;
}

/** What a PAX header says of a sparse file; `inData` (format 1.0) means that the map precedes the data. */
export interface PaxSparse {
  readonly name?: Buffer;
  readonly realSize: number;
  readonly segments: Segment[];
  readonly inData: boolean;
}

/** Formats 0.0, 0.1 and 1.0; undefined where the file isn't sparse. */
export function readPaxSparse(records: PaxRecords): PaxSparse | undefined {
  let name: Buffer | undefined;
  let realSize: number | undefined;
  let major = 0;
  let sparse = false;
  const numbers: number[] = [];
  for (const [key, value] of records) {
    if (!key.startsWith('GNU.sparse.')) continue;
    sparse = true;
    if (key === 'GNU.sparse.name') name = value;
    else if (key === 'GNU.sparse.size' || key === 'GNU.sparse.realsize') realSize = paxInteger(key, value);
    else if (key === 'GNU.sparse.major') major = paxInteger(key, value);
    else if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') numbers.push(paxInteger(key, value));
    else if (key === 'GNU.sparse.map' && value.length > 0) {
      for (const part of value.toString('latin1').split(',')) numbers.push(paxInteger(key, Buffer.from(part)));
    }
  }
  if (!sparse) return undefined;
  if (realSize === undefined) throw invalid('sparse file without a size');
  if (numbers.length % 2 !== 0) throw invalid('sparse map with an odd number of entries');
  const segments: Segment[] = [];
  for (let at = 0; at < numbers.length; at += 2) segments.push({ offset: numbers[at]!, length: numbers[at + 1]! });
  return { ...(name === undefined ? {} : { name }), realSize, segments, inData: major >= 1 };
}

/**
 * Reads format 1.0's map, which stands before the data as decimal lines (count, then offset and length each),
 * padded to a block.
 */
export class SparseMapReader {
  readonly #numbers: number[] = [];
  #current = 0;
  #digits = 0;
  /** Bytes of the map so far, with padding. */
  consumed = 0;

  /** Takes one block; the segments once the map is whole. */
  push(block: Buffer): Segment[] | undefined {
    this.consumed += blockSize;
    for (const byte of block) {
      if (byte === 0x0a) {
        if (this.#digits === 0) throw invalid('malformed sparse map');
        this.#numbers.push(this.#current);
        this.#current = 0;
        this.#digits = 0;
        if (this.#isWhole()) return this.#segments();
      } else if (byte >= 0x30 && byte <= 0x39 && this.#digits < 15) {
        this.#current = this.#current * 10 + byte - 0x30;
        this.#digits++;
      } else {
        throw invalid('malformed sparse map');
      }
    }
    return undefined;
  }

  #isWhole(): boolean {
    const count = this.#numbers[0]!;
    if (count > maxSegments) throw invalid('sparse map is too long');
    return this.#numbers.length === 1 + 2 * count;
  }

  #segments(): Segment[] {
    const segments: Segment[] = [];
    for (let at = 1; at < this.#numbers.length; at += 2) {
      segments.push({ offset: this.#numbers[at]!, length: this.#numbers[at + 1]! });
    }
    return segments;
  }
}
