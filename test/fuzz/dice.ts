/**
 * Fuzzers are seeded: a failure names the seed and can be run again (`make fuzz SEED=7`). They run for FUZZ_SECONDS
 * each, a few seconds unless told.
 */
export const firstSeed = Number(process.env['SEED'] ?? 1);
export const seconds = Number(process.env['FUZZ_SECONDS'] ?? 4);

/** Random numbers, the same for the same seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed, 2_654_435_761) ^ 0x9e37_79b9) >>> 0;
  }

  /** A whole number from 0 to n - 1. */
  roll(n: number): number {
    // xorshift32
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % n;
  }

  one<T>(of: readonly T[]): T {
    return of[this.roll(of.length)]!;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.roll(256)));
  }

  /** Some bytes changed, cut, doubled or put in. */
  damaged(data: Buffer): Buffer {
    let out: Buffer = Buffer.from(data);
    for (let times = 1 + this.roll(4); times > 0 && out.length > 0; times--) {
      const at = this.roll(out.length);
      const kind = this.roll(6);
      if (kind === 0) out[at] = this.roll(256);
      else if (kind === 1) out[at] = (out[at] ?? 0) ^ (1 << this.roll(8));
      else if (kind === 2) out = out.subarray(0, at);
      else if (kind === 3) out = Buffer.concat([out.subarray(0, at), this.bytes(1 + this.roll(600)), out.subarray(at)]);
      else if (kind === 4) out = Buffer.concat([out.subarray(0, at), out.subarray(Math.min(out.length, at + this.roll(600)))]);
      else out = Buffer.concat([out.subarray(0, at), out.subarray(Math.max(0, at - this.roll(1024)), at), out.subarray(at)]);
    }
    return out;
  }

  /** In pieces of any size. */
  *pieces(data: Buffer): Generator<Buffer> {
    for (let at = 0; at < data.length; ) {
      const length = 1 + this.roll(this.one([3, 600, 5000]));
      yield data.subarray(at, at + length);
      at += length;
    }
  }
}

/** Calls `once` with one seed after another until the time is up; a failure names its seed. */
export async function fuzz(once: (dice: Dice, seed: number) => void | Promise<void>): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let seed = firstSeed;
  for (; performance.now() < end; seed++) {
    try {
      await once(new Dice(seed), seed);
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    if (process.env['SEED']) break;
  }
  return seed - firstSeed;
}
