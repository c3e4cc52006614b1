import { createHash } from 'node:crypto';
import type { WebResponse } from '../../host/web.ts';
import { BerthError, codeOf, invalid, messageOf, unavailable } from '../../model/errors.ts';
import type { Digest } from '../../model/ids.ts';
import type { Repository } from './client.ts';
import type { PartialBlob } from './partial.ts';
import { isTransient } from './session.ts';

export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** Called with each piece that has arrived. */
  readonly onBytes: () => void;
  /** Called when all bytes are there and only the digest isn't known yet. */
  readonly onWhole: () => void;
}

/** A blob from this size on comes in pieces, several at a time. */
const large = 64 * 1024 * 1024;
const pieceSize = 16 * 1024 * 1024;
const piecesAtOnce = 3;
/** Bytes gathered for one write. */
const gather = 256 * 1024;
/** Attempts in a row that brought nothing. */
const maxVain = 5;

/**
 * Fetches what a partial lacks, by ranges where there is something already or where it is large, and goes on after
 * broken connections. Size and digest are verified; what an earlier engine left wrong is fetched once more.
 */
export async function download(
  repository: Repository, digest: Digest, partial: PartialBlob, options: DownloadOptions,
): Promise<void> {
  for (let again = !partial.resumed; ; again = true) {
    const hashed = hashOf(partial);
    hashed.catch(() => undefined);
    try {
      await fetchMissing(repository, digest, partial, options);
    } catch (error) {
      partial.fail(error);
      await hashed.catch(() => undefined);
      await partial.note();
      throw error;
    }
    options.onWhole();
    const actual = await hashed;
    if (actual === digest) return;
    if (!again) {
      await partial.forget();
      continue;
    }
    const error = invalid(`layer ${digest}: the registry sent content with the digest ${actual}`);
    partial.fail(error);
    throw error;
  }
}

async function hashOf(partial: PartialBlob): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of partial.chunks()) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}

async function fetchMissing(
  repository: Repository, digest: Digest, partial: PartialBlob, options: DownloadOptions,
): Promise<void> {
  const { signal } = options;
  for (let vain = 0; partial.missing().length > 0; ) {
    const before = partial.present;
    try {
      await fetchOnce(repository, digest, partial, options);
    } catch (error) {
      signal.throwIfAborted();
      if (!isTransient(error) || isFull(error)) throw error;
      vain = partial.present > before ? 0 : vain + 1;
      if (vain >= maxVain) {
        throw unavailable(`layer ${digest}: the connection broke ${maxVain} times: ${messageOf(error)}`, error);
      }
      await repository.session.backOff(vain + 1, signal);
    }
  }
}

const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'].includes(codeOf(error) ?? '');

/** One round over all gaps: the first request tells whether the registry gives ranges. */
async function fetchOnce(
  repository: Repository, digest: Digest, partial: PartialBlob, options: DownloadOptions,
): Promise<void> {
  const gaps = partial.missing();
  const pieces = partial.size >= large ? gaps.flatMap(inPieces) : gaps;
  const [first, ...rest] = pieces;
  if (!first) return;
  const isWhole = first[0] === 0 && first[1] === partial.size;
  const response = await repository.blob(digest, isWhole ? undefined : range(first), options.signal);
  if (response.status === 200) return receive(response, 0, partial, digest, options);
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const queue = [...rest];
  const worker = async (): Promise<void> => {
    for (let piece = queue.shift(); piece; piece = queue.shift()) {
      const answer = await repository.blob(digest, range(piece), signal);
      if (answer.status !== 206) {
        answer.close();
        throw invalid(`layer ${digest}: the registry gave a range once, and then no more`);
      }
      await receive(answer, piece[0], partial, digest, { ...options, signal }, piece[1]);
    }
  };
  const all = [
    receive(response, first[0], partial, digest, { ...options, signal }, first[1]).then(worker),
    ...Array.from({ length: Math.min(piecesAtOnce - 1, rest.length) }, worker),
  ];
  try {
    await Promise.all(all);
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(all);
    throw error;
  }
}

const range = ([start, end]: [number, number]): { start: number; end: number } => ({ start, end });

function inPieces([start, end]: [number, number]): [number, number][] {
  const pieces: [number, number][] = [];
  for (let at = start; at < end; at += pieceSize) pieces.push([at, Math.min(at + pieceSize, end)]);
  return pieces;
}

/** Writes an answer's body at its place. Never a byte beyond `end`. */
async function receive(
  response: WebResponse, start: number, partial: PartialBlob, digest: Digest,
  { onBytes, signal }: DownloadOptions, end = partial.size,
): Promise<void> {
  try {
    checkHead(response, start, end, partial.size, digest);
    let at = start;
    let held: Buffer[] = [];
    let heldSize = 0;
    const flush = async (): Promise<void> => {
      if (heldSize === 0) return;
      const pieces = held;
      const size = heldSize;
      held = [];
      heldSize = 0;
      await partial.write(pieces, at);
      at += size;
      onBytes();
    };
    try {
      for await (const chunk of response.body) {
        signal.throwIfAborted();
        if (at + heldSize + chunk.length > end) throw tooLong(digest, partial.size);
        held.push(chunk);
        heldSize += chunk.length;
        if (heldSize >= gather) await flush();
      }
    } catch (error) {
      if (!(error instanceof BerthError)) await flush();
      throw error;
    }
    await flush();
    if (at < end) throw unavailable(`layer ${digest}: the answer ended at byte ${at} of ${end}`);
  } catch (error) {
    response.close();
    throw error;
  }
}

const tooLong = (digest: Digest, size: number): Error =>
  invalid(`layer ${digest}: the registry sends more than the ${size} bytes that the manifest names`);

function checkHead(response: WebResponse, start: number, end: number, size: number, digest: Digest): void {
  if (response.status === 206) {
    const [, from, , total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.header('content-range') ?? '') ?? [];
    if (Number(from) !== start) throw invalid(`layer ${digest}: asked for byte ${start}, the registry gave ${from ?? 'none'}`);
    if (total !== undefined && total !== '*' && Number(total) !== size) throw wrongSize(digest, Number(total), size);
    return;
  }
  const length = response.header('content-length');
  if (length !== undefined && Number(length) !== end - start) throw wrongSize(digest, Number(length), size);
}

const wrongSize = (digest: Digest, actual: number, size: number): Error =>
  invalid(`layer ${digest}: the registry has ${actual} bytes, the manifest names ${size}`);
