/** Container → host, or → stdout as a tar. */
import { lstat, readlink, stat } from 'node:fs/promises';
import { dirname, posix, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { codeOf } from '../../model/errors.ts';
import { containerPath } from '../client.ts';
import type { Cli } from '../context.ts';
import { ExitError } from '../errors.ts';
import { cleanPath, planCopy, renamed, splitPath, type Place } from './paths.ts';
import { isDirectory, isSymlink, statOf, statOfHeaders } from './stat.ts';

/** Bytes of the archive. */
export async function copyFromContainer(
  cli: Cli, container: string, path: string, target: string, followLink: boolean,
): Promise<number> {
  const destination = target === '-' ? undefined : await localDestination(cleanPath(target, process.cwd()));
  const source = followLink ? await followed(cli, container, path) : { path };
  const response = await cli.client.send('GET', containerPath(container, 'archive'), { path: source.path });
  const kind = statOfHeaders(response.headers);
  let bytes = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of response.body) {
      bytes += chunk.length;
      yield chunk;
    }
  };
  if (!destination) {
    if (cli.stdout.isTTY) {
      throw new ExitError('refusing to write an archive to a terminal: redirect, or give a path', 1);
    }
    for await (const chunk of counted()) await cli.put(cli.stdout, chunk);
    return bytes;
  }
  const { path: asked, was } = source;
  const place: Place = { path: was ?? asked, exists: true, isDirectory: isDirectory(kind) };
  const plan = planCopy(place, destination);
  const linkName = was === undefined ? undefined : { from: splitPath(asked).base, to: splitPath(was).base };
  const rename = (name: string): string => renamed(renamed(name, linkName), plan.rename);
  await unpack(counted(), plan.directory, rename, (text) => cli.warn(text));
  return bytes;
}

/** A symlink's target instead of it; `was` is the name that it keeps. */
async function followed(cli: Cli, container: string, path: string): Promise<{ path: string; was?: string }> {
  const found = await statOf(cli, container, path);
  if (!found || !isSymlink(found)) return { path };
  const end = /\/\.?$/.exec(path)?.[0] ?? '';
  return { path: posix.resolve('/', posix.dirname(path), found.linkTarget) + end, was: path };
}

async function localDestination(path: string): Promise<Place> {
  const seen = await statIfAny(path);
  if (seen) return { path, exists: true, isDirectory: seen.isDirectory() };
  // A symlink to what isn't there yet: that is made.
  const link = await lstat(path).catch(() => undefined);
  const meant = link?.isSymbolicLink() ? resolve(dirname(path), await readlink(path)) : path;
  const above = dirname(path.replace(/\/\.?$/, ''));
  if (!(await statIfAny(above))?.isDirectory()) {
    throw new ExitError(`invalid output path: directory "${above}" does not exist`, 1);
  }
  return { path: meant, exists: false, isDirectory: false };
}

async function statIfAny(path: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Owners are the user's own, as with Docker; nothing lands outside the directory, whatever the archive says. */
async function unpack(
  tar: AsyncIterable<Buffer>, directory: string, rename: (name: string) => string, warn: (text: string) => void,
): Promise<void> {
  const { extract } = await import('tar');
  const sink = extract({
    cwd: directory,
    preserveOwner: false,
    chmod: true,
    processUmask: 0,
    onwarn: (_code, message) => warn(String(message)),
    filter: (_path, entry) => {
      const header = entry as { path: string; type?: string; linkpath?: string };
      header.path = rename(header.path).replace(/^\/+/, '') || '.';
      if (header.type === 'Link' && header.linkpath) header.linkpath = rename(header.linkpath);
      return true;
    },
  });
  await pipeline(Readable.from(tar), sink as unknown as NodeJS.WritableStream);
}
