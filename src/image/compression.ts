import type { Transform } from 'node:stream';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { invalid, messageOf } from '../model/errors.ts';

export type Compression = 'none' | 'gzip' | 'zstd' | 'xz' | 'bzip2';

const magics: readonly (readonly [Compression, Buffer])[] = [
  ['gzip', Buffer.from([0x1f, 0x8b])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])],
  ['bzip2', Buffer.from('BZh')],
];
const longestMagic = 6;
const chunkSize = 128 * 1024;
/** A zstd frame that asks for a larger window than 128 MiB is refused: it would cost as much memory. */
const zstdWindowLogMax = 27;

/** Told by the first bytes: media types lie, and some archives have none. */
export function compressionOf(head: Buffer): Compression {
  return magics.find(([, magic]) => head.subarray(0, magic.length).equals(magic))?.[0] ?? 'none';
}

/**
 * The bytes of `source` without their compression, streamed. What isn't compressed passes through. A chunk is used up
 * before the next is asked for.
 *
 * @param what names the data in errors
 * @param found told of the compression before the first bytes
 */
export async function* decompressed(
  source: AsyncIterable<Buffer>, what: string, found: (compression: Compression) => void = () => undefined,
): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  try {
    while (head.length < longestMagic) {
      const { value, done } = await chunks.next();
      if (done) break;
      head = head.length === 0 ? value : Buffer.concat([head, value]);
    }
    const compression = compressionOf(head);
    found(compression);
    if (compression === 'none') {
      if (head.length > 0) yield head;
      yield* remaining(chunks);
      return;
    }
    if (compression === 'xz' || compression === 'bzip2') {
      const tool = compression === 'xz' ? 'xz' : 'bzip2';
      const todo = `decompress it first (${tool} -d)`;
      throw invalid(`${what} is compressed with ${compression}, which isn't supported: ${todo}`);
    }
    const params = { [constants.ZSTD_d_windowLogMax]: zstdWindowLogMax };
    const inflate = compression === 'gzip' ? createGunzip({ chunkSize }) : createZstdDecompress({ chunkSize, params });
    const all = async function* (): AsyncGenerator<Buffer> {
      yield head;
      yield* remaining(chunks);
    };
    const feeding = feed(all(), inflate);
    feeding.catch((error: Error) => inflate.destroy(error));
    try {
      yield* inflate as AsyncIterable<Buffer>;
      await feeding;
    } catch (error) {
      // An error of the source itself keeps its own words.
      if (!/^(?:Z_|ZSTD_)/.test((error as { code?: string }).code ?? '')) throw error;
      throw invalid(`${what}: ${compression} data is corrupt or truncated (${messageOf(error)})`, error);
    } finally {
      inflate.destroy();
    }
  } finally {
    await chunks.return?.();
  }
}

/** A chunk at a time, each used up before the next is asked for: the source may use its buffers again. */
async function feed(chunks: AsyncIterable<Buffer>, into: Transform): Promise<void> {
  for await (const chunk of chunks) {
    await new Promise<void>((resolve, reject) => {
      into.once('close', resolve);
      into.write(chunk, (error) => {
        into.off('close', resolve);
        if (error) reject(error);
        else resolve();
      });
    });
    if (into.destroyed) return;
  }
  into.end();
}

async function* remaining(chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
}
