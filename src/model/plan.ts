/**
 * The launch plan: the one data structure between TypeScript, which decides, and C, which carries out.
 *
 * A plan is two ordered lists of kernel operations. `keeper` runs in the host's namespaces, in the process that
 * will watch over the container; its `clone` op starts the container's first process. `init` runs in that
 * process, up to `exec`. The table below is the only description of the operations: the encoder, the TypeScript
 * types and the C header `runtime/plan_ops.h` all come from it.
 *
 * ```
 *  daemon            helper serve            keeper                    init
 *    │ launch(plan) ──►│ fork ───────────────►│ keeper ops…             ·
 *    │                 │                      │ clone ─────────────────►│ (blocked)
 *    │                 │                      │ netlink with $pid       │
 *    │                 │                      │──── proceed ───────────►│ init ops…
 *    │◄── pid, start time, warnings ──────────│◄─────────── ready ──────│ (blocked)
 *    │ start (keeper's socket) ──────────────►│──────── go ────────────►│ rest of init ops, exec
 *    │◄── started, or why not ────────────────│◄── pipe closed by exec ─│
 * ```
 */
type FieldType = 'u32' | 'u64' | 'str' | 'bytes' | 'strs' | 'u32s';

/** Name → wire order and type of each field. Codes are positions in this table plus one; append, don't reorder. */
export const opTable = {
  // ── in the keeper, or applied by the helper itself ────────────────────────────────────────────────────────
  /** Who the keeper is: its socket, log, exit record. First op of every launch. `flags`: see `keeperFlags`;
   * `logAttributes`: what each line of a json log has before its time. */
  keeper: {
    id: 'str', socket: 'str', log: 'str', logMaxSize: 'u64', logMaxFiles: 'u32', exitFile: 'str', oomFile: 'str',
    flags: 'u32', rows: 'u32', columns: 'u32', logAttributes: 'str',
  },
  /** One directory; existing is fine. */
  mkdir: { path: 'str', mode: 'u32' },
  /** Removes one empty directory (a cgroup); absent is fine. */
  rmdir: { path: 'str' },
  /** Writes `data` with one write(2) to an existing file (cgroup, sysctl, /proc/self/…). */
  write: { path: 'str', data: 'str' },
  /** Binds a socket to a host port and keeps it bound, unserved, while the keeper lives. family 2|10, protocol 6|17. */
  hold_port: { family: 'u32', protocol: 'u32', address: 'bytes', port: 'u32' },
  /** The children cloned from here on live in this process's pid namespace. `startTime` (clock ticks since boot, field 22 of stat) guards against a reused pid; 0 skips the check. */
  join_pid_namespace: { pid: 'u32', startTime: 'u64' },
  /** Starts init with these CLONE_NEW* flags; `cgroup`: a cgroup2 directory to be born in, or ''. */
  clone: { flags: 'u64', cgroup: 'str' },
  /**
   * In init, before it does anything: joins a v1 cgroup by writing 0 to `path`/tasks. A single thread that moves itself is
   * spared the lock that stops all forks and exits of the machine, whose taking costs a grace period of RCU (10 ms).
   */
  cgroup_join: { path: 'str' },
  /** Attaches an eBPF device program (struct bpf_insn[]) to a cgroup2 directory. */
  device_bpf: { cgroup: 'str', program: 'bytes' },
  /**
   * One or more rtnetlink messages, each with NLM_F_ACK, sent in order in the namespace of the process that runs
   * the op. Patches: `"<byte offset>=<interface name>"` puts that interface's u32 index there, `"<offset>=$pid"` init's pid.
   */
  netlink: { message: 'bytes', patches: 'strs' },

  // ── in init ───────────────────────────────────────────────────────────────────────────────────────────────
  /** Joins namespaces (CLONE_NEW* mask, without NEWPID) of a running process. */
  join: { pid: 'u32', startTime: 'u64', flags: 'u64' },
  unshare: { flags: 'u64' },
  /** mount(2) on a host path, before pivot; `cwd` first, where not ''. For the overlay and for propagation. */
  mount: { source: 'str', target: 'str', type: 'str', flags: 'u64', data: 'str', cwd: 'str' },
  /** Opens `path` as the root in which all the following targets are resolved. */
  root: { path: 'str' },
  /** A new file system (fsopen … move_mount) at `target` in the root, which is made where missing. Options `key=value` or `key`. `attributes`: MOUNT_ATTR_*. */
  filesystem: { type: 'str', source: 'str', target: 'str', attributes: 'u64', options: 'strs' },
  /** Binds the host's `source` at `target` in the root. `flags`: see `bindFlags`. `propagation`: MS_PRIVATE, MS_SLAVE… or 0. */
  bind: { source: 'str', target: 'str', flags: 'u32', set: 'u64', clear: 'u64', propagation: 'u64' },
  /** Hides a path of the root: a file behind /dev/null (checked by descriptor), a directory behind an empty read-only tmpfs. Absent is fine. */
  mask: { path: 'str' },
  /** Makes a path of the root read-only where it is. Absent is fine. */
  readonly: { path: 'str' },
  /** A device node; the type is in `mode` (S_IFCHR…). An existing one of the same number stays. */
  device: { path: 'str', mode: 'u32', major: 'u32', minor: 'u32', uid: 'u32', gid: 'u32' },
  symlink: { target: 'str', path: 'str' },
  /** A directory in the root with its parents; existing stays as it is. */
  directory: { path: 'str', mode: 'u32', uid: 'u32', gid: 'u32' },
  /** Opens a pseudo-terminal in the root's devpts, hands its master to the keeper, makes it the controlling terminal and /dev/console. */
  console: {},
  /** pivot_root into the root; the host's tree is gone afterwards. */
  pivot: {},
  /** mount_setattr on `/` of the new root, not recursive. */
  root_attributes: { set: 'u64' },
  /** Writes a file under /proc/sys of the root; refused unless it is procfs. `name` with slashes. */
  sysctl: { name: 'str', value: 'str' },
  hostname: { name: 'str' },
  domainname: { name: 'str' },
  rlimit: { resource: 'u32', soft: 'u64', hard: 'u64' },
  umask: { mask: 'u32' },
  /** A new session keyring, so that the host's keys are out of reach. */
  keyring: { name: 'str' },
  /** Limits the bounding set to this mask. */
  bounding: { mask: 'u64' },
  /** setgroups, setgid, setuid (keeping permitted capabilities until `capabilities`). */
  user: { uid: 'u32', gid: 'u32', groups: 'u32s' },
  capabilities: { effective: 'u64', permitted: 'u64', inheritable: 'u64', ambient: 'u64' },
  no_new_privileges: {},
  /** Loads a classic BPF filter (struct sock_filter[]). */
  seccomp: { program: 'bytes', flags: 'u32' },
  /** chdir, then a check that the directory lies in the root (CVE-2024-21626). */
  cwd: { path: 'str' },
  /** Says that all is prepared and waits for the keeper's go. What stands before belongs to create, what follows to start. */
  ready: {},
  /** execve; `args[0]` is looked up in env's PATH where it has no slash. */
  exec: { args: 'strs', env: 'strs' },

  // ── applied by the helper ─────────────────────────────────────────────────────────────────────────────────
  /** What follows works in the network namespace of this process; pid 0: in the helper's own again, as after the last op. */
  enter_network: { pid: 'u32', startTime: 'u64' },
  /** Like `bind`, of `subpath` inside the host's directory `source`: resolved by descriptor, never out of it. */
  bind_beneath: { source: 'str', subpath: 'str', target: 'str', flags: 'u32', set: 'u64', clear: 'u64', propagation: 'u64' },
  /** Takes a mount of the host's down, at once where nobody uses it any more. */
  unmount: { path: 'str' },
  /**
   * Takes a copy of the host's mounts at `source` before they are made private, for a later `bind` of the same source with
   * the flag `held`: only so does it stay a peer of the host's, and what is mounted in it shows there.
   */
  hold_tree: { source: 'str' },
} as const satisfies Record<string, Record<string, FieldType>>;

export const keeperFlags = { tty: 1, openStdin: 2, stdinOnce: 4, exec: 8, noLog: 16, jsonLog: 32 } as const;
/** recursive: the whole tree of mounts. recursiveSet: `set`/`clear` reach submounts too. optional source: skip where it is absent. fromRoot: source is a path in the root. held: by `hold_tree`. */
export const bindFlags = { recursive: 1, recursiveSet: 2, skipMissing: 4, fromRoot: 8, held: 16 } as const;

type TypeOf = { u32: number; u64: bigint | number; str: string; bytes: Uint8Array; strs: readonly string[]; u32s: readonly number[] };
export type OpName = keyof typeof opTable;
type Fields<N extends OpName> = { -readonly [K in keyof (typeof opTable)[N]]: TypeOf[(typeof opTable)[N][K] & FieldType] };
/** An operation as data. `optional`: a failure becomes a warning of the launch instead of its end. */
export type Op = { [N in OpName]: { op: N; optional?: boolean } & Fields<N> }[OpName];

export interface LaunchPlan {
  readonly keeper: readonly Op[];
  readonly init: readonly Op[];
}

const names = Object.keys(opTable) as OpName[];
const codes = new Map(names.map((name, index) => [name, index + 1]));

/** Bytes of a list of ops: per op u16 code, u16 flags (1: optional), u32 payload length, payload; all little-endian. */
export function encodeOps(list: readonly Op[]): Buffer {
  return Buffer.concat(list.flatMap((op) => {
    const payload = encodeFields(op);
    const head = Buffer.alloc(8);
    head.writeUInt16LE(codes.get(op.op) ?? 0, 0);
    head.writeUInt16LE(op.optional ? 1 : 0, 2);
    head.writeUInt32LE(payload.length, 4);
    return [head, payload];
  }));
}

function encodeFields(op: Op): Buffer {
  const parts: Buffer[] = [];
  const u32 = (value: number): void => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value >>> 0);
    parts.push(bytes);
  };
  const text = (value: string): void => {
    if (value.includes('\0')) throw new TypeError(`${op.op}: a string with a NUL byte can't reach the kernel`);
    const bytes = Buffer.from(value);
    u32(bytes.length);
    parts.push(bytes, Buffer.alloc(1)); // NUL-terminated, so that C uses it in place
  };
  const values = op as unknown as Record<string, unknown>;
  for (const [name, fieldType] of Object.entries(opTable[op.op]) as [string, FieldType][]) {
    const value = values[name];
    switch (fieldType) {
      case 'u32':
        u32(value as number);
        break;
      case 'u64': {
        const bytes = Buffer.alloc(8);
        bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value as bigint | number)));
        parts.push(bytes);
        break;
      }
      case 'str':
        text(value as string);
        break;
      case 'bytes':
        u32((value as Uint8Array).length);
        parts.push(Buffer.from(value as Uint8Array));
        break;
      case 'strs':
        u32((value as string[]).length);
        for (const item of value as string[]) text(item);
        break;
      case 'u32s':
        u32((value as number[]).length);
        for (const item of value as number[]) u32(item);
        break;
      default:
        fieldType satisfies never;
    }
  }
  return Buffer.concat(parts);
}

const cTypes: Record<FieldType, string> = {
  u32: 'uint32_t', u64: 'uint64_t', str: 'const char *', bytes: 'struct bytes', strs: 'struct strs', u32s: 'struct u32s',
};
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The text of `runtime/plan_ops.h`: an enum of codes, a struct and a decoder for each op. */
export function renderHeader(): string {
  const lines = [
    '/* Generated from src/model/plan.ts by `make generate`; `make check` fails when they differ. */',
    '#ifndef BERTH_PLAN_OPS_H', '#define BERTH_PLAN_OPS_H', '#include "protocol.h"', '',
    'enum op_code {',
    ...names.map((name, index) => `\tOP_${name.toUpperCase()} = ${index + 1},`),
    '};', '',
    'static const char *const op_names[] = {',
    '\t"?",', ...names.map((name) => `\t"${name}",`),
    '};',
    `#define OP_COUNT ${names.length}`, '',
    ...Object.entries(keeperFlags).map(([name, bit]) => `#define KEEPER_${snake(name).toUpperCase()} ${bit}u`),
    ...Object.entries(bindFlags).map(([name, bit]) => `#define BIND_${snake(name).toUpperCase()} ${bit}u`),
  ];
  for (const name of names) {
    const fields = Object.entries(opTable[name]) as [string, FieldType][];
    if (fields.length === 0) continue;
    lines.push('', `struct op_${name} {`,
      ...fields.map(([field, type]) => `\t${cTypes[type]}${cTypes[type].endsWith('*') ? '' : ' '}${snake(field)};`), '};');
    lines.push(`static inline int decode_${name}(struct reader *r, struct op_${name} *o)`, '{',
      `\treturn ${fields.map(([field, type]) => `read_${type}(r, &o->${snake(field)})`).join(' ||\n\t       ')};`, '}');
  }
  lines.push('', '#endif', '');
  return lines.join('\n');
}
