import { createHash } from 'node:crypto';
import { startUnpacker } from '../host/unpacker.ts';
import type { Digest } from '../model/ids.ts';
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

/**
 * Unpacks an uncompressed layer into `directory` (empty, existing). Streams: memory doesn't grow with the layer.
 * On an error the helper has ended; what it made is the caller's to remove.
 *
 * @param lowers the layers below, topmost first
 */
export async function unpackLayer(
  tar: AsyncIterable<Buffer>, directory: string, lowers: readonly string[], helper: string,
): Promise<UnpackedLayer> {
  const encoder = new UnpackEncoder();
  const reader = new TarReader(encoder);
  const hash = createHash('sha256');
  const unpacker = startUnpacker(helper, directory, lowers);
  try {
    for await (const chunk of tar) {
      hash.update(chunk);
      reader.write(chunk);
      await unpacker.write(encoder.take());
    }
    reader.end();
    encoder.end();
    await unpacker.write(encoder.take());
    const outcome = await unpacker.finish();
    return { diffId: `sha256:${hash.digest('hex')}` as Digest, size: encoder.size, ...outcome };
  } catch (error) {
    await unpacker.abort();
    throw error;
  }
}
