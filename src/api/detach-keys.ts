import { Transform, type TransformCallback } from 'node:stream';
import { invalid } from '../model/errors.ts';

/** `ctrl-p,ctrl-q` and the like as bytes; nothing given: the default. `what`: how the refusal names them. */
export function parseDetachKeys(text: string | undefined, what = 'detach'): Buffer {
  const keys = (text || 'ctrl-p,ctrl-q').split(',').map((key) => {
    if (key.length === 1) return key.charCodeAt(0);
    const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(key)?.[1];
    const code = control?.toLowerCase().charCodeAt(0);
    if (code === undefined) throw invalid(`Invalid ${what} keys (${text}) provided`);
    return code >= 97 ? code - 96 : code - 64;
  });
  return Buffer.from(keys);
}

/**
 * Passes a terminal's input on until the detach keys come: then calls `detached` and passes nothing more. A beginning
 * of the sequence is held back until the next byte tells.
 */
export class DetachScanner extends Transform {
  readonly #keys: Buffer;
  readonly #detached: () => void;
  #matched = 0;
  #over = false;

  constructor(keys: Buffer, detached: () => void) {
    super();
    this.#keys = keys;
    this.#detached = detached;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#over) {
      done();
      return;
    }
    const out: number[] = [];
    for (const byte of chunk) {
      if (byte === this.#keys[this.#matched]) {
        this.#matched += 1;
        if (this.#matched < this.#keys.length) continue;
        this.#over = true;
        if (out.length > 0) this.push(Buffer.from(out));
        this.push(null);
        this.#detached();
        done();
        return;
      }
      if (this.#matched > 0) {
        out.push(...this.#keys.subarray(0, this.#matched));
        this.#matched = byte === this.#keys[0] ? 1 : 0;
        if (this.#matched === 1) continue;
      }
      out.push(byte);
    }
    done(null, Buffer.from(out));
  }

  override _flush(done: TransformCallback): void {
    done(null, this.#over ? null : this.#keys.subarray(0, this.#matched));
  }
}
