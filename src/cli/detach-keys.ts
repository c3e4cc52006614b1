/** The keys that leave a container running: Ctrl-P Ctrl-Q, or what `--detach-keys` says. */
import { UsageError } from './errors.ts';

export const defaultDetachKeys = 'ctrl-p,ctrl-q';

/** `ctrl-p,ctrl-q`, `a,ctrl-@` → bytes. */
export function parseDetachKeys(text: string): Buffer {
  const bytes = (text === '' ? defaultDetachKeys : text).split(',').map((key) => {
    const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(key)?.[1];
    if (control !== undefined) return control.toUpperCase().charCodeAt(0) & 0x1f;
    if (key.length === 1 && key.charCodeAt(0) < 128) return key.charCodeAt(0);
    throw new UsageError(`invalid detach keys "${text}": expected letters or ctrl-<letter>, joined by commas`);
  });
  return Buffer.from(bytes);
}

/** Watches what is typed. Holds back a beginning of the sequence until it is clear what it is. */
export class DetachScanner {
  readonly #keys: Buffer;
  #matched = 0;

  constructor(keys: Buffer) {
    this.#keys = keys;
  }

  /** What to send on; `detached` when the sequence is complete (what follows it is dropped). */
  scan(input: Buffer): { data: Buffer; detached: boolean } {
    if (this.#matched === 0 && !input.includes(this.#keys[0] ?? 0)) return { data: input, detached: false };
    const out: number[] = [];
    for (const byte of input) {
      if (byte !== this.#keys[this.#matched] && this.#matched > 0) {
        out.push(...this.#keys.subarray(0, this.#matched));
        this.#matched = 0;
      }
      if (byte !== this.#keys[this.#matched]) out.push(byte);
      else if (++this.#matched === this.#keys.length) return { data: Buffer.from(out), detached: true };
    }
    return { data: Buffer.from(out), detached: false };
  }
}
