import { readStream } from '../../host/files.ts';
import { messageOf, unavailable } from '../../model/errors.ts';
import type { Digest } from '../../model/ids.ts';
import type { ReceivedContent } from '../content.ts';
import type { Repository } from './client.ts';
import { RegistryError } from './errors.ts';
import { isTransient } from './session.ts';

export interface UploadOptions {
  readonly signal: AbortSignal;
  /** Called with the bytes of it that have been sent. */
  readonly onBytes: (sent: number) => void;
  /** Repositories of the same registry that may have the blob. */
  readonly mountFrom: readonly string[];
}

export type Uploaded = { readonly how: 'existed' | 'sent' } | { readonly how: 'mounted'; readonly from: string };

/** From this size on a blob goes in chunks, so that a broken connection costs one of them. */
const chunkFrom = 32 * 1024 * 1024;
const chunkSize = 16 * 1024 * 1024;
const maxAttempts = 5;
/** Registries answer each attempt to mount; more than these aren't worth it. */
const maxMounts = 4;

/** Brings a blob into a repository, by sending it only where nothing less will do. */
export async function upload(
  repository: Repository, content: ReceivedContent, options: UploadOptions,
): Promise<Uploaded> {
  const { digest } = content;
  const { signal } = options;
  if (await repository.sizeOf(digest, signal) !== undefined) return { how: 'existed' };
  let begun: URL | undefined;
  for (const from of options.mountFrom.slice(0, maxMounts)) {
    const answer = await mount(repository, digest, from, signal);
    if (answer === 'mounted') return { how: 'mounted', from };
    // The registry has begun an upload instead; the last one is used, the others expire there.
    begun = answer ?? begun;
  }
  for (let attempt = 1; ; attempt++) {
    try {
      const to = begun ?? (await repository.beginUpload(signal));
      begun = undefined;
      if (to === 'mounted') throw new Error('unreachable: no mount was asked for');
      await send(repository, to, content, options);
      return { how: 'sent' };
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error) || attempt >= maxAttempts) throw error;
      await repository.session.backOff(attempt, signal);
    }
  }
}

/** Some registries refuse what they can't mount; then the blob is sent. */
export async function mount(
  repository: Repository, digest: Digest, from: string, signal: AbortSignal,
): Promise<URL | 'mounted' | undefined> {
  try {
    return await repository.beginUpload(signal, { digest, from });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RegistryError && error.status < 500) return undefined;
    throw error;
  }
}

async function send(
  repository: Repository, to: URL, { path, digest, size }: ReceivedContent, { signal, onBytes }: UploadOptions,
): Promise<void> {
  const pieces = async function* (start: number, end: number): AsyncGenerator<Buffer> {
    let sent = start;
    if (end <= start) return;
    for await (const chunk of readStream(path, { start, end: end - 1, highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
      yield chunk;
      sent += chunk.length;
      onBytes(sent);
    }
  };
  if (size < chunkFrom) {
    await repository.finishUpload(to, digest, signal, { body: pieces(0, size), size });
    return;
  }
  let next = to;
  for (let start = 0, vain = 0; start < size; ) {
    const end = Math.min(start + chunkSize, size);
    try {
      next = await repository.upload(next, { body: pieces(start, end), start, end }, signal);
      start = end;
      vain = 0;
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error) || ++vain >= maxAttempts) throw error;
      await repository.session.backOff(vain, signal);
      // Some registries let nothing go on that broke off in the middle of a chunk: then it is begun anew.
      const there = await repository.uploaded(next, signal).catch((refusal: unknown) => {
        if (!(refusal instanceof RegistryError)) throw refusal;
        return undefined;
      });
      if (!there || there.bytes < start || there.bytes > end) {
        throw unavailable(`layer ${digest}: the registry lost what was sent of it: ${messageOf(error)}`, error);
      }
      start = there.bytes;
      next = there.url;
    }
  }
  await repository.finishUpload(next, digest, signal);
}
