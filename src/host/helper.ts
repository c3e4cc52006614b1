import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { ReceivedSockets, type NameServerSockets, type ReceivedPair } from './received-sockets.ts';
import { BerthError, type ErrorKind } from '../model/errors.ts';
import { encodeOps, type LaunchPlan, type Op } from '../model/plan.ts';

/** A kernel operation that failed. `code` is the errno's name (`EADDRINUSE`), the message says what on what. */
export class HelperError extends BerthError {
  readonly code: string;

  constructor(errno: number, message: string) {
    const code = errnoNames.get(errno) ?? `E${errno}`;
    super(kinds[code] ?? 'internal', message);
    this.code = code;
  }
}

const errnoNames = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));
const kinds: Record<string, ErrorKind> = {
  ENOSPC: 'unavailable', EMFILE: 'unavailable', ENFILE: 'unavailable', ENOMEM: 'unavailable', EAGAIN: 'unavailable',
  EADDRINUSE: 'conflict', EADDRNOTAVAIL: 'invalid', EINVAL: 'invalid', ENOTDIR: 'invalid', ELOOP: 'invalid',
};

export interface Launched {
  /** Init's pid as the host sees it. */
  readonly pid: number;
  /** Clock ticks between boot and its start: pid and start time together name a process for ever. */
  readonly startTime: bigint;
  /** What optional operations could not do, one line each. */
  readonly warnings: string[];
}

/** Where `readFiles` and `copyOut` look: an overlay that is mounted for the moment, privately; or a root that is there. */
export type RootSource =
  | { readonly overlay: { readonly cwd: string; readonly lower: readonly string[]; readonly upper?: string } }
  | { readonly path: string };

/**
 * The connection to `berth-helper serve`, through which every privileged effect goes. It is started at the first
 * call and again whenever it has died; keepers don't depend on it.
 */
export interface Helper {
  /** Creates a container's (or exec's) first process, blocked before its exec. All or nothing. */
  launch(plan: LaunchPlan): Promise<Launched>;
  /** Applies operations in the daemon's own namespaces; stops at the first that fails. Returns warnings. */
  apply(ops: readonly Op[]): Promise<string[]>;
  /** Contents of regular files inside a root, resolved in C; undefined where there is none. EFBIG above `limit` bytes. */
  readFiles(root: RootSource, paths: readonly string[], limit: number): Promise<(Buffer | undefined)[]>;
  /** Copies what a directory of a root holds into a directory of the host, with the directory's own owner, mode and times. Nothing there is fine. */
  copyOut(root: RootSource, path: string, destination: string): Promise<void>;
  /** Resolves when one of this process's open sockets has nobody at the other end any more: gone, not only silent. */
  hungUp(descriptor: number, signal: AbortSignal): Promise<void>;
  /**
   * Opens a UDP and a TCP socket in a process's network namespace, for this process to serve, and sends an nf_tables batch
   * there that leads port 53 to them.
   */
  openNameServer(request: NameServerRequest): Promise<NameServerSockets>;
  /**
   * Waits until somebody takes something away from one of these nf_tables tables, and tells who: netlink ports, which for
   * most programs are pids; 0 where the kernel lost count. No tables: ends the watch. A new watch ends the one before it,
   * which then tells of nobody.
   */
  watchRules(tables: readonly string[]): Promise<number[]>;
  /** Lets the helper end. Containers run on. */
  close(): Promise<void>;
}

export interface NameServerRequest {
  readonly pid: number;
  /** Guards against a reused pid; 0 skips the check. */
  readonly startTime: bigint;
  /** IPv4, four bytes. */
  readonly address: Uint8Array;
  /** A wish; any free port where it is taken. */
  readonly port: number;
  readonly redirect: { readonly batch: Uint8Array; readonly portOffsets: readonly number[] };
}

export interface HelperOptions {
  /** The executable. */
  readonly path: string;
  /** A file that is locked (flock) as long as this helper lives: one engine per data root. */
  readonly lock?: string;
}

const LAUNCH = 1;
const APPLY = 2;
const READ = 3;
const COPY = 4;
const HANGUP = 5;
const NAME_SERVER = 16;
const WATCH = 17;
const handshake = 'OK\n\n';

interface Waiter {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

interface Answer {
  pid: number;
  startTime: bigint;
  texts: string[];
  rest: Buffer;
  /** Those that the helper sent with this answer. */
  sockets(): Promise<ReceivedPair>;
}

/** Starts the helper and waits until it serves; rejects with `conflict` where another engine holds the lock. */
export async function startHelper(options: HelperOptions): Promise<Helper> {
  const state: { connection: Connection; next: Promise<Connection> | undefined; closed: boolean } = {
    connection: await connect(options), next: undefined, closed: false,
  };
  const request = async (kind: number, payload: Buffer, signal?: AbortSignal): Promise<Answer> => {
    if (state.closed) throw new BerthError('unavailable', 'the engine is shutting down');
    // Whoever asks meanwhile waits for the same helper: a second one would find the lock taken.
    if (state.connection.dead) state.next ??= connect(options).finally(() => (state.next = undefined));
    if (state.next) state.connection = await state.next;
    return state.connection.request(kind, payload, signal);
  };
  return {
    launch: async (plan) => {
      const answer = await request(LAUNCH, Buffer.concat([bytes(encodeOps(plan.keeper)), encodeOps(plan.init)]));
      return { pid: answer.pid, startTime: answer.startTime, warnings: answer.texts };
    },
    apply: async (ops) => (ops.length === 0 ? [] : (await request(APPLY, encodeOps(ops))).texts),
    readFiles: async (root, paths, limit) => {
      const size = Buffer.alloc(8);
      size.writeUInt32LE(limit, 0);
      size.writeUInt32LE(paths.length, 4);
      const answer = await request(READ, Buffer.concat([rootOf(root), size, ...paths.map(text)]));
      return splitFiles(answer.rest, paths.length);
    },
    copyOut: async (root, path, destination) => {
      await request(COPY, Buffer.concat([rootOf(root), text(path), text(destination)]));
    },
    hungUp: async (descriptor, signal) => {
      const payload = Buffer.alloc(4);
      payload.writeUInt32LE(descriptor);
      await request(HANGUP, payload, signal);
    },
    openNameServer: async ({ pid, startTime, address, port, redirect }) => {
      const head = Buffer.alloc(20);
      head.writeUInt32LE(pid, 0);
      head.writeBigUInt64LE(startTime, 4);
      head.set(address, 12);
      head.writeUInt32LE(port, 16);
      const offsets = Buffer.alloc(4 + 4 * redirect.portOffsets.length);
      offsets.writeUInt32LE(redirect.portOffsets.length, 0);
      redirect.portOffsets.forEach((offset, index) => offsets.writeUInt32LE(offset, 4 + 4 * index));
      const answer = await request(NAME_SERVER, Buffer.concat([head, bytes(Buffer.from(redirect.batch)), offsets]));
      return { ...await answer.sockets(), port: Number(answer.texts[0]) };
    },
    watchRules: async (tables) => {
      const count = Buffer.alloc(4);
      count.writeUInt32LE(tables.length);
      return (await request(WATCH, Buffer.concat([count, ...tables.map(text)]))).texts.map(Number);
    },
    close: async () => {
      state.closed = true;
      await state.connection.close();
    },
  };
}

/** A read-only overlay of several trees; a single one is its own root, since overlayfs wants two. */
function rootOf(root: RootSource): Buffer {
  if ('path' in root) return Buffer.concat([text(''), text(root.path)]);
  const { cwd, lower, upper } = root.overlay;
  const trees = upper === undefined ? lower : [upper, ...lower];
  if (trees.length === 1) return Buffer.concat([text(''), text(resolve(cwd, trees[0] ?? ''))]);
  return Buffer.concat([text(`lowerdir=${trees.map((tree) => tree.replace(/[\\:,]/g, '\\$&')).join(':')}`), text(cwd)]);
}

function splitFiles(data: Buffer, count: number): (Buffer | undefined)[] {
  const files: (Buffer | undefined)[] = [];
  for (let at = 0; files.length < count && at + 4 <= data.length;) {
    const size = data.readInt32LE(at);
    at += 4;
    files.push(size < 0 ? undefined : data.subarray(at, at + size));
    at += Math.max(size, 0);
  }
  return files;
}

function bytes(data: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(data.length);
  return Buffer.concat([size, data]);
}

const text = (value: string): Buffer => Buffer.concat([bytes(Buffer.from(value)), Buffer.alloc(1)]);

class Connection {
  dead = false;
  readonly #child: ChildProcess;
  readonly #socket: Duplex;
  readonly #waiting = new Map<number, Waiter>();
  readonly #ended: Promise<void>;
  readonly #received: ReceivedSockets;
  #next = 1;
  #unread: Buffer = Buffer.alloc(0);

  constructor(child: ChildProcess, socket: Duplex, unread: Buffer) {
    this.#child = child;
    this.#socket = socket;
    this.#unread = unread;
    this.#received = new ReceivedSockets(child);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => this.#fail());
    socket.on('close', () => this.#fail());
    this.#ended = new Promise((resolve) => child.once('exit', () => (this.#fail(), resolve())));
  }

  /** `signal`: nobody waits for the answer any more. */
  request(kind: number, payload: Buffer, signal?: AbortSignal): Promise<Answer> {
    const id = this.#next++;
    const head = Buffer.alloc(9);
    head.writeUInt32LE(5 + payload.length, 0);
    head.writeUInt32LE(id, 4);
    head.writeUInt8(kind, 8);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      signal?.addEventListener('abort', () => {
        if (this.#waiting.delete(id)) reject(new BerthError('unavailable', 'given up'));
      });
      this.#socket.write(Buffer.concat([head, payload]));
    });
  }

  close(): Promise<void> {
    this.#child.ref();
    this.#socket.destroy();
    return this.#child.exitCode === null && this.#child.signalCode === null ? this.#ended : Promise.resolve();
  }

  #fail(): void {
    this.dead = true;
    for (const waiter of this.#waiting.values()) waiter.reject(new BerthError('unavailable', 'berth-helper ended; try again'));
    this.#waiting.clear();
  }

  #take(chunk: Buffer): void {
    this.#unread = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    while (this.#unread.length >= 4 && this.#unread.length >= 4 + this.#unread.readUInt32LE(0)) {
      const length = this.#unread.readUInt32LE(0);
      const frame = this.#unread.subarray(4, 4 + length);
      this.#unread = this.#unread.subarray(4 + length);
      this.#settle(frame);
    }
  }

  #settle(frame: Buffer): void {
    const id = frame.readUInt32LE(0);
    const status = frame.readInt32LE(4);
    const count = frame.readUInt32LE(20);
    const texts: string[] = [];
    let at = 24;
    for (let i = 0; i < count; i++) {
      const length = frame.readUInt32LE(at);
      texts.push(frame.toString('utf8', at + 4, at + 4 + length));
      at += 4 + length + 1;
    }
    const waiter = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (status !== 0) waiter?.reject(new HelperError(status, texts[0] ?? 'operation failed'));
    else waiter?.resolve({ pid: frame.readUInt32LE(8), startTime: frame.readBigUInt64LE(12), texts, rest: frame.subarray(at),
      sockets: () => this.#received.pair(id) });
  }
}

async function connect(options: HelperOptions): Promise<Connection> {
  const args = ['serve', ...(options.lock === undefined ? [] : ['--lock', options.lock])];
  // A session of its own, so that Ctrl-C at a daemon in the foreground doesn't reach it.
  const child = spawn(options.path, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'ipc'], detached: true });
  const socket = child.stdio[3] as Duplex;
  const errors: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
  return new Promise((resolve, reject) => {
    let got: Buffer = Buffer.alloc(0);
    const stop = (): void => {
      socket.off('data', onData);
      child.off('error', onError);
      child.off('close', onClose);
    };
    const onData = (chunk: Buffer): void => {
      got = Buffer.concat([got, chunk]);
      if (got.length < handshake.length) return;
      stop();
      child.channel?.unref();
      child.unref(); // not before: its end is what a refused start waits for
      resolve(new Connection(child, socket, got.subarray(handshake.length)));
    };
    const onError = (error: Error): void => {
      stop();
      reject(new BerthError('unavailable', `start ${options.path}: ${error.message}; build it with \`make build\``, { cause: error }));
    };
    const onClose = (code: number | null): void => {
      stop();
      const said = Buffer.concat(errors).toString().trim();
      const owner = /^locked by (\d+)/.exec(said)?.[1];
      reject(code === 3 && owner !== undefined
        ? new BerthError('conflict', `another berth daemon (pid ${owner}) already uses ${options.lock}; stop it, or choose another --root`)
        : new BerthError('unavailable', `berth-helper ended with ${code}: ${said}`));
    };
    socket.on('data', onData);
    socket.on('error', () => {});
    child.on('error', onError);
    child.on('close', onClose);
  });
}
