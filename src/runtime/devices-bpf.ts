import type { OciDeviceRule } from '../model/oci.ts';

/** include/uapi/linux/bpf.h: BPF_DEVCG_DEV_*, BPF_DEVCG_ACC_*. */
const deviceKinds = { b: 1, c: 2 } as const;
const accessBits: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };

const op = { loadWord: 0x61, moveImmediate: 0xb7, and32: 0x54, shift32: 0x74, moveRegister: 0xbf, jumpNotEqual: 0x55,
  jumpNotEqualRegister: 0x5d, exit: 0x95 } as const;

/**
 * The device rules as an eBPF program (struct bpf_insn[], little-endian) for a cgroup2 group: returns 1 to allow. Rules
 * are tried from the last to the first, because the last one that matches decides; with none matching, deny. Undefined
 * where everything is allowed.
 */
export function deviceProgram(rules: readonly OciDeviceRule[]): Uint8Array | undefined {
  const last = rules.at(-1);
  if (last === undefined || (last.allow && everything(last))) return undefined;
  // struct bpf_cgroup_dev_ctx { u32 access_type = access << 16 | kind; u32 major; u32 minor; }
  const code: Buffer[] = [
    instruction(op.loadWord, 2, 1, 0, 0),
    instruction(op.and32, 2, 0, 0, 0xffff), // r2: kind
    instruction(op.loadWord, 3, 1, 0, 0),
    instruction(op.shift32, 3, 0, 0, 16), // r3: access
    instruction(op.loadWord, 4, 1, 4, 0), // r4: major
    instruction(op.loadWord, 5, 1, 8, 0), // r5: minor
  ];
  for (const rule of [...rules].reverse()) {
    code.push(...ruleCode(rule));
    if (everything(rule)) break; // what follows is never reached, and the verifier refuses dead code
  }
  if (!everything(rules.findLast(everything))) code.push(...verdict(0));
  return Buffer.concat(code);
}

function everything(rule: OciDeviceRule | undefined): boolean {
  if (rule === undefined) return false;
  const anyKind = rule.type === undefined || rule.type === 'a';
  return anyKind && rule.major === undefined && rule.minor === undefined && accessMask(rule) === 7;
}

const accessMask = (rule: OciDeviceRule): number =>
  [...(rule.access ?? 'rwm')].reduce((mask, letter) => mask | (accessBits[letter] ?? 0), 0);

function ruleCode(rule: OciDeviceRule): Buffer[] {
  const tests: { code: number; register: number; value: number; before?: Buffer[] }[] = [];
  if (rule.type === 'b' || rule.type === 'c') tests.push({ code: op.jumpNotEqual, register: 2, value: deviceKinds[rule.type] });
  const mask = accessMask(rule);
  if (rule.major !== undefined) tests.push({ code: op.jumpNotEqual, register: 4, value: rule.major });
  if (rule.minor !== undefined) tests.push({ code: op.jumpNotEqual, register: 5, value: rule.minor });
  const tail = verdict(rule.allow ? 1 : 0);
  // An access asked for that the rule doesn't name: the rule doesn't match. r1 = access & mask, compared with access.
  const access = mask === 7 ? [] : [
    instruction(op.moveRegister, 1, 3, 0, 0),
    instruction(op.and32, 1, 0, 0, mask),
  ];
  const length = tests.length + access.length + (access.length > 0 ? 1 : 0) + tail.length;
  const code: Buffer[] = [];
  for (const { code: jump, register, value } of tests) code.push(instruction(jump, register, 0, length - code.length - 1, value));
  code.push(...access);
  if (access.length > 0) code.push(instruction(op.jumpNotEqualRegister, 1, 3, length - code.length - 1, 0));
  code.push(...tail);
  return code;
}

const verdict = (value: 0 | 1): Buffer[] => [instruction(op.moveImmediate, 0, 0, 0, value), instruction(op.exit, 0, 0, 0, 0)];

function instruction(code: number, destination: number, source: number, offset: number, immediate: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(code, 0);
  bytes.writeUInt8((source << 4) | destination, 1);
  bytes.writeInt16LE(offset, 2);
  bytes.writeInt32LE(immediate | 0, 4);
  return bytes;
}
