/**
 * The one-way stream from TypeScript, which reads layers and decides, to `berth-helper unpack`, which carries out.
 * This table is its only description: the encoder uses it and `runtime/unpack_ops.h` is rendered from it.
 *
 * ```
 *  TypeScript                                   berth-helper unpack DIR
 *    │ directory, file, data…, close, symlink… ──►│ (stdin)  mkdirat, openat, pwrite …
 *    │ end ──────────────────────────────────────►│ directory times and ACLs
 *    │◄── "implicit=N root=0|1" (stdout), exit 0 ─│ or one line on stderr, exit 1 (archive) or 2 (host)
 * ```
 *
 * A frame: u8 code, u8 0, u16 number of xattrs, u32 bytes of body; little-endian. The body of `data` is
 * u64 offset and bytes; `close` and `end` have none; all others hold the entry fields below, then path NUL,
 * link NUL, and per xattr u32 value length, u32 name length, name NUL, value.
 */
export const unpackOps = {
  /** Makes a directory, or gives an existing one these attributes. Path '' is the layer's root. */
  directory: 1,
  /** Opens a file; `data` frames follow, then `close`, which sets its attributes. */
  file: 2,
  data: 3,
  close: 4,
  symlink: 5,
  /** `link` is the existing file, as a path in the layer. */
  hardlink: 6,
  /** Device or FIFO; `mode` has the type bits. */
  node: 7,
  /** Hides `path` of the layers below. */
  whiteout: 8,
  /** Hides all that layers below have in the directory `path`. */
  opaque: 9,
  end: 10,
} as const;

export type UnpackOp = keyof typeof unpackOps;

/** Name, type and byte offset in the body. */
export const entryFields = [
  ['mode', 'u32', 0],
  ['uid', 'u32', 4],
  ['gid', 'u32', 8],
  ['nanoseconds', 'u32', 12],
  ['seconds', 'i64', 16],
  ['size', 'u64', 24],
  ['major', 'u32', 32],
  ['minor', 'u32', 36],
  ['path_length', 'u16', 40],
  ['link_length', 'u16', 42],
] as const;

export const frameBytes = 8;
export const entryBytes = 44;
/** The largest body that the helper takes: PAX headers are at most 1 MiB, so that xattrs fit. */
export const maxBody = 2 * 1024 * 1024;

const cTypes = { u16: 'uint16_t', u32: 'uint32_t', u64: 'uint64_t', i64: 'int64_t' } as const;

/** The text of `runtime/unpack_ops.h`. */
export function renderUnpackHeader(): string {
  const codes = Object.entries(unpackOps).map(([name, code]) => `\tUNPACK_${name.toUpperCase()} = ${code},`);
  const fields = entryFields.map(([name, type]) => `\t${cTypes[type]} ${name};`);
  return `/* Generated from src/image/unpack-ops.ts; a test fails when they differ. */
#ifndef BERTH_UNPACK_OPS_H
#define BERTH_UNPACK_OPS_H
#include <stdint.h>

#define UNPACK_MAX_BODY ${maxBody}u

enum unpack_code {
${codes.join('\n')}
};

struct unpack_frame {
	uint8_t code;
	uint8_t zero;
	uint16_t xattrs;
	uint32_t body;
} __attribute__((packed));

struct unpack_entry {
${fields.join('\n')}
} __attribute__((packed));
#endif
`;
}
