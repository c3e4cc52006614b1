/** Host → container, or stdin's tar → container. */
import { lstat, realpath, stat } from 'node:fs/promises';
import { codeOf } from '../../model/errors.ts';
import { containerPath } from '../client.ts';
import type { Cli } from '../context.ts';
import { ExitError } from '../errors.ts';
import { textOf } from '../client.ts';
import { cleanPath, meansDirectory, planCopy, splitPath, type CopyPlan, type Place } from './paths.ts';
import { isDirectory, isSymlink, statOf } from './stat.ts';

/** Bytes of the archive. */
export async function copyToContainer(
  cli: Cli, source: string, container: string, path: string, options: { followLink: boolean; archive: boolean },
): Promise<number> {
  const destination = await remoteDestination(cli, container, path);
  let bytes = 0;
  const send = async (directory: string, body: AsyncIterable<Uint8Array>): Promise<number> => {
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of body) {
        bytes += chunk.length;
        yield chunk;
      }
    };
    const query = { path: directory, noOverwriteDirNonDir: 'true', copyUIDGID: options.archive };
    const archive = { body: counted(), contentType: 'application/x-tar' };
    await textOf(await cli.client.send('PUT', containerPath(container, 'archive'), query, archive));
    return bytes;
  };
  if (source === '-') {
    if (!destination.isDirectory) throw new ExitError(`destination "${container}:${path}" must be a directory`, 1);
    return send(destination.path, cli.stdin);
  }
  const local = await localSource(cleanPath(source, process.cwd()), options.followLink);
  const plan = planCopy(local.place, destination);
  return send(plan.directory, await pack(local.real, local.place, plan));
}

async function remoteDestination(cli: Cli, container: string, path: string): Promise<Place> {
  const found = await statOf(cli, container, path);
  if (!found) return { path, exists: false, isDirectory: false };
  if (!isSymlink(found)) return { path, exists: true, isDirectory: isDirectory(found) };
  const behind = await statOf(cli, container, found.linkTarget);
  const exists = behind !== undefined;
  return { path: found.linkTarget, exists, isDirectory: exists && isDirectory(behind) };
}

async function localSource(path: string, followLink: boolean): Promise<{ place: Place; real: string }> {
  try {
    const follows = followLink || meansDirectory(path);
    const found = follows ? await stat(path) : await lstat(path);
    const place = { path, exists: true, isDirectory: found.isDirectory() };
    return { place, real: follows ? await realpath(path) : path };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new ExitError(`lstat ${path}: no such file or directory`, 1);
    if (codeOf(error) === 'ENOTDIR') throw new ExitError(`lstat ${path}: not a directory`, 1);
    throw error;
  }
}

/** The tar that lies right once it is unpacked in the plan's directory. */
async function pack(
  real: string, { path, isDirectory: whole }: Place, { rename }: CopyPlan,
): Promise<AsyncIterable<Uint8Array>> {
  const { create } = await import('tar');
  const name = rename?.to ?? splitPath(path).base;
  if (whole) {
    const prefix = name === '.' || name === '/' ? {} : { prefix: name };
    return create({ cwd: real, preservePaths: true, ...prefix }, ['.']) as unknown as AsyncIterable<Uint8Array>;
  }
  const { directory, base } = splitPath(real);
  const onWriteEntry = (entry: { path: string }): void => void (entry.path = name);
  // A leading `./`, so that a file called `@x` isn't taken for an archive to include.
  return create({ cwd: directory, onWriteEntry }, [`./${base}`]) as unknown as AsyncIterable<Uint8Array>;
}
