/** What the kernel does with a filter: runs classic BPF over struct seccomp_data and returns the action. */
export interface Call {
  readonly number: number;
  readonly architecture: number;
  readonly arguments: readonly bigint[];
}

export function interpret(program: Uint8Array, call: Call): number {
  const code = Buffer.from(program);
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number >>> 0, 0);
  data.writeUInt32LE(call.architecture >>> 0, 4);
  for (let i = 0; i < 6; i++) data.writeBigUInt64LE(BigInt.asUintN(64, call.arguments[i] ?? 0n), 16 + 8 * i);
  let accumulator = 0;
  for (let at = 0, steps = 0; steps < 5000; steps++) {
    if (at * 8 >= code.length) throw new Error(`ran past the end at ${at}`);
    const operation = code.readUInt16LE(at * 8);
    const [jt, jf, k] = [code.readUInt8(at * 8 + 2), code.readUInt8(at * 8 + 3), code.readUInt32LE(at * 8 + 4)];
    at += 1;
    switch (operation) {
      case 0x20:
        accumulator = data.readUInt32LE(k);
        break;
      case 0x54:
        accumulator = (accumulator & k) >>> 0;
        break;
      case 0x05:
        at += k;
        break;
      case 0x15:
        at += accumulator === k ? jt : jf;
        break;
      case 0x25:
        at += accumulator > k ? jt : jf;
        break;
      case 0x35:
        at += accumulator >= k ? jt : jf;
        break;
      case 0x06:
        return k;
      default:
        throw new Error(`operation ${operation} at ${at - 1}`);
    }
  }
  throw new Error('no end');
}
