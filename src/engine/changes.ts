import { startArchiver } from '../host/archiver.ts';
import type { ContainerRecord } from '../model/container.ts';
import { mountLower } from '../runtime/plan/view.ts';
import { engineMade } from './container-view.ts';
import { pathsOf, type Context } from './context.ts';
import { overlayOf } from './user-files.ts';

/** Docker's numbers: what a container did to a path of its image. */
export const changeKinds = { modified: 0, added: 1, deleted: 2 } as const;

export interface Change {
  readonly path: string;
  readonly kind: (typeof changeKinds)[keyof typeof changeKinds];
}

interface Facts {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: string;
  readonly size: bigint;
  readonly device: bigint;
}

/** One entry of a writable layer, and what the layers below have in its place. */
export interface LayerEntry {
  readonly path: string;
  /** It says only that `below` is gone. */
  readonly whiteout: boolean;
  readonly own: Facts;
  readonly below?: Facts;
}

/** By path. Reads the writable layer and what it covers, nothing else. */
export async function listChanges(context: Context, record: ContainerRecord): Promise<Change[]> {
  const overlay = overlayOf(context, record);
  const archive = startArchiver(context.options.helperProgram, {
    ops: mountLower(pathsOf(context, record.id).rootfs, overlay),
    verb: 'changes',
    path: overlay.upper,
    skip: engineMade,
  });
  const parts: Buffer[] = [];
  try {
    for await (const part of archive.output as AsyncIterable<Buffer>) parts.push(part);
    await archive.finish();
  } catch (error) {
    archive.abort();
    throw error;
  }
  return changesOf(parseEntries(Buffer.concat(parts)));
}

const factsBytes = 40;
const entryBytes = 2 + 2 * factsBytes + 4;

/** The records of `runtime/changes.c`. */
export function parseEntries(data: Buffer): LayerEntry[] {
  const entries: LayerEntry[] = [];
  for (let at = 0; at + entryBytes <= data.length;) {
    const length = data.readUInt32LE(at + entryBytes - 4);
    const path = data.toString('utf8', at + entryBytes, at + entryBytes + length);
    const below = data[at + 1] === 1 ? { below: factsAt(data, at + 2 + factsBytes) } : {};
    entries.push({ path, whiteout: data[at] === 1, own: factsAt(data, at + 2), ...below });
    at += entryBytes + length;
  }
  return entries;
}

function factsAt(data: Buffer, at: number): Facts {
  return {
    mode: data.readUInt32LE(at), uid: data.readUInt32LE(at + 4), gid: data.readUInt32LE(at + 8),
    mtime: `${data.readBigInt64LE(at + 16)}.${data.readUInt32LE(at + 12)}`,
    size: data.readBigUInt64LE(at + 24), device: data.readBigUInt64LE(at + 32),
  };
}

/** An entry that was copied up and looks as before is no change; a directory with changes in it is one. */
export function changesOf(entries: readonly LayerEntry[]): Change[] {
  const kinds = new Map<string, Change['kind']>();
  for (const { path, whiteout, own, below } of entries) {
    if (whiteout) {
      if (below) kinds.set(path, changeKinds.deleted);
    } else if (!below) kinds.set(path, changeKinds.added);
    else if (differs(own, below)) kinds.set(path, changeKinds.modified);
  }
  for (const path of [...kinds.keys()]) {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const parent = path.slice(0, slash);
      if (kinds.has(parent)) break;
      kinds.set(parent, changeKinds.modified);
    }
  }
  return [...kinds].map(([path, kind]) => ({ path, kind })).sort((a, b) => (a.path < b.path ? -1 : 1));
}

const isDirectory = (facts: Facts): boolean => (facts.mode & 0o170000) === 0o040000;

/** A directory's time and size tell only of its entries, which have records of their own. */
function differs(own: Facts, below: Facts): boolean {
  const { mode, uid, gid, device } = below;
  if (own.mode !== mode || own.uid !== uid || own.gid !== gid || own.device !== device) return true;
  return !isDirectory(own) && (own.mtime !== below.mtime || own.size !== below.size);
}
