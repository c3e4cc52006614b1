import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { exists, list, makeDirectory, open, readStream, remove, rename, stat } from '../host/files.ts';
import { codeOf, invalid } from '../model/errors.ts';
import { hexOf, isDigest, type Digest } from '../model/ids.ts';

/** Bytes that have arrived in a temporary file, and what they turned out to be. */
export interface ReceivedContent {
  readonly path: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/**
 * Blobs by digest, as they came: `blobs/sha256/<hex>`. A blob is received under a temporary name, made durable by
 * the caller (one sync for a whole image), and then placed by rename: it is whole or absent.
 */
export interface ContentStore {
  path(digest: Digest): string;
  place(content: ReceivedContent): Promise<void>;
  /** Removes all but the given; the bytes it freed. */
  sweep(keep: ReadonlySet<Digest>): Promise<number>;
}

export async function openContent(root: string): Promise<ContentStore> {
  const directory = join(root, 'blobs', 'sha256');
  await makeDirectory(directory);
  const path = (digest: Digest): string => join(directory, hexOf(digest));
  return {
    path,
    async place({ path: from, digest }) {
      if (from === path(digest)) return;
      try {
        await rename(from, path(digest));
      } catch (error) {
        // Another pull that shared the download has put it there.
        if (codeOf(error) !== 'ENOENT' || !(await exists(path(digest)))) throw error;
      }
    },
    async sweep(keep) {
      let freed = 0;
      for (const name of await list(directory)) {
        const digest = `sha256:${name}`;
        if (isDigest(digest) && keep.has(digest)) continue;
        freed += (await stat(join(directory, name))).size;
        await remove(join(directory, name));
      }
      return freed;
    },
  };
}

const writeAtOnce = 1024 * 1024;

/**
 * Writes a stream to a new file, hashing it on the way; a megabyte at a time, while the next one comes. The file isn't
 * synced yet.
 */
export async function receive(source: AsyncIterable<Uint8Array>, path: string): Promise<ReceivedContent> {
  const hash = createHash('sha256');
  const handle = await open(path, 'wx', 0o600);
  let size = 0;
  let gathered: Uint8Array[] = [];
  let gatheredBytes = 0;
  let writing: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    await writing;
    writing = writeAll(handle, gathered);
    writing.catch(() => undefined);
    gathered = [];
    gatheredBytes = 0;
  };
  try {
    for await (const chunk of source) {
      hash.update(chunk);
      gathered.push(chunk);
      gatheredBytes += chunk.length;
      size += chunk.length;
      if (gatheredBytes >= writeAtOnce) await flush();
    }
    await flush();
    await writing;
  } finally {
    await writing.catch(() => undefined);
    await handle.close();
  }
  return { path, digest: `sha256:${hash.digest('hex')}` as Digest, size };
}

async function writeAll(handle: Awaited<ReturnType<typeof open>>, chunks: readonly Uint8Array[]): Promise<void> {
  if (chunks.length === 0) return;
  const total = chunks.reduce((sum, { length }) => sum + length, 0);
  const { bytesWritten } = await handle.writev(chunks as Uint8Array[]);
  if (bytesWritten === total) return;
  const rest = Buffer.concat(chunks).subarray(bytesWritten);
  for (let at = 0; at < rest.length; ) at += (await handle.write(rest, at)).bytesWritten;
}

/** Streams a file in pieces large enough that a layer costs few turns of the event loop. */
export const contentChunks = (path: string): AsyncIterable<Buffer> => readStream(path, { highWaterMark: 512 * 1024 });

/** The same without garbage: a chunk is the reader's only until it asks for the next. */
export async function* contentChunksReused(path: string): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(512 * 1024);
  const handle = await open(path, 'r');
  try {
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** The JSON document in a file; `what` names it in errors. */
export async function readDocument({ path, size }: ReceivedContent, what: string): Promise<unknown> {
  const limit = 4 * 1024 * 1024;
  if (size > limit) throw invalid(`${what} has ${size} bytes, more than the ${limit} allowed for a document`);
  const parts: Buffer[] = [];
  for await (const chunk of contentChunks(path)) parts.push(chunk);
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
  } catch (error) {
    throw invalid(`${what} isn't JSON`, error);
  }
}
