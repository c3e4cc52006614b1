import { invalid } from '../model/errors.ts';

/**
 * One 512-byte header block of a tar archive, read byte for byte: v7, ustar (POSIX.1-1988) and GNU.
 * Field offsets from POSIX pax, "ustar Interchange Format", and GNU tar's manual, "Basic Tar Format".
 */
export interface TarHeader {
  readonly type: string;
  readonly name: Buffer;
  readonly link: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes that follow in the archive. */
  readonly size: number;
  /** Seconds since 1970; may be negative. */
  readonly mtime: number;
  readonly major: number;
  readonly minor: number;
}

export const blockSize = 512;

/** Undefined for a block of zeros (the end of the archive); throws `invalid` for anything that isn't a header. */
export function readHeader(block: Buffer): TarHeader | undefined {
  if (isZero(block)) return undefined;
  checkSum(block);
  const magic = block.toString('latin1', 257, 265);
  const posix = magic.startsWith('ustar\0');
  const gnu = magic === 'ustar  \0';
  const name = cString(block, 0, 100);
  const type = String.fromCharCode(block[156]!);
  const prefix = posix ? cString(block, 345, 155) : empty;
  const device = posix || gnu;
  return {
    type: type === '\0' ? '0' : type,
    name: prefix.length > 0 ? Buffer.concat([prefix, slash, name]) : name,
    link: cString(block, 157, 100),
    mode: readNumber(block, 100, 8, 'mode'),
    uid: readNumber(block, 108, 8, 'uid'),
    gid: readNumber(block, 116, 8, 'gid'),
    size: readNumber(block, 124, 12, 'size'),
    mtime: readNumber(block, 136, 12, 'mtime'),
    major: device ? readNumber(block, 329, 8, 'device major') : 0,
    minor: device ? readNumber(block, 337, 8, 'device minor') : 0,
  };
}

const empty = Buffer.alloc(0);
const slash = Buffer.from('/');
const zeros = Buffer.alloc(blockSize);

function isZero(block: Buffer): boolean {
  return block[0] === 0 && block.equals(zeros);
}

/** The bytes up to the first NUL. */
function cString(block: Buffer, offset: number, length: number): Buffer {
  const end = block.indexOf(0, offset);
  return block.subarray(offset, end < 0 || end > offset + length ? offset + length : end);
}

/** Octal digits, or GNU's base-256: first bit set, then a two's complement number, big-endian. */
export function readNumber(block: Buffer, offset: number, length: number, field: string): number {
  const first = block[offset]!;
  if (first & 0x80) return readBase256(block, offset, length, field);
  let value = 0;
  let at = offset;
  const end = offset + length;
  while (at < end && block[at] === 0x20) at++;
  for (; at < end; at++) {
    const digit = block[at]! - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; at < end; at++) {
    if (block[at] !== 0 && block[at] !== 0x20) throw invalid(`bad number in header field ${field}`);
  }
  return value;
}

function readBase256(block: Buffer, offset: number, length: number, field: string): number {
  const first = block[offset]!;
  // Bit 6 is the sign, since bit 7 marks the encoding.
  let value = first & 0x40 ? BigInt(first & 0x7f) - 128n : BigInt(first & 0x7f);
  for (let at = offset + 1; at < offset + length; at++) value = value * 256n + BigInt(block[at]!);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw invalid(`number out of range in header field ${field}`);
  return number;
}

/** The sum of all bytes with the checksum field taken as spaces; old writers summed signed bytes. */
function checkSum(block: Buffer): void {
  let unsigned = 0;
  let signed = 0;
  for (let at = 0; at < blockSize; at++) {
    const byte = at >= 148 && at < 156 ? 0x20 : block[at]!;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const stored = readNumber(block, 148, 8, 'checksum');
  if (stored === unsigned || stored === signed) return;
  throw invalid('header checksum is wrong: not a tar archive, or damaged');
}
