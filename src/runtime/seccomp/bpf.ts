/** Classic BPF as data: linux/filter.h and linux/bpf_common.h. Jumps are relative to the next instruction. */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

export const bpf = {
  /** A = 32 bits of struct seccomp_data at k. */
  LOAD: 0x20, AND: 0x54, JUMP: 0x05, JEQ: 0x15, JGT: 0x25, JGE: 0x35, RETURN: 0x06,
} as const;

export const instruction = (code: number, k: number, jt = 0, jf = 0): Instruction => ({ code, jt, jf, k: k >>> 0 });

/** struct sock_filter[], little-endian. */
export function assemble(program: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(({ code, jt, jf, k }, index) => {
    if (jt > 255 || jf > 255) throw new RangeError(`seccomp: a conditional jump of ${Math.max(jt, jf)} instructions`);
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jt, index * 8 + 2);
    bytes.writeUInt8(jf, index * 8 + 3);
    bytes.writeUInt32LE(k, index * 8 + 4);
  });
  return bytes;
}

/** `test` chooses between two pieces of code, each of which ends by itself; far ones are reached by an unconditional jump. */
export function branch(test: number, k: number, yes: readonly Instruction[], no: readonly Instruction[]): Instruction[] {
  if (no.length <= 255) return [instruction(test, k, no.length, 0), ...no, ...yes];
  return [instruction(test, k, 0, 1), instruction(bpf.JUMP, no.length), ...no, ...yes];
}
