import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { unavailable } from '../model/errors.ts';
import { encodeOps, type Op } from '../model/plan.ts';
import { HelperError } from './helper.ts';

/** What `berth-helper archive` is to do; `runtime/archive.h` tells each. */
export const archiveVerbs = { stat: 1, get: 2, put: 3, export: 4, layer: 5, changes: 6 } as const;
/** keepKind: what is a directory stays one, and so does what isn't. allXattrs: not file capabilities alone. */
export const archiveFlags = { keepKind: 1, allXattrs: 2 } as const;

export interface ArchiveRequest {
  /** The way into the container's root; the last of them opens it. */
  readonly ops: readonly Op[];
  readonly verb: keyof typeof archiveVerbs;
  readonly flags?: number;
  /** In the root; for `layer` and `changes` the host's path of the writable layer. */
  readonly path?: string;
  /** How `path` is called in the archive. */
  readonly name?: string;
  /** Paths to leave out where they are as the engine makes mount targets, without a leading slash. */
  readonly skip?: readonly string[];
}

/** A running `berth-helper archive`. Its output is the caller's to read; it ends by itself or by `abort`. */
export interface Archiver {
  readonly output: Readable;
  /** Passes frames on; resolves when more may come. Throws in the helper's words where it has given up. */
  write(frames: readonly Buffer[]): Promise<void>;
  /** Ends the input and waits; throws a HelperError where it failed. */
  finish(): Promise<void>;
  abort(): void;
}

/** @param helper path of berth-helper */
export function startArchiver(helper: string, request: ArchiveRequest): Archiver {
  const child = execa(helper, ['archive'], {
    reject: false, stdin: 'pipe', stdout: 'pipe', stderr: 'pipe', buffer: { stdout: false, stderr: true }, encoding: 'buffer',
    maxBuffer: 64 * 1024, env: {}, extendEnv: false,
  });
  const { stdin } = child;
  let gone = false;
  const ended = child.then((result) => {
    gone = true;
    return result;
  });
  // A helper that gave up closes its input: the reason comes with its exit.
  stdin.on('error', () => undefined);
  stdin.write(encodeRequest(request));

  const outcome = async (): Promise<void> => {
    const { exitCode, stderr, signal } = await ended;
    if (exitCode === 0) return;
    const said = /^(\d+)\t([^]*?)\s*$/.exec(Buffer.from(stderr).toString());
    throw said
      ? new HelperError(Number(said[1]), said[2] ?? '')
      : unavailable(`archive: helper ended by ${signal ?? `exit code ${exitCode}`}`);
  };

  return {
    output: child.stdout,
    async write(frames) {
      if (gone || stdin.destroyed) await outcome();
      stdin.cork();
      for (const frame of frames) stdin.write(frame);
      stdin.uncork();
      if (!stdin.writableNeedDrain) return;
      await Promise.race([once(stdin, 'drain').catch(() => undefined), ended]);
      if (gone) await outcome();
    },
    async finish() {
      stdin.end();
      await outcome();
    },
    abort: () => void child.kill('SIGKILL'),
  };
}

function encodeRequest({ ops, verb, flags = 0, path = '', name = '', skip = [] }: ArchiveRequest): Buffer {
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const bytes = (data: Buffer): Buffer => Buffer.concat([u32(data.length), data]);
  const text = (value: string): Buffer => Buffer.concat([bytes(Buffer.from(value)), Buffer.alloc(1)]);
  const body = Buffer.concat([
    bytes(encodeOps(ops)), u32(archiveVerbs[verb]), u32(flags), text(path), text(name), u32(skip.length), ...skip.map(text),
  ]);
  return bytes(body);
}
