import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startHelper, type Helper } from '../../../src/host/helper.ts';
import { keeperFlags, type LaunchPlan, type Op } from '../../../src/model/plan.ts';
import type { ExitRecord } from '../../../src/runtime/launch.ts';
import { connectKeeper, readExit } from '../../../src/runtime/launch.ts';

export const helperPath = resolve(import.meta.dirname, '../../../dist/berth-helper');

const CLONE_NEWNS = 0x20000;
const CLONE_NEWPID = 0x20000000;
const MS_REC_PRIVATE = 0x4000 | 0x40000;

export interface SmallPlan {
  args: string[];
  flags?: number;
  logMaxSize?: number;
  logMaxFiles?: number;
  /** Ops between the mounts and `ready`. */
  extra?: Op[];
  keeperOps?: Op[];
}

/** A directory with a helper that runs the host's busybox on a tmpfs root: the smallest container there is. */
export class Bench {
  readonly directory: string;
  readonly helper: Helper;

  private constructor(directory: string, helper: Helper) {
    this.directory = directory;
    this.helper = helper;
  }

  static async open(): Promise<Bench> {
    const directory = await mkdtemp(join(tmpdir(), 'berth-k-'));
    return new Bench(directory, await startHelper({ path: helperPath, lock: join(directory, 'lock') }));
  }

  async close(): Promise<void> {
    await this.helper.close();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 10 }); // keepers that were killed are still leaving
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  plan(name: string, small: SmallPlan): LaunchPlan {
    return {
      keeper: [
        {
          op: 'keeper', id: name, socket: this.path(`${name}.sock`), log: this.path(`${name}.log`),
          logMaxSize: small.logMaxSize ?? 0, logMaxFiles: small.logMaxFiles ?? 1, exitFile: this.path(`${name}.exit`),
          oomFile: '', flags: small.flags ?? keeperFlags.openStdin | keeperFlags.stdinOnce, rows: 24, columns: 80, logAttributes: '',
        },
        ...(small.keeperOps ?? []),
        { op: 'clone', flags: CLONE_NEWNS | CLONE_NEWPID, cgroup: '' },
      ],
      init: [
        { op: 'mount', source: 'none', target: '/', type: '', flags: MS_REC_PRIVATE, data: '', cwd: '' },
        { op: 'mount', source: 'tmpfs', target: '/mnt', type: 'tmpfs', flags: 0, data: '', cwd: '' },
        { op: 'root', path: '/mnt' },
        { op: 'bind', source: '/bin/busybox', target: '/bin/busybox', flags: 0, set: 1, clear: 0, propagation: 0 },
        { op: 'symlink', target: 'busybox', path: '/bin/sh' },
        { op: 'filesystem', type: 'proc', source: 'proc', target: '/proc', attributes: 0xe, options: [] },
        { op: 'filesystem', type: 'tmpfs', source: 'tmpfs', target: '/dev', attributes: 2, options: ['mode=755'] },
        { op: 'filesystem', type: 'devpts', source: 'devpts', target: '/dev/pts', attributes: 0xa, options: ['newinstance', 'ptmxmode=0666'] },
        { op: 'device', path: '/dev/null', mode: 0o20666, major: 1, minor: 3, uid: 0, gid: 0 },
        ...((small.flags ?? 0) & keeperFlags.tty ? [{ op: 'console' } as const] : []),
        ...(small.extra ?? []),
        { op: 'pivot' },
        { op: 'ready' },
        { op: 'exec', args: small.args, env: ['PATH=/bin'] },
      ],
    };
  }

  /** Launches, starts and waits for the end. */
  async run(name: string, small: SmallPlan): Promise<ExitRecord> {
    await this.helper.launch(this.plan(name, small));
    const keeper = await connectKeeper(this.path(`${name}.sock`));
    if (!keeper) throw new Error('no keeper');
    await keeper.start().catch(() => {});
    const exit = await keeper.exit;
    if (!exit) throw new Error('no exit record');
    return exit;
  }

  exitOf(name: string): Promise<ExitRecord | undefined> {
    return readExit(this.path(`${name}.exit`));
  }
}

export const shell = (script: string): string[] => ['/bin/busybox', 'sh', '-c', script];

/** Everything a stream gives, to its end. */
export async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

/** Takes Docker's frames of 8 bytes apart. */
export function demultiplex(data: Buffer): { stdout: string; stderr: string } {
  const out = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  for (let at = 0; at < data.length;) {
    const size = data.readUInt32BE(at + 4);
    (data[at] === 2 ? out.stderr : out.stdout).push(data.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return { stdout: Buffer.concat(out.stdout).toString(), stderr: Buffer.concat(out.stderr).toString() };
}

/** Polls until `probe` gives something, at most `seconds`. */
export async function until<T>(probe: () => Promise<T | undefined | false> | T | undefined | false, seconds = 10): Promise<T> {
  for (const end = performance.now() + seconds * 1000; performance.now() < end;) {
    const got = await probe();
    if (got) return got;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited ${seconds} s in vain`);
}
