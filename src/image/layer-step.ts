import { invalid } from '../model/errors.ts';
import { printable, type TarEntry } from './tar-entry.ts';
import type { UnpackOp } from './unpack-ops.ts';

/** What one entry of a layer asks the helper to do. Paths are latin1 strings (a character a byte), relative, clean. */
export interface LayerStep {
  readonly op: Exclude<UnpackOp, 'data' | 'close' | 'end'>;
  readonly path: string;
  /** A symlink's text as it stands in the archive, or the path of a hardlink's file; else ''. */
  readonly link: string;
  /** With the type bits of stat(2). */
  readonly mode: number;
}

const typeBits = {
  file: 0o100000, hardlink: 0o100000, symlink: 0o120000, character: 0o020000, block: 0o060000, directory: 0o040000,
  fifo: 0o010000,
} as const;

const whiteoutPrefix = '.wh.';
const opaqueMarker = '.wh..wh..opq';
/** Names that aufs, where whiteouts come from, kept for itself. */
const aufsPrefix = '.wh..wh.';
const pathMax = 4095;

/**
 * Decides what an entry means (OCI image spec, "Image Layer Filesystem Changeset"); undefined for what a layer
 * merely carries along. Names that leave the layer are refused: absolute ones and any with `..`.
 */
export function stepOf(entry: TarEntry): LayerStep | undefined {
  const path = cleanPath(entry.name, 'name');
  const slash = path.lastIndexOf('/');
  const base = path.slice(slash + 1);
  const mode = typeBits[entry.type] | entry.mode;
  if (base.startsWith(whiteoutPrefix)) {
    const parent = slash < 0 ? '' : path.slice(0, slash);
    if (base === opaqueMarker) return { op: 'opaque', path: parent, link: '', mode };
    if (base.startsWith(aufsPrefix)) return undefined;
    const hidden = base.slice(whiteoutPrefix.length);
    if (hidden === '' || hidden === '.' || hidden === '..') throw invalid(`whiteout of ${JSON.stringify(hidden)}`);
    return { op: 'whiteout', path: parent === '' ? hidden : `${parent}/${hidden}`, link: '', mode };
  }
  if (path === '' && entry.type !== 'directory') throw invalid('entry without a name');
  switch (entry.type) {
    case 'directory':
    case 'file':
      return { op: entry.type, path, link: '', mode };
    case 'symlink':
      if (entry.link.length === 0 || entry.link.length > pathMax) throw invalid('symlink without a usable target');
      return { op: 'symlink', path, link: entry.link.toString('latin1'), mode };
    case 'hardlink':
      return { op: 'hardlink', path, link: cleanPath(entry.link, 'hardlink target'), mode };
    case 'character':
    case 'block':
    case 'fifo':
      return { op: 'node', path, link: '', mode };
    default:
      return entry.type satisfies never;
  }
}

/**
 * The same for an archive that is copied into a container: every name means itself, none hides anything, and all of
 * them lie below `directory` (a path from the root, latin1). Undefined for the directory itself, which stays as
 * it is unless `withItself`.
 */
export function copyStepOf(directory: string, entry: TarEntry, withItself = false): LayerStep | undefined {
  const path = below(directory, entry.name);
  const mode = typeBits[entry.type] | entry.mode;
  if (path === undefined) {
    return withItself && entry.type === 'directory' ? { op: 'directory', path: directory, link: '', mode } : undefined;
  }
  switch (entry.type) {
    case 'directory':
    case 'file':
      return { op: entry.type, path, link: '', mode };
    case 'symlink':
      if (entry.link.length === 0 || entry.link.length > pathMax) throw invalid('symlink without a usable target');
      return { op: 'symlink', path, link: entry.link.toString('latin1'), mode };
    case 'hardlink':
      return { op: 'hardlink', path, link: below(directory, entry.link) ?? '', mode };
    case 'character':
    case 'block':
    case 'fifo':
      return { op: 'node', path, link: '', mode };
    default:
      return entry.type satisfies never;
  }
}

/** An absolute name counts from the directory too, as Docker has it; undefined for the directory itself. */
function below(directory: string, name: Buffer): string | undefined {
  const parts: string[] = [];
  const text = name.toString('latin1');
  if (text.includes('\0')) throw invalid(`name ${printable(name)} holds a NUL byte`);
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length === 0 && text.startsWith('/')) continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw invalid(`"${printable(name)}" is outside of "/${directory}"`);
  }
  if (parts.length === 0) return undefined;
  const path = [...(directory === '' ? [] : [directory]), ...parts].join('/');
  if (path.length > pathMax) throw invalid(`name ${printable(name)} is longer than ${pathMax} bytes`);
  return path;
}

/** Without `.` components and doubled slashes; '' is the layer's root. */
export function cleanPath(name: Buffer, what: string): string {
  const text = name.toString('latin1');
  if (text.startsWith('/')) throw invalid(`${what} ${printable(name)} is absolute: a layer's names are relative`);
  if (text.includes('\0')) throw invalid(`${what} ${printable(name)} holds a NUL byte`);
  if (text.length > pathMax) throw invalid(`${what} ${printable(name)} is longer than ${pathMax} bytes`);
  if (!/(?:^|\/)\.{0,2}(?:\/|$)/.test(text)) return text;
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw invalid(`${what} ${printable(name)} leaves the layer by ..`);
  return parts.join('/');
}
