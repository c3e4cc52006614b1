import { invalid } from '../../model/errors.ts';
import type { OciSeccomp, OciSeccompAction, OciSeccompArgument, OciSeccompRule } from '../../model/oci.ts';
import { assemble, bpf, branch, type Instruction, instruction } from './bpf.ts';
import { type SyscallArchitecture, syscalls } from './syscalls.ts';

/** struct seccomp_data: nr, arch, instruction pointer, six 64-bit arguments. */
const offset = { number: 0, architecture: 4, argument: (index: number): number => 16 + 8 * index } as const;

/** AUDIT_ARCH_* of the names that profiles use. x32 shares x86-64's and is told by a bit of the number. */
const auditArchitectures: Readonly<Record<string, readonly [number, SyscallArchitecture]>> = {
  SCMP_ARCH_X86_64: [0xc000003e, 'x86_64'], SCMP_ARCH_X86: [0x40000003, 'i386'], SCMP_ARCH_AARCH64: [0xc00000b7, 'aarch64'],
};
const x32Bit = 0x40000000;
const EPERM = 1;
const maxInstructions = 4096;

const returns: Readonly<Record<OciSeccompAction, number>> = {
  SCMP_ACT_KILL: 0, SCMP_ACT_KILL_THREAD: 0, SCMP_ACT_KILL_PROCESS: 0x80000000, SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000, SCMP_ACT_TRACE: 0x7ff00000, SCMP_ACT_LOG: 0x7ffc0000, SCMP_ACT_ALLOW: 0x7fff0000,
};

/** The value that the filter returns for an action. */
export function returnValue(action: OciSeccompAction, errno: number | undefined): number {
  const data = action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE' ? errno ?? EPERM : 0;
  return (returns[action] | (data & 0xffff)) >>> 0;
}

/** What happens to a system call: one value, or the first of the tests that holds decides, else the default. */
export interface Decision {
  readonly tests: readonly { readonly all: readonly OciSeccompArgument[]; readonly value: number }[];
  readonly otherwise: number;
}

/**
 * A profile as a classic BPF program (struct sock_filter[]). Calls of an architecture that the profile doesn't name, and
 * x32's, fail with EPERM. Names that an architecture doesn't have are passed over.
 */
export function compileSeccomp(profile: OciSeccomp): Uint8Array {
  const done = compiled.get(profile) ?? compile(profile);
  compiled.set(profile, done);
  return done;
}

const compiled = new WeakMap<OciSeccomp, Uint8Array>();

function compile(profile: OciSeccomp): Uint8Array {
  const refuse = [instruction(bpf.RETURN, returnValue('SCMP_ACT_ERRNO', EPERM))];
  const known = (profile.architectures ?? []).flatMap((name) => auditArchitectures[name] ? [auditArchitectures[name]] : []);
  const dispatch = known.reverse().reduce<Instruction[]>(
    (rest, [audit, architecture]) => branch(bpf.JEQ, audit, architectureCode(profile, architecture), rest), refuse,
  );
  const program = [instruction(bpf.LOAD, offset.architecture), ...dispatch];
  if (program.length > maxInstructions) {
    throw invalid(`seccomp profile: ${program.length} instructions are more than the kernel's ${maxInstructions}; use fewer rules`);
  }
  return assemble(program);
}

function architectureCode(profile: OciSeccomp, architecture: SyscallArchitecture): Instruction[] {
  const search = searchCode(ranges(decide(profile, architecture), returnValue(profile.defaultAction, profile.defaultErrnoRet)));
  const refuse = [instruction(bpf.RETURN, returnValue('SCMP_ACT_ERRNO', EPERM))];
  const load = instruction(bpf.LOAD, offset.number);
  // What a tracer sets the number to when it skips a call, -1, is 0xffffffff here and refused with the x32 calls.
  return architecture === 'x86_64' ? [load, ...branch(bpf.JGE, x32Bit, refuse, search)] : [load, ...search];
}

/** The decision for each system call that some rule names. */
export function decide(profile: OciSeccomp, architecture: SyscallArchitecture): Map<number, Decision> {
  const otherwise = returnValue(profile.defaultAction, profile.defaultErrnoRet);
  const decisions = new Map<number, Decision>();
  const settled = new Set<number>();
  for (const rule of profile.syscalls ?? []) {
    const value = returnValue(rule.action, rule.errnoRet);
    if (value === otherwise) continue; // says what happens anyway
    for (const name of rule.names) {
      const number = syscalls[architecture].get(name);
      if (number === undefined || settled.has(number)) continue;
      const alternatives = tests(rule);
      if (alternatives.length === 0) {
        // A rule without conditions outweighs those with some, wherever they stand; of several the first counts.
        settled.add(number);
        decisions.set(number, { tests: [], otherwise: value });
        continue;
      }
      const before = decisions.get(number)?.tests ?? [];
      decisions.set(number, { tests: [...before, ...alternatives.map((all) => ({ all, value }))], otherwise });
    }
  }
  return decisions;
}

/** Conditions of one rule: all must hold, unless two look at the same argument; then each is an alternative, as in runc. */
function tests({ args = [] }: OciSeccompRule): readonly (readonly OciSeccompArgument[])[] {
  if (args.length === 0) return [];
  const doubled = new Set(args.map(({ index }) => index)).size < args.length;
  return doubled ? args.map((one) => [one]) : [args];
}

interface Range {
  readonly first: number;
  readonly decision: Decision;
}

/** Neighbouring numbers with the same plain outcome become one range; the last one reaches to the end of all numbers. */
function ranges(decisions: ReadonlyMap<number, Decision>, otherwise: number): Range[] {
  const unknown: Decision = { tests: [], otherwise };
  const found: Range[] = [];
  const add = (first: number, decision: Decision): void => {
    const last = found.at(-1)?.decision;
    const same = last !== undefined && last.tests.length + decision.tests.length === 0 && last.otherwise === decision.otherwise;
    if (!same) found.push({ first, decision });
  };
  let next = 0;
  for (const [number, decision] of [...decisions].sort(([a], [b]) => a - b)) {
    if (number > next) add(next, unknown);
    add(number, decision);
    next = number + 1;
  }
  add(next, unknown);
  return found;
}

/** Binary search; A holds the number. */
function searchCode(list: readonly Range[]): Instruction[] {
  const [only] = list;
  if (only === undefined) return [];
  if (list.length === 1) return decisionCode(only.decision);
  const middle = list.length >> 1;
  return branch(bpf.JGE, list[middle]?.first ?? 0, searchCode(list.slice(middle)), searchCode(list.slice(0, middle)));
}

function decisionCode({ tests: list, otherwise }: Decision): Instruction[] {
  return [
    ...list.flatMap(({ all, value }) => testCode(all, value)),
    instruction(bpf.RETURN, otherwise),
  ];
}

/** Returns the value if all hold; else runs on past its end. */
function testCode(all: readonly OciSeccompArgument[], value: number): Instruction[] {
  const steps = all.map(comparison);
  const code: Instruction[] = [];
  const size = steps.reduce((sum, step) => sum + step.length, 0) + 1;
  let at = 0;
  for (const step of steps) {
    step.forEach(({ code: operation, k, yes, no }, index) => {
      const target = (to: Target): number => {
        if (to === 'next') return 0;
        return (to === 'holds' ? at + step.length : size) - (at + index) - 1;
      };
      code.push(instruction(operation, k, target(yes), target(no)));
    });
    at += step.length;
  }
  return [...code, instruction(bpf.RETURN, value)];
}

type Target = 'next' | 'holds' | 'fails';
interface Step {
  readonly code: number;
  readonly k: number;
  readonly yes: Target;
  readonly no: Target;
}

/** A 64-bit comparison in two halves, the high one first. */
function comparison({ index, value, valueTwo, op }: OciSeccompArgument): Step[] {
  const [high, low] = halves(value);
  const load = (upper: boolean): Step => ({ code: bpf.LOAD, k: offset.argument(index) + (upper ? 4 : 0), yes: 'next', no: 'next' });
  const step = (code: number, k: number, yes: Target, no: Target): Step => ({ code, k, yes, no });
  const ordered = (lowTest: number, whenGreater: Target, whenLess: Target): Step[] => [
    load(true), step(bpf.JGT, high, whenGreater, 'next'), step(bpf.JEQ, high, 'next', whenLess),
    load(false), step(lowTest, low, whenGreater, whenLess),
  ];
  switch (op) {
    case 'SCMP_CMP_EQ':
      return [load(true), step(bpf.JEQ, high, 'next', 'fails'), load(false), step(bpf.JEQ, low, 'holds', 'fails')];
    case 'SCMP_CMP_NE':
      return [load(true), step(bpf.JEQ, high, 'next', 'holds'), load(false), step(bpf.JEQ, low, 'fails', 'holds')];
    case 'SCMP_CMP_GT':
      return ordered(bpf.JGT, 'holds', 'fails');
    case 'SCMP_CMP_GE':
      return ordered(bpf.JGE, 'holds', 'fails');
    case 'SCMP_CMP_LT':
      return ordered(bpf.JGE, 'fails', 'holds');
    case 'SCMP_CMP_LE':
      return ordered(bpf.JGT, 'fails', 'holds');
    case 'SCMP_CMP_MASKED_EQ': {
      const [wantedHigh, wantedLow] = halves(valueTwo ?? 0);
      return [
        load(true), step(bpf.AND, high, 'next', 'next'), step(bpf.JEQ, wantedHigh, 'next', 'fails'),
        load(false), step(bpf.AND, low, 'next', 'next'), step(bpf.JEQ, wantedLow, 'holds', 'fails'),
      ];
    }
    default:
      return op satisfies never;
  }
}

function halves(value: number | bigint): [high: number, low: number] {
  const whole = BigInt.asUintN(64, BigInt(value));
  return [Number(whole >> 32n), Number(whole & 0xffffffffn)];
}
