import * as files from '../host/files.ts';
import { codeOf } from '../model/errors.ts';

/**
 * The container's log as the keeper writes it (runtime/log.h):
 * `{ u32 size, u8 stream, u8[3], u64 nanoseconds, data[size], u32 size }`, little-endian, one per read of the
 * container's output: chunks, not lines. Full files are `log.1` (newest) to `log.N` (oldest).
 */
export interface LogRecord {
  readonly stream: 'stdout' | 'stderr';
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly data: Buffer;
}

export interface LogRange {
  /** Nanoseconds since 1970; records before are left out. */
  readonly since?: bigint;
  readonly until?: bigint;
  /** Only as many records from the end as hold the last N line ends (and the text after them). */
  readonly tailLines?: number;
  /** Where in the newest file to stop, as a follower's position says, so that nothing comes twice. */
  readonly end?: { readonly generation: number; readonly offset: number };
}

const headSize = 16;
const readSize = 1 << 20;
/** No single read of the keeper is larger; a larger size is the mark of a torn record. */
const largestRecord = 1 << 20;

/** The records at the start of `data`, and how many bytes they took. Stops at a torn one. */
export function parseRecords(data: Buffer): { records: LogRecord[]; taken: number; torn: boolean } {
  const records: LogRecord[] = [];
  let at = 0;
  while (data.length - at >= headSize) {
    const size = data.readUInt32LE(at);
    if (size > largestRecord) return { records, taken: at, torn: true };
    const next = at + headSize + size + 4;
    if (next > data.length) break;
    if (data.readUInt32LE(next - 4) !== size) return { records, taken: at, torn: true };
    records.push({
      stream: data[at + 4] === 2 ? 'stderr' : 'stdout',
      time: data.readBigUInt64LE(at + 8),
      data: data.subarray(at + headSize, at + headSize + size),
    });
    at = next;
  }
  return { records, taken: at, torn: false };
}

/** Reads a container's log, oldest record first. `path` is the newest file; memory stays bounded whatever its size. */
export async function* readLog(path: string, range: LogRange = {}): AsyncGenerator<LogRecord> {
  const parts = await partsOf(path);
  try {
    const tail = range.tailLines === undefined ? { part: 0, offset: 0 } : await findTail(parts, range.tailLines, range.end?.offset);
    for (const [index, part] of parts.entries()) {
      if (index < tail.part) continue;
      const isNewest = index === parts.length - 1;
      const end = isNewest && range.end ? Math.min(part.size, range.end.offset) : part.size;
      for await (const record of recordsOf(part, index === tail.part ? tail.offset : 0, end)) {
        if (range.until !== undefined && record.time > range.until) return;
        if (range.since === undefined || record.time >= range.since) yield record;
      }
    }
  } finally {
    for (const part of parts) await part.handle.close();
  }
}

interface Part {
  handle: Awaited<ReturnType<typeof files.open>>;
  size: number;
}

/** All of the log's files, opened, oldest first, so that a rotation meanwhile takes nothing from under the reader. */
async function partsOf(path: string): Promise<Part[]> {
  const parts: Part[] = [];
  for (let number = 0; ; number++) {
    try {
      const handle = await files.open(number === 0 ? path : `${path}.${number}`, 'r');
      parts.unshift({ handle, size: (await handle.stat()).size });
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return parts;
      throw error;
    }
  }
}

async function* recordsOf(part: Part, from: number, end: number): AsyncGenerator<LogRecord> {
  let unread: Buffer = Buffer.alloc(0);
  for (let at = from; at < end;) {
    const chunk = Buffer.allocUnsafe(Math.min(readSize, end - at));
    const { bytesRead } = await part.handle.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    const got = chunk.subarray(0, bytesRead);
    const data = unread.length === 0 ? got : Buffer.concat([unread, got]);
    const { records, taken, torn } = parseRecords(data);
    yield* records;
    if (torn) return; // a power cut tore it; what follows in this file can't be told apart
    unread = data.subarray(taken);
  }
}

/**
 * Walks back from the end by the sizes that stand behind each record until `lines` line ends have been passed, so
 * that the tail of a large log costs what the tail holds.
 */
async function findTail(parts: readonly Part[], lines: number, newestEnd?: number): Promise<{ part: number; offset: number }> {
  let missing = lines;
  let atEnd = true;
  for (let index = parts.length - 1; index >= 0; index--) {
    const part = parts[index] as Part;
    let at = index === parts.length - 1 && newestEnd !== undefined ? Math.min(newestEnd, part.size) : part.size;
    while (at >= headSize + 4) {
      const size = (await readAt(part, at - 4, 4)).readUInt32LE(0);
      const start = at - 4 - size - headSize;
      if (start < 0) break;
      const data = await readAt(part, start + headSize, size);
      const ends = countLineEnds(data) + (atEnd && data[data.length - 1] !== 0x0a ? 1 : 0);
      atEnd = false;
      // One line end more than asked for marks where the wanted lines begin.
      if (ends > missing) return { part: index, offset: start };
      missing -= ends;
      at = start;
    }
  }
  return { part: 0, offset: 0 };
}

async function readAt(part: Part, position: number, size: number): Promise<Buffer> {
  const data = Buffer.alloc(size);
  await part.handle.read(data, 0, size, position);
  return data;
}

function countLineEnds(data: Buffer): number {
  let count = 0;
  for (let at = data.indexOf(0x0a); at >= 0; at = data.indexOf(0x0a, at + 1)) count++;
  return count;
}
