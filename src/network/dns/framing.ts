/** DNS by TCP: each message follows its length, two bytes in network order (RFC 1035, 4.2.2). */
export function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** Takes a stream apart. Keeps at most one message that isn't complete, so 64 KiB, and copies it once. */
export class MessageReader {
  #pending: Buffer[] = [];
  #size = 0;
  /** So many bytes complete what is pending. */
  #wanted = 2;

  take(chunk: Buffer): Buffer[] {
    this.#pending.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#wanted) return [];
    const messages: Buffer[] = [];
    let bytes = Buffer.concat(this.#pending);
    while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
      const end = 2 + bytes.readUInt16BE(0);
      messages.push(bytes.subarray(2, end));
      bytes = bytes.subarray(end);
    }
    this.#pending = [Buffer.from(bytes)];
    this.#size = bytes.length;
    this.#wanted = bytes.length < 2 ? 2 : 2 + bytes.readUInt16BE(0);
    return messages;
  }
}
