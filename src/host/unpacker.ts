import { execa } from 'execa';
import { invalid, unavailable } from '../model/errors.ts';

/** A running `berth-helper unpack`: takes frames (image/unpack-ops.ts), gives one result at the end. */
export interface Unpacker {
  /**
   * Passes frames on; resolves when they are gone, so that their buffers may be used again. Rejects with the helper's
   * own words where it has given up.
   */
  write(frames: readonly Buffer[]): Promise<void>;
  /** After the last frame: how many directories no entry described, and whether one described the root. */
  finish(): Promise<UnpackOutcome>;
  /** Ends the helper; what it made stays for the caller to remove. */
  abort(): Promise<void>;
}

export interface UnpackOutcome {
  readonly implicitDirectories: number;
  readonly rootDescribed: boolean;
}

/**
 * @param helper path of berth-helper
 * @param directory empty directory that becomes the layer
 */
export function startUnpacker(helper: string, directory: string): Unpacker {
  const child = execa(helper, ['unpack', directory], {
    reject: false, stdin: 'pipe', buffer: true, encoding: 'utf8', maxBuffer: 64 * 1024, env: {}, extendEnv: false,
  });
  const stdin = child.stdin;
  let gone = false;
  const ended = child.then((result) => {
    gone = true;
    return result;
  });
  // A helper that gave up closes its input: the reason comes with its exit.
  stdin.on('error', () => undefined);

  const failure = async (): Promise<Error> => {
    const { exitCode, stderr, signal } = await ended;
    const text = stderr.trim() || `unpack: helper ended by ${signal ?? `exit code ${exitCode}`}`;
    return exitCode === 1 ? invalid(text) : unavailable(text);
  };

  return {
    async write(frames) {
      if (gone || stdin.destroyed) throw await failure();
      if (frames.length === 0) return;
      const written = new Promise<void>((resolve) => {
        stdin.cork();
        frames.forEach((frame, at) => stdin.write(frame, at === frames.length - 1 ? () => resolve() : undefined));
        stdin.uncork();
      });
      await Promise.race([written, ended]);
      if (gone) throw await failure();
    },
    async finish() {
      stdin.end();
      const { exitCode, stdout } = await ended;
      const report = /^implicit=([0-9]+) root=([01])$/m.exec(stdout);
      if (exitCode !== 0 || !report) throw await failure();
      return { implicitDirectories: Number(report[1]), rootDescribed: report[2] === '1' };
    },
    async abort() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/**
 * Gives the directories of a layer that no entry described the look that the layers below show.
 *
 * @param lowers whole, topmost first
 */
export async function inheritDirectories(helper: string, directory: string, lowers: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await execa(helper, ['unpack', '--inherit', directory, ...lowers], { reject: false, stdin: 'ignore' });
  if (exitCode !== 0) throw (exitCode === 1 ? invalid : unavailable)(stderr.trim() || `unpack --inherit ${directory}: helper failed`);
}

/** Makes all that was written under `directory`'s file system durable. */
export async function syncFileSystem(helper: string, directory: string): Promise<void> {
  const { exitCode, stderr } = await execa(helper, ['unpack', '--sync', directory], { reject: false, stdin: 'ignore' });
  if (exitCode !== 0) throw unavailable(stderr.trim() || `sync ${directory}: helper failed`);
}
