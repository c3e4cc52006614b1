import { join, posix } from 'node:path';
import type { Readable } from 'node:stream';
import { Parser, type ReadEntry } from 'tar';
import { invalid, messageOf } from '../model/errors.ts';
import { decompressed } from './compression.ts';
import { receive, type ReceivedContent } from './content.ts';

/**
 * The files of an image archive, each received into a file of its own whose name we chose. Members come in any
 * order (`manifest.json` first, or last), so nothing is understood before all are there. Their names are keys,
 * never paths.
 */
export interface Archive {
  /** A member by name, through symlinks of the archive; undefined where there is none. */
  find(name: string): ReceivedContent | undefined;
  /** All names, in no order that means anything. */
  names(): string[];
}

const maxMembers = 100_000;
const maxLinks = 32;

/** Reads `docker save`, `podman save`, OCI archives and packed OCI folders; plain, gzip or zstd as a whole. */
export async function receiveArchive(stream: Readable, directory: string): Promise<Archive> {
  const files = new Map<string, ReceivedContent>();
  const links = new Map<string, string>();
  let count = 0;
  await readEntries(decompressed(stream as AsyncIterable<Buffer>, 'archive'), async (entry) => {
    const name = posix.normalize(entry.path).replace(/^\.?\/+/, '').replace(/\/+$/, '');
    const number = ++count;
    if (number > maxMembers) throw invalid(`archive has more than ${maxMembers} members: not an image archive`);
    const target = entry.linkpath ?? '';
    if (entry.type === 'SymbolicLink') links.set(name, posix.join(posix.dirname(name), target));
    else if (entry.type === 'Link') links.set(name, posix.normalize(target));
    else if (entry.type === 'File' || entry.type === 'OldFile' || entry.type === 'ContiguousFile') {
      const bytes = entry as unknown as AsyncIterable<Uint8Array>;
      files.set(name, await receive(bytes, join(directory, `member-${number}`)));
      return;
    }
    entry.resume();
  });
  return {
    names: () => [...files.keys(), ...links.keys()],
    find(name) {
      let at = posix.normalize(name);
      for (let hops = 0; hops < maxLinks; hops++) {
        const file = files.get(at);
        if (file) return file;
        const next = links.get(at);
        if (next === undefined) return undefined;
        at = next;
      }
      throw invalid(`archive member ${name} is a loop of symlinks`);
    },
  };
}

/** Drives the `tar` package's parser; the parser waits for each entry to be read before it gives the next. */
async function readEntries(source: AsyncIterable<Buffer>, consume: (entry: ReadEntry) => Promise<void>): Promise<void> {
  // In strict mode whatever would be a warning is an error: a damaged archive never loads in part.
  const parser = new Parser({ strict: true, maxMetaEntrySize: 1024 * 1024 });
  const reading = new Map<ReadEntry, Promise<void>>();
  let failure: unknown;
  let resume: (() => void) | undefined;
  const fail = (error: unknown): void => {
    failure ??= error;
    for (const entry of reading.keys()) entry.destroy(failure);
    resume?.();
  };
  let ended = false;
  parser.on('drain', () => resume?.());
  parser.on('eof', () => (ended = true));
  parser.on('error', (error: unknown) => {
    fail(invalid(`archive is damaged or truncated, or no tar archive: ${messageOf(error)}`, error));
  });
  parser.on('entry', (entry: ReadEntry) => {
    if (failure) return;
    // Whoever reads the entry gets the error; without a listener it would be thrown as well.
    entry.on('error', () => undefined);
    reading.set(entry, consume(entry).catch(fail).finally(() => reading.delete(entry)));
  });
  try {
    let total = 0;
    for await (const chunk of source) {
      total += chunk.length;
      // What follows the end is padding: passed by, since the parser would look at each block of it.
      if (ended) continue;
      if (!parser.write(chunk) && !failure) await new Promise<void>((resolve) => (resume = resolve));
      if (failure) break;
    }
    if (total === 0) throw invalid('archive is empty: nothing to load');
    if (!failure) {
      const finished = new Promise<void>((resolve) => {
        resume = resolve;
        parser.on('end', resolve);
      });
      parser.end();
      await finished;
    }
  } catch (error) {
    fail(error);
  }
  await Promise.all(reading.values());
  if (failure) throw failure;
}
