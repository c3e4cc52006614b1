/** Where `berth cp` copies from and to: Docker's rules for what the end of a path means. Pure. */
import { posix } from 'node:path';

/** One end of a copy: a file or tree that is there or is to be. */
export interface Place {
  readonly path: string;
  readonly exists: boolean;
  readonly isDirectory: boolean;
}

/** `CONTAINER:PATH`, or a local path: absolute, or with a dot before any colon. */
export function splitArgument(argument: string): { container: string; path: string } {
  const colon = argument.indexOf(':');
  if (argument.startsWith('/') || argument.startsWith('.') || colon < 0) return { container: '', path: argument };
  return { container: argument.slice(0, colon), path: argument.slice(colon + 1) };
}

/** A slash or `/.` at the end says that a directory is meant, and the latter that its content is. */
export const meansDirectory = (path: string): boolean => path.endsWith('/') || posix.basename(path) === '.';

/** The clean path with the end it had. */
export function cleanPath(path: string, from: string): string {
  const clean = posix.resolve(from, path);
  if (posix.basename(path) === '.') return clean === '/' ? '/.' : `${clean}/.`;
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean;
}

/** Directory and last part; the last part of `a/.` is `.`, that of `/` is `/`. */
export function splitPath(path: string): { directory: string; base: string } {
  const clean = posix.normalize(path).replace(/(.)\/+$/, '$1');
  if (posix.basename(path) === '.') return { directory: clean, base: '.' };
  return { directory: posix.dirname(clean), base: clean === '/' ? '/' : posix.basename(clean) };
}

export interface CopyPlan {
  /** The existing directory to unpack in. */
  readonly directory: string;
  /** How the copied thing is called there; absent: as it was. */
  readonly rename?: { readonly from: string; readonly to: string };
}

/** What becomes of a source at its destination. Throws in Docker's words where it can't be. */
export function planCopy(source: Place, destination: Place): CopyPlan {
  if (destination.exists && destination.isDirectory) return { directory: destination.path };
  if (destination.exists && source.isDirectory) throw new Error('cannot copy directory');
  if (!source.isDirectory && !destination.exists && meansDirectory(destination.path)) {
    throw new Error('no such directory');
  }
  const { directory, base } = splitPath(destination.path);
  return { directory, rename: { from: splitPath(source.path).base, to: base } };
}

/** An entry's name in the archive after the rename. */
export function renamed(name: string, rename: CopyPlan['rename']): string {
  if (!rename) return name;
  const from = rename.from === '/' ? '' : rename.from;
  return name.startsWith(from) ? rename.to + name.slice(from.length) : name;
}
