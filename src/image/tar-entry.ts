import { invalid } from '../model/errors.ts';
import type { TarHeader } from './tar-header.ts';
import { lastOf, paxInteger, paxTime, type PaxRecords, type Time } from './tar-pax.ts';

export type TarEntryType = 'file' | 'hardlink' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';

/** One file of a layer. Names are bytes as the archive has them: file names on Linux need not be UTF-8. */
export interface TarEntry {
  readonly type: TarEntryType;
  readonly name: Buffer;
  readonly link: Buffer;
  /** Permission bits with setuid, setgid, sticky: 0 … 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes, holes included. */
  readonly size: number;
  readonly mtime: Time;
  readonly major: number;
  readonly minor: number;
  readonly xattrs: ReadonlyMap<string, Buffer>;
  readonly sparse: boolean;
}

const entryTypes: Readonly<Record<string, TarEntryType>> = {
  '0': 'file', '7': 'file', S: 'file', '1': 'hardlink', '2': 'symlink', '3': 'character', '4': 'block',
  '5': 'directory', '6': 'fifo', D: 'directory',
};

/** Undefined for what holds no file (a volume label). */
export function typeOf(typeflag: string, name: Buffer): TarEntryType | undefined {
  if (typeflag === 'V') return undefined;
  const type = entryTypes[typeflag];
  if (type === undefined) throw invalid(`unknown entry type ${JSON.stringify(typeflag)}`);
  // v7 had no directories: a name that ends in a slash was one.
  return type === 'file' && name.at(-1) === 0x2f ? 'directory' : type;
}

type Decided = Pick<TarEntry, 'type' | 'name' | 'link' | 'size' | 'sparse'>;

/** Puts header and PAX records together; PAX wins. */
export function entryOf(header: TarHeader, records: PaxRecords, decided: Decided): TarEntry {
  const xattrs = new Map<string, Buffer>();
  for (const [key, value] of records) {
    if (key.startsWith('SCHILY.xattr.')) xattrs.set(key.slice(13), value);
    else if (key.startsWith('LIBARCHIVE.xattr.')) {
      const name = decodeURIComponent(key.slice(17));
      if (!xattrs.has(name)) xattrs.set(name, Buffer.from(value.toString('latin1'), 'base64'));
    }
  }
  const number = (key: string, otherwise: number): number => {
    const value = lastOf(records, key);
    return value === undefined ? otherwise : paxInteger(key, value);
  };
  const uid = number('uid', header.uid);
  const gid = number('gid', header.gid);
  const major = number('SCHILY.devmajor', header.major);
  const minor = number('SCHILY.devminor', header.minor);
  const exact = lastOf(records, 'mtime');
  const mtime = exact ? paxTime('mtime', exact) : { seconds: header.mtime, nanoseconds: 0 };
  for (const [field, value] of Object.entries({ uid, gid, major, minor })) {
    if (value < 0 || value > 0xffff_fffe) throw invalid(`${field} ${value} is out of range`);
  }
  return { ...decided, mode: header.mode & 0o7777, uid, gid, mtime, major, minor, xattrs };
}

/** A name for messages: what isn't printable UTF-8 is escaped. */
export function printable(name: Buffer): string {
  const text = name.toString('utf8');
  const clean = !text.includes('\ufffd') && !/[\u0000-\u001f\u007f]/.test(text);
  const escaped = (c: string): string => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`;
  const shown = clean ? text : name.toString('latin1').replace(/[^\x20-\x7e]/g, escaped);
  return shown.length > 200 ? `${shown.slice(0, 200)}…` : shown;
}
