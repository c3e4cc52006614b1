import { archiveFlags, startArchiver, type Archiver } from '../host/archiver.ts';
import * as files from '../host/files.ts';
import { conflict } from '../model/errors.ts';
import type { Op } from '../model/plan.ts';
import { feed, readStat } from './archive.ts';
import type { Context } from './context.ts';
import { mountVolumes, unmountVolumes, volumePoint } from './volume-mounts.ts';

type Volume = ReturnType<Context['volumes']['get']>;

const into = (volume: Volume): Op[] => [{ op: 'root', path: volume.mountpoint }];

/** A tar of all that is in a volume, with owners, modes and extended attributes; `./` is the volume's own directory. */
export async function exportVolume(context: Context, name: string): Promise<Archiver> {
  const volume = context.volumes.get(name);
  const used = { mounts: [volumePoint(volume.name)] };
  await mountVolumes(context, used);
  try {
    const archive = startArchiver(context.options.helperProgram, {
      ops: into(volume), verb: 'get', flags: archiveFlags.allXattrs, path: '/.', name: '.',
    });
    // From here on the helper holds the directory open.
    await readStat(archive);
    return archive;
  } finally {
    await unmountVolumes(context, used);
  }
}

/** Unpacks a tar into a volume, which is made where it isn't there; one that holds something only by force. */
export async function importVolume(
  context: Context, name: string, tar: AsyncIterable<Buffer>, options: { force: boolean; signal: AbortSignal },
): Promise<Volume> {
  const known = context.volumes.find(name);
  const volume = known ?? (await context.volumes.create({ name }));
  const used = { mounts: [volumePoint(volume.name)] };
  await mountVolumes(context, used);
  try {
    if (!options.force && (await files.list(volume.mountpoint)).length > 0) {
      throw conflict(`import ${name}: the volume isn't empty: give a new name, or import by force over what is there`);
    }
    await unpack(context, volume, tar, options.signal);
  } catch (error) {
    if (!known) await context.volumes.remove(name).catch(() => undefined);
    throw error;
  } finally {
    await unmountVolumes(context, used);
  }
  if (!known) context.events.emit('volume', 'create', name, { driver: 'local' });
  return context.volumes.get(name);
}

async function unpack(
  context: Context, volume: Volume, tar: AsyncIterable<Buffer>, signal: AbortSignal,
): Promise<void> {
  const archive = startArchiver(context.options.helperProgram, { ops: into(volume), verb: 'put', path: '/' });
  archive.output.resume();
  const abort = (): void => archive.abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await feed(archive, tar, '/', { root: true });
  } finally {
    signal.removeEventListener('abort', abort);
    archive.abort();
  }
}
