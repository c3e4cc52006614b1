import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, type ReadStream, type WriteStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../model/errors.ts';

/**
 * The engine's own files: under its data and run directories and in /proc and /sys. Never a path inside a
 * container's root file system; those are resolved in C, by descriptor (DESIGN §1).
 */
export const makeDirectory = (path: string, mode = 0o700): Promise<unknown> => fs.mkdir(path, { recursive: true, mode });
export const readBytes = (path: string): Promise<Buffer> => fs.readFile(path);
export const readText = (path: string): Promise<string> => fs.readFile(path, 'utf8');
export const rename = (from: string, to: string): Promise<void> => fs.rename(from, to);
export const list = async (path: string): Promise<string[]> => {
  try {
    return await fs.readdir(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
};

/** The text of a file, or undefined where there is none. */
export async function readTextIfAny(path: string): Promise<string | undefined> {
  try {
    return await fs.readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await fs.lstat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}

/** Removes a file or a whole tree; nothing there is fine. */
export const remove = (path: string): Promise<void> => fs.rm(path, { recursive: true, force: true, maxRetries: 3 });

/** Writes a file whole or not at all: temporary name, sync, rename. */
export async function writeWhole(path: string, data: string | Uint8Array, mode = 0o600): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`);
  const handle = await fs.open(temporary, 'wx', mode);
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await fs.rename(temporary, path);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  }
}

/** Writes a small file that needs no durability (a container's /etc/hosts, say). */
export const writeText = (path: string, text: string, mode = 0o644): Promise<void> => fs.writeFile(path, text, { mode });

/** Makes the directory entry of a renamed or new file durable. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await fs.open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export const readStream = (path: string, range?: { start?: number; end?: number; highWaterMark?: number }): ReadStream => createReadStream(path, range);
export const writeStream = (path: string, mode = 0o600): WriteStream => createWriteStream(path, { flags: 'wx', mode });
export const open = fs.open;
export const stat = fs.stat;
export const lstat = fs.lstat;
export const symlink = fs.symlink;
export const readlink = fs.readlink;
export const chmod = fs.chmod;
export const chown = fs.chown;
export const utimes = fs.utimes;
/** One directory; its parent must exist. */
export const mkdir = (path: string): Promise<void> => fs.mkdir(path);
/** One empty directory. */
export const rmdir = fs.rmdir;
export const unlink = fs.unlink;

/** Percent of a file system that is used, as df counts: of what ordinary users could have. */
export async function diskUse(path: string): Promise<number> {
  const { blocks, bfree, bavail } = await fs.statfs(path);
  const used = blocks - bfree;
  return (100 * used) / Math.max(1, used + bavail);
}
