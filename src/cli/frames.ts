/**
 * Stdout and stderr on one wire: frames of `[stream, 0, 0, 0, size (4 bytes, big-endian)]` and the bytes; stream 1 is
 * stdout, 2 stderr, 3 an error of the engine.
 */
export type StreamNumber = 0 | 1 | 2 | 3;

/** Cuts chunks, as they come from the wire, into pieces of one stream each, without copying. */
export class FrameReader {
  readonly #header = Buffer.alloc(8);
  #headerFilled = 0;
  #left = 0;
  #stream: StreamNumber = 1;

  *read(chunk: Buffer): Generator<{ stream: StreamNumber; data: Buffer }> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left === 0) {
        const taken = chunk.copy(this.#header, this.#headerFilled, at);
        at += taken;
        this.#headerFilled += taken;
        if (this.#headerFilled < 8) return;
        this.#headerFilled = 0;
        const stream = this.#header.readUInt8(0);
        if (stream > 3) throw new Error(`unrecognized input header: ${stream}`);
        this.#stream = stream as StreamNumber;
        this.#left = this.#header.readUInt32BE(4);
      } else {
        const data = chunk.subarray(at, at + this.#left);
        at += data.length;
        this.#left -= data.length;
        yield { stream: this.#stream, data };
      }
    }
  }
}
