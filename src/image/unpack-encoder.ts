import { invalid } from '../model/errors.ts';
import { stepOf, type LayerStep } from './layer-step.ts';
import type { TarEntry } from './tar-entry.ts';
import type { TarHandler } from './tar-reader.ts';
import { entryBytes, frameBytes, maxBody, unpackOps } from './unpack-ops.ts';

/** Data from here on is passed by reference; less is copied, so that small files share one write. */
const copyBelow = 16 * 1024;
const scratchBytes = 256 * 1024;
/** A layer's own words to overlayfs, or to us, would change how the layers below are read. */
const overlayXattr = /^(?:(?:trusted|user)\.overlay|trusted\.berth)\./;

export interface EncoderOptions {
  /** What an entry asks for; a layer's rules unless told. */
  readonly stepOf?: (entry: TarEntry) => LayerStep | undefined;
  /** Whom everything is to belong to; the archive says unless told. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/** Turns a layer's entries into the frames of `unpack-ops.ts`, gathered until `take`. */
export class UnpackEncoder implements TarHandler {
  readonly #stepOf: (entry: TarEntry) => LayerStep | undefined;
  readonly #owner: EncoderOptions['owner'];
  #out: Buffer[] = [];
  #scratch = Buffer.allocUnsafe(scratchBytes);
  #from = 0;
  #used = 0;
  /** Whether the file that is open is wanted at all. */
  #open = false;
  /** Bytes of files and of symlinks' targets, as Docker counts a layer. */
  size = 0;

  constructor(options: EncoderOptions = {}) {
    this.#stepOf = options.stepOf ?? stepOf;
    this.#owner = options.owner;
  }

  entry(entry: TarEntry): void {
    const step = this.#stepOf(entry);
    this.#open = step?.op === 'file';
    if (!step) return;
    if (step.op === 'file') this.size += entry.size;
    else if (step.op === 'symlink') this.size += step.link.length;
    const xattrs = [...entry.xattrs].filter(([name]) => !overlayXattr.test(name));
    let body = entryBytes + step.path.length + step.link.length + 2;
    for (const [name, value] of xattrs) body += 9 + name.length + value.length;
    if (body > maxBody || xattrs.length > 0xffff) throw invalid('too many extended attributes');
    this.#frame(unpackOps[step.op], xattrs.length, body);
    const out = this.#scratch;
    const at = this.#used;
    out.writeUInt32LE(step.mode, at);
    out.writeUInt32LE(this.#owner?.uid ?? entry.uid, at + 4);
    out.writeUInt32LE(this.#owner?.gid ?? entry.gid, at + 8);
    out.writeUInt32LE(entry.mtime.nanoseconds, at + 12);
    writeInt64(out, entry.mtime.seconds, at + 16);
    writeInt64(out, entry.size, at + 24);
    out.writeUInt32LE(entry.major, at + 32);
    out.writeUInt32LE(entry.minor, at + 36);
    out.writeUInt16LE(step.path.length, at + 40);
    out.writeUInt16LE(step.link.length, at + 42);
    this.#used += entryBytes;
    this.#text(step.path);
    this.#text(step.link);
    for (const [name, value] of xattrs) {
      this.#used = out.writeUInt32LE(name.length, out.writeUInt32LE(value.length, this.#used));
      this.#text(name);
      this.#used += value.copy(this.#scratch, this.#used);
    }
  }

  data(bytes: Buffer, offset: number): void {
    if (!this.#open) return;
    for (let at = 0; at < bytes.length; at += maxBody / 2) {
      const part = bytes.length <= maxBody / 2 ? bytes : bytes.subarray(at, at + maxBody / 2);
      this.#frame(unpackOps.data, 0, 8 + part.length, part.length < copyBelow ? 8 + part.length : 8);
      writeInt64(this.#scratch, offset + at, this.#used);
      this.#used += 8;
      if (part.length < copyBelow) this.#used += part.copy(this.#scratch, this.#used);
      else {
        this.#flush();
        this.#out.push(part);
      }
    }
  }

  close(): void {
    if (this.#open) this.#frame(unpackOps.close, 0, 0);
    this.#open = false;
  }

  /** After the archive's last entry. */
  end(): void {
    this.#frame(unpackOps.end, 0, 0);
  }

  /** All frames since the last call, in order. The buffers aren't touched again. */
  take(): Buffer[] {
    this.#flush();
    const out = this.#out;
    this.#out = [];
    return out;
  }

  /** Writes a frame's head and makes room for `room` bytes of its body in the scratch buffer. */
  #frame(code: number, xattrs: number, body: number, room = body): void {
    if (this.#used + frameBytes + room > this.#scratch.length) {
      this.#flush();
      this.#scratch = Buffer.allocUnsafe(Math.max(scratchBytes, frameBytes + room));
      this.#from = this.#used = 0;
    }
    const out = this.#scratch;
    out[this.#used] = code;
    out[this.#used + 1] = 0;
    out.writeUInt16LE(xattrs, this.#used + 2);
    out.writeUInt32LE(body, this.#used + 4);
    this.#used += frameBytes;
  }

  #text(text: string): void {
    this.#used += this.#scratch.write(text, this.#used, 'latin1');
    this.#scratch[this.#used++] = 0;
  }

  #flush(): void {
    if (this.#used > this.#from) this.#out.push(this.#scratch.subarray(this.#from, this.#used));
    this.#from = this.#used;
  }
}

/** Safe integers only; two 32-bit halves are faster than a BigInt. */
function writeInt64(out: Buffer, value: number, at: number): void {
  const low = ((value % 2 ** 32) + 2 ** 32) % 2 ** 32;
  out.writeUInt32LE(low, at);
  out.writeInt32LE((value - low) / 2 ** 32, at + 4);
}
