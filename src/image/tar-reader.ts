import { invalid, messageOf } from '../model/errors.ts';
import { entryOf, printable, typeOf, type TarEntry } from './tar-entry.ts';
import { blockSize, readHeader, type TarHeader } from './tar-header.ts';
import { lastOf, paxInteger, readPax, type PaxRecords } from './tar-pax.ts';
import {
  checkedSparse, readOldGnuExtension, readOldGnuHeader, readPaxSparse, SparseMapReader, type PaxSparse, type Segment,
} from './tar-sparse.ts';

/** Called in the order of the archive: `entry`, then for a file its `data`, then `close`. */
export interface TarHandler {
  entry(entry: TarEntry): void;
  /** `offset`: where the bytes belong in the file. The bytes are the caller's only until the call returns. */
  data(bytes: Buffer, offset: number): void;
  /** The end of a file's data; called for type `file` alone. */
  close(): void;
}

/** PAX headers and GNU long names beyond this are an attack or damage. */
const maxMeta = 1024 * 1024;
/** Global PAX records weigh on every entry that follows, so there are few. */
const maxGlobalRecords = 256;

type State = 'header' | 'meta' | 'gnu-sparse' | 'sparse-map' | 'body' | 'skip' | 'end' | 'ended';

/**
 * Reads a layer's tar stream, pushed in chunks of any size: v7, ustar, PAX (with global headers, xattrs and
 * sparse files 0.0, 0.1, 1.0) and GNU (long names, base-256 numbers, old sparse files). Time and memory are
 * linear in the input; meta data is bounded. Errors are `invalid` and name the entry and the byte.
 *
 * The `tar` package isn't used for layers because it decodes names and PAX values as UTF-8, which loses names
 * that aren't and binary xattrs such as security.capability.
 */
export class TarReader {
  readonly #handler: TarHandler;
  #state: State = 'header';
  /** Bytes of archive seen so far, for messages. */
  #position = 0;
  #lastName: Buffer | undefined;
  #pending: Buffer | undefined;
  #pendingLength = 0;
  #wanted = blockSize;

  #header: TarHeader | undefined;
  #global: PaxRecords = [];
  #local: PaxRecords = [];
  #longName: Buffer | undefined;
  #longLink: Buffer | undefined;
  #oldSparse: { segments: Segment[]; realSize: number } | undefined;
  #paxSparse: PaxSparse | undefined;
  #map: SparseMapReader | undefined;

  #remaining = 0;
  #padding = 0;
  #segments: readonly Segment[] = [];
  #segment = 0;
  #segmentDone = 0;

  constructor(handler: TarHandler) {
    this.#handler = handler;
  }

  write(chunk: Buffer): void {
    let at = 0;
    try {
      while (at < chunk.length) {
        if (this.#state === 'body') at += this.#takeBody(chunk, at);
        else if (this.#state === 'skip') at += this.#takeSkip(chunk.length - at);
        else if (this.#state === 'ended') at = chunk.length;
        else at += this.#collect(chunk, at);
      }
    } catch (error) {
      throw this.#located(error, at);
    }
    this.#position += chunk.length;
  }

  /** The archive is over: `invalid` if it stops inside an entry. */
  end(): void {
    const atBoundary = this.#state === 'header' && this.#pendingLength === 0 && this.#local.length === 0;
    if (!atBoundary && this.#state !== 'ended' && !(this.#state === 'end' && this.#pendingLength === 0)) {
      throw this.#located(invalid('archive is truncated'), 0);
    }
  }

  #located(error: unknown, at: number): Error {
    const near = this.#lastName === undefined ? '' : `${printable(this.#lastName)}: `;
    return invalid(`${near}${messageOf(error)} (near byte ${this.#position + at} of the tar stream)`, error);
  }

  /** Gathers `#wanted` bytes, then acts on them; how many bytes of the chunk were used. */
  #collect(chunk: Buffer, at: number): number {
    const available = chunk.length - at;
    if (this.#pendingLength === 0 && available >= this.#wanted) {
      const length = this.#wanted;
      this.#act(chunk.subarray(at, at + length));
      return length;
    }
    this.#pending ??= Buffer.allocUnsafe(this.#wanted);
    const take = Math.min(available, this.#wanted - this.#pendingLength);
    chunk.copy(this.#pending, this.#pendingLength, at, at + take);
    this.#pendingLength += take;
    if (this.#pendingLength === this.#wanted) {
      const whole = this.#pending;
      this.#pending = undefined;
      this.#pendingLength = 0;
      this.#act(whole);
    }
    return take;
  }

  #want(state: State, bytes: number): void {
    this.#state = state;
    this.#wanted = bytes;
  }

  #act(block: Buffer): void {
    if (this.#state === 'header') this.#onHeader(block);
    else if (this.#state === 'meta') this.#onMeta(block);
    else if (this.#state === 'gnu-sparse') this.#onGnuSparse(block);
    else if (this.#state === 'sparse-map') this.#onSparseMap(block);
    else {
      // One block of zeros was read: a second one ends the archive; whatever follows is padding.
      if (readHeader(block) !== undefined) throw invalid('data after the end of the archive');
      this.#state = 'ended';
    }
  }

  #onHeader(block: Buffer): void {
    const header = readHeader(block);
    if (header === undefined) {
      if (this.#local.length > 0 || this.#longName || this.#longLink) throw invalid('extended header without a file');
      this.#want('end', blockSize);
      return;
    }
    this.#header = header;
    if (header.size < 0) throw invalid('negative size');
    if ('xgXLK'.includes(header.type)) {
      if (header.size > maxMeta) {
        throw invalid(`extended header of ${header.size} bytes is over the limit of ${maxMeta}`);
      }
      if (header.size === 0) return;
      this.#want('meta', padded(header.size));
    } else if (header.type === 'S') {
      const { segments, realSize, more } = readOldGnuHeader(block);
      this.#oldSparse = { segments, realSize };
      if (more) this.#want('gnu-sparse', blockSize);
      else this.#startEntry();
    } else {
      this.#startEntry();
    }
  }

  #onMeta(block: Buffer): void {
    const header = this.#header!;
    const data = block.subarray(0, header.size);
    if (header.type === 'L') this.#longName = untilNul(data);
    else if (header.type === 'K') this.#longLink = untilNul(data);
    else if (header.type === 'g') {
      this.#global = [...new Map([...this.#global, ...readPax(data)])];
      if (this.#global.length > maxGlobalRecords) throw invalid('too many global PAX records');
    } else this.#local = readPax(data);
    this.#want('header', blockSize);
  }

  #onGnuSparse(block: Buffer): void {
    if (!readOldGnuExtension(block, this.#oldSparse!.segments)) this.#startEntry();
  }

  #onSparseMap(block: Buffer): void {
    const segments = this.#map!.push(block);
    if (this.#map!.consumed > this.#remaining) throw invalid('sparse map is longer than its file');
    if (segments) this.#emit(this.#remaining - this.#map!.consumed, segments);
  }

  #startEntry(): void {
    const header = this.#header!;
    const records = this.#global.length === 0 ? this.#local : [...this.#global, ...this.#local];
    this.#paxSparse = records.length === 0 ? undefined : readPaxSparse(records);
    const size = lastOf(records, 'size');
    const stored = size === undefined ? header.size : paxInteger('size', size);
    this.#padding = padded(stored) - stored;
    this.#lastName = this.#nameOf(records);
    if (typeOf(header.type, this.#lastName) === 'file') {
      if (this.#paxSparse?.inData) {
        this.#remaining = stored;
        this.#map = new SparseMapReader();
        this.#want('sparse-map', blockSize);
      } else {
        this.#emit(stored, this.#paxSparse?.segments ?? this.#oldSparse?.segments);
      }
      return;
    }
    this.#emit(stored, undefined);
  }

  #nameOf(records: PaxRecords): Buffer {
    return this.#paxSparse?.name ?? lastOf(records, 'path') ?? this.#longName ?? this.#header!.name;
  }

  /** `stored`: bytes of data that follow in the archive. */
  #emit(stored: number, segments: readonly Segment[] | undefined): void {
    const header = this.#header!;
    const records = this.#global.length === 0 ? this.#local : [...this.#global, ...this.#local];
    const name = this.#nameOf(records);
    const sparse =
      segments === undefined
        ? undefined
        : checkedSparse(segments, this.#paxSparse?.realSize ?? this.#oldSparse!.realSize, stored);
    const size = sparse?.realSize ?? stored;
    const type = typeOf(header.type, name);
    const link = lastOf(records, 'linkpath') ?? this.#longLink ?? header.link;
    this.#segments = sparse?.segments ?? [{ offset: 0, length: stored }];
    this.#segment = 0;
    this.#segmentDone = 0;
    if (type !== undefined) {
      this.#handler.entry(entryOf(header, records, { type, name, link, size, sparse: sparse !== undefined }));
    }
    this.#local = [];
    this.#longName = this.#longLink = this.#oldSparse = this.#paxSparse = this.#map = undefined;
    if (type === 'file') {
      this.#remaining = stored;
      if (stored === 0) this.#closeFile();
      else this.#state = 'body';
    } else {
      // A link's size is that of the file it links to; no data follows. Directories and devices have none either.
      this.#remaining = type === undefined || header.type === 'D' ? stored + this.#padding : 0;
      if (this.#remaining > 0) this.#state = 'skip';
      else this.#want('header', blockSize);
    }
  }

  #takeBody(chunk: Buffer, at: number): number {
    const segment = this.#segments[this.#segment]!;
    const take = Math.min(chunk.length - at, this.#remaining, segment.length - this.#segmentDone);
    this.#handler.data(chunk.subarray(at, at + take), segment.offset + this.#segmentDone);
    this.#remaining -= take;
    this.#segmentDone += take;
    if (this.#segmentDone === segment.length) {
      this.#segment++;
      this.#segmentDone = 0;
    }
    if (this.#remaining === 0) this.#closeFile();
    return take;
  }

  #closeFile(): void {
    this.#handler.close();
    this.#remaining = this.#padding;
    if (this.#remaining > 0) this.#state = 'skip';
    else this.#want('header', blockSize);
  }

  #takeSkip(available: number): number {
    const take = Math.min(available, this.#remaining);
    this.#remaining -= take;
    if (this.#remaining === 0) this.#want('header', blockSize);
    return take;
  }
}

const padded = (size: number): number => Math.ceil(size / blockSize) * blockSize;

function untilNul(data: Buffer): Buffer {
  const end = data.indexOf(0);
  return end < 0 ? data : data.subarray(0, end);
}
