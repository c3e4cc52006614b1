import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { archiveFlags, startArchiver, type Archiver, type ArchiveRequest } from '../host/archiver.ts';
import { HelperError } from '../host/helper.ts';
import { decompressed } from '../image/compression.ts';
import { copyStepOf } from '../image/layer-step.ts';
import type { TarEntry } from '../image/tar-entry.ts';
import { TarReader } from '../image/tar-reader.ts';
import { UnpackEncoder } from '../image/unpack-encoder.ts';
import { isAlive, type ContainerRecord } from '../model/container.ts';
import { BerthError, invalid, notFound } from '../model/errors.ts';
import { viewOf } from './container-view.ts';
import { tell, type Context } from './context.ts';
import { settlesWithin } from './deadline.ts';
import { waitForStart } from './stop.ts';
import { resolveUser } from './user.ts';
import { userFilesOf } from './user-files.ts';
import { mountVolumes, unmountVolumes } from './volume-mounts.ts';

export type { Archiver } from '../host/archiver.ts';

/** A file of a container, as lstat sees it. */
export interface PathStat {
  readonly name: string;
  readonly size: number;
  /** st_mode of stat(2). */
  readonly mode: number;
  readonly mtime: { readonly seconds: bigint; readonly nanoseconds: number };
  /** Where a symlink leads in the container; '' for what is none. */
  readonly linkTarget: string;
}

export async function statPath(context: Context, record: ContainerRecord, path: string): Promise<PathStat> {
  const { stat, archive } = await open(context, record, path, 'stat');
  await archive.finish();
  return stat;
}

/** A tar of one file or tree. The caller reads the stream to its end, or aborts. */
export async function getArchive(
  context: Context, record: ContainerRecord, path: string,
): Promise<{ stat: PathStat; archive: Archiver }> {
  const opened = await open(context, record, path, 'get');
  tell(context, record, 'archive-path');
  return opened;
}

async function open(
  context: Context, record: ContainerRecord, path: string, verb: 'stat' | 'get',
): Promise<{ stat: PathStat; archive: Archiver }> {
  const absolute = absolutePath(path);
  const name = baseOf(absolute);
  return inView(context, record, async (ops) => {
    const archive = startArchiver(context.options.helperProgram, { ops, verb, path: absolute, name });
    try {
      return { stat: { name, ...(await readStat(archive)) }, archive };
    } catch (error) {
      archive.abort();
      throw wordsFor(error, path, absolute, record);
    }
  });
}

/** A container that ends on the way is looked at once more, as a stopped one. */
async function inView<T>(
  context: Context, record: ContainerRecord, work: (ops: ArchiveRequest['ops']) => Promise<T>,
): Promise<T> {
  await waitForStart(context, record);
  const current = context.records.get(record.id) ?? record;
  try {
    return await withVolumes(context, current, () => work(viewOf(context, current, false)));
  } catch (error) {
    const gone = error instanceof HelperError && error.code === 'ESRCH' && isAlive(current.state);
    if (!gone || !(await settlesWithin(context.live.of(record.id).ended ?? Promise.resolve(), 10_000))) throw error;
    const after = context.records.get(record.id);
    if (!after) throw error;
    return withVolumes(context, after, () => work(viewOf(context, after, false)));
  }
}

/** Those of a stopped container are mounted until the helper has them in its own namespace. */
async function withVolumes<T>(context: Context, record: ContainerRecord, work: () => Promise<T>): Promise<T> {
  if (isAlive(record.state)) return work();
  await mountVolumes(context, record);
  try {
    return await work();
  } finally {
    await unmountVolumes(context, record);
  }
}

const recordBytes = 28;

/** What the helper says before a tar. */
export async function readStat({ output, finish }: Archiver): Promise<Omit<PathStat, 'name'>> {
  const head = await take(output, recordBytes);
  if (!head) {
    await finish();
    throw new BerthError('internal', 'archive: the helper said nothing');
  }
  const length = head.readUInt32LE(24);
  const target = length === 0 ? Buffer.alloc(0) : await take(output, length);
  return {
    mode: head.readUInt32LE(0),
    mtime: { nanoseconds: head.readUInt32LE(4), seconds: head.readBigInt64LE(8) },
    size: Number(head.readBigUInt64LE(16)),
    linkTarget: target?.toString('utf8') ?? '',
  };
}

/** Exactly so many bytes; undefined where the stream ends before. */
async function take(stream: Readable, size: number): Promise<Buffer | undefined> {
  for (;;) {
    const data = stream.read(size) as Buffer | null;
    if (data !== null) return data.length === size ? data : undefined;
    if (stream.readableEnded || stream.destroyed) return undefined;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        for (const event of ['readable', 'end', 'close', 'error']) stream.off(event, settle);
        resolve();
      };
      for (const event of ['readable', 'end', 'close', 'error']) stream.once(event, settle);
    });
  }
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface PutOptions {
  /** A directory isn't replaced by something else, nor the other way round. */
  readonly keepKind: boolean;
  /** All of it belongs to the user that the container runs as. */
  readonly ownToUser: boolean;
  readonly signal: AbortSignal;
}

/** Unpacks a tar (compressed or not) into a directory of a container. */
export async function putArchive(
  context: Context, record: ContainerRecord, path: string, tar: AsyncIterable<Buffer>, options: PutOptions,
): Promise<void> {
  const absolute = absolutePath(path);
  checkWritable(record, absolute);
  const owner = options.ownToUser && record.config.User
    ? resolveUser(record.config.User, await userFilesOf(context, record), [])
    : undefined;
  await waitForStart(context, record);
  const current = context.records.get(record.id) ?? record;
  const done = holdStart(context, current);
  try {
    if (!isAlive(current.state)) await mountVolumes(context, current);
    const ops = viewOf(context, current, true);
    const flags = options.keepKind ? archiveFlags.keepKind : 0;
    const archive = startArchiver(context.options.helperProgram, { ops, verb: 'put', flags, path: absolute });
    archive.output.resume();
    const abort = (): void => archive.abort();
    options.signal.addEventListener('abort', abort, { once: true });
    try {
      await feed(archive, tar, absolute, owner ? { owner } : {});
    } catch (error) {
      archive.abort();
      throw putWords(error, path, absolute, record);
    } finally {
      options.signal.removeEventListener('abort', abort);
    }
  } finally {
    done();
    if (!isAlive(current.state)) await unmountVolumes(context, current);
  }
  tell(context, record, 'extract-to-dir');
}

/** `root`: the directory itself gets the attributes that the archive gives it, too. */
export async function feed(
  archive: Archiver,
  tar: AsyncIterable<Buffer>,
  path: string,
  { owner, root = false }: { owner?: Owner; root?: boolean },
): Promise<void> {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const directory = Buffer.from(parts.join('/')).toString('latin1');
  const stepOf = (entry: TarEntry): ReturnType<typeof copyStepOf> => copyStepOf(directory, entry, root);
  const encoder = new UnpackEncoder({ stepOf, ...(owner ? { owner } : {}) });
  const reader = new TarReader(encoder);
  let any = false;
  for await (const chunk of decompressed(tar, 'the archive')) {
    any = true;
    reader.write(chunk);
    await archive.write(encoder.take());
  }
  // Nothing at all is an archive of nothing, for Docker.
  if (any) reader.end();
  encoder.end();
  await archive.write(encoder.take());
  await archive.finish();
}

/** A container isn't started while somebody writes into its layer from outside: two overlays would share it. */
function holdStart(context: Context, record: ContainerRecord): () => void {
  if (isAlive(record.state)) return () => undefined;
  const live = context.live.of(record.id);
  const { promise, resolve } = Promise.withResolvers<void>();
  const before = live.writing;
  const mine = Promise.all([before, promise]).then(() => undefined);
  live.writing = mine;
  return () => {
    resolve();
    if (live.writing === mine) delete live.writing;
  };
}

/** By the words of the path, as Docker; the kernel refuses what a symlink hides. */
function checkWritable(record: ContainerRecord, path: string): void {
  const inside = (directory: string): boolean => path === directory || path.startsWith(`${directory}/`);
  const mount = record.mounts.filter(({ destination }) => inside(destination)).at(-1);
  if (mount && !mount.readWrite) throw new BerthError('forbidden', 'mounted volume is marked read-only');
  if (!mount && record.hostConfig.ReadonlyRootfs) {
    throw new BerthError('forbidden', 'container rootfs is marked read-only');
  }
}

/** From the root, without `..`; a slash or `/.` at the end stays, because it means the directory behind a symlink. */
export function absolutePath(path: string): string {
  if (path === '') throw invalid('bad parameter: path cannot be empty');
  if (path.includes('\0')) throw invalid('bad parameter: path cannot hold a NUL byte');
  if (Buffer.byteLength(path) > 4000) throw invalid('bad parameter: path is too long');
  let clean = posix.join('/', path.replace(/\/+$/, '') || '/');
  if (posix.basename(path) === '.') clean = clean === '/' ? '/.' : `${clean}/.`;
  if (path.endsWith('/') && !clean.endsWith('/')) clean += '/';
  return clean;
}

/** What Docker calls the thing: the last part, `.` where the path ends so, `/` for the root. */
function baseOf(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' ? '/' : trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

/** What is said of the path itself, in Docker's words; of what lies below it, in the helper's. */
function wordsFor(error: unknown, path: string, absolute: string, record: ContainerRecord): unknown {
  if (!(error instanceof HelperError) || error.code === 'ESRCH') return error;
  if (error.code === 'ENOENT' && error.message.startsWith(`${absolute}: `)) {
    return notFound(`Could not find the file ${path} in container ${record.name}`);
  }
  return new BerthError(error.kind, `${record.name}: ${error.message}`, { cause: error });
}

function putWords(error: unknown, path: string, absolute: string, record: ContainerRecord): unknown {
  if (!(error instanceof HelperError)) return error;
  if (error.code === 'ENOTDIR' && error.message.startsWith(`${absolute}: `)) {
    return invalid('extraction point is not a directory', error);
  }
  if (error.code === 'EISDIR') return invalid(error.message.replace(/: Is a directory$/, ''), error);
  if (error.code === 'EROFS') return new BerthError('forbidden', error.message, { cause: error });
  return wordsFor(error, path, absolute, record);
}
