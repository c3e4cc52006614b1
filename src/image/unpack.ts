import { createHash } from 'node:crypto';
import { startUnpacker } from '../host/unpacker.ts';
import type { WorkerCall } from '../host/workers.ts';
import type { Digest } from '../model/ids.ts';
import { decompressed } from './compression.ts';
import { contentChunksReused } from './content.ts';
import { TarReader } from './tar-reader.ts';
import { UnpackEncoder } from './unpack-encoder.ts';

/** What an unpacked layer turned out to be. */
export interface UnpackedLayer {
  /** sha256 of the uncompressed tar stream. */
  readonly diffId: Digest;
  /** Sum of the sizes of its files, in bytes. */
  readonly size: number;
  /** Directories that no entry described: they look as the layers below have them, so the tree fits only there. */
  readonly implicitDirectories: number;
  /** Whether an entry described the layer's root directory. */
  readonly rootDescribed: boolean;
}

/** A worker's job: to unpack a layer's blob, or only to find its diff id. */
export interface LayerJob {
  /** The blob's file; absent where its bytes come with the job. */
  readonly path?: string;
  /** The blob's digest, which its bytes are known to have. */
  readonly blob: Digest;
  /** Names the layer in errors. */
  readonly name: string;
  /** Where to unpack: an empty directory. */
  readonly into?: { readonly directory: string; /** Path of berth-helper. */ readonly helper: string };
}

/** Bytes of the blob between two tellings. */
const tellEvery = 512 * 1024;

/** Does a job; tells how many bytes of the blob it has read. */
export async function readLayer({ request, chunks, signal, tell }: WorkerCall<LayerJob>): Promise<UnpackedLayer> {
  const { path, blob, name, into } = request;
  const source = chunks ?? contentChunksReused(path!);
  const counted = async function* (): AsyncGenerator<Buffer> {
    let current = 0;
    let told = 0;
    for await (const chunk of source) {
      signal.throwIfAborted();
      current += chunk.length;
      if (current - told >= tellEvery) tell((told = current));
      yield chunk;
    }
  };
  // An uncompressed blob is its own tar stream: its digest is the diff id, and is known.
  const hash = createHash('sha256');
  const isPacked = { yet: false };
  const tar = decompressed(counted(), name, (compression) => void (isPacked.yet = compression !== 'none'));
  const hashed = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of tar) {
      if (isPacked.yet) hash.update(chunk);
      yield chunk;
    }
  };
  const unpacked = into ? await unpackTar(hashed(), into.directory, into.helper) : await drained(hashed());
  return { diffId: isPacked.yet ? (`sha256:${hash.digest('hex')}` as Digest) : blob, ...unpacked };
}

async function drained(chunks: AsyncIterable<Buffer>): Promise<Omit<UnpackedLayer, 'diffId'>> {
  for await (const _ of chunks) continue;
  return { size: 0, implicitDirectories: 0, rootDescribed: false };
}

/**
 * Unpacks an uncompressed layer into `directory` (empty, existing). Streams: memory doesn't grow with the layer.
 * On an error the helper has ended; what it made is the caller's to remove.
 */
async function unpackTar(
  tar: AsyncIterable<Buffer>, directory: string, helper: string,
): Promise<Omit<UnpackedLayer, 'diffId'>> {
  const encoder = new UnpackEncoder();
  const reader = new TarReader(encoder);
  const unpacker = startUnpacker(helper, directory);
  try {
    for await (const chunk of tar) {
      reader.write(chunk);
      await unpacker.write(encoder.take());
    }
    reader.end();
    encoder.end();
    await unpacker.write(encoder.take());
    return { size: encoder.size, ...(await unpacker.finish()) };
  } catch (error) {
    await unpacker.abort();
    throw error;
  }
}
