import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { readTextIfAny } from '../host/files.ts';
import { keeperFrame, openKeeper, splitFrames } from '../host/keeper-socket.ts';
import { BerthError } from '../model/errors.ts';

/** How a container or exec ended, as its keeper recorded it before it told anyone. */
export interface ExitRecord {
  /** The program's exit code, or 128+n where signal n ended it; 126 or 127 where it couldn't be executed. */
  readonly exitCode: number;
  /** The signal's number, or 0. */
  readonly signal: number;
  readonly oomKilled: boolean;
  /** RFC 3339 with nanoseconds, UTC. */
  readonly finishedAt: string;
  /** Why the program couldn't be executed, or ''. */
  readonly error: string;
}

/** Where in the log a stream begins: in which file, and how far in it. */
export interface LogPosition {
  readonly inode: number;
  readonly offset: number;
}

/** The program could not be executed: 127 where it isn't there, 126 where it can't be run (as a shell counts). */
export class ExecError extends BerthError {
  readonly exitCode: 126 | 127;

  constructor(errno: number, text: string) {
    super('invalid', text);
    this.exitCode = errno === constants.errno.ENOENT || errno === constants.errno.ENOTDIR ? 127 : 126;
  }
}

/** A control connection to a container's keeper. */
export interface Keeper {
  /** Init's pid, and whether `start` was asked before (by an engine that has died since). */
  readonly pid: number;
  readonly started: boolean;
  /** Lets init go on to execve; resolves when it has, rejects with ExecError where it couldn't. */
  start(): Promise<void>;
  /** Sends a signal to init through a pidfd. Rejects with `conflict` where it has ended. */
  signal(number: number): Promise<void>;
  resize(rows: number, columns: number): void;
  /** Settles with the exit record, or undefined where the keeper died without one. Never rejects. */
  readonly exit: Promise<ExitRecord | undefined>;
  close(): void;
}

/** Connects to the keeper at `socket`; undefined where there is none any more (then its exit record is on disk, or it was killed). */
export async function connectKeeper(socket: string): Promise<Keeper | undefined> {
  const opened = await openKeeper(socket, keeperFrame('C')).catch(absent);
  if (!opened) return undefined;
  const { payload } = opened.answer;
  return new ControlConnection(opened.socket, payload.readUInt32LE(0), payload.readUInt32LE(4) !== 0);
}

interface Reply {
  resolve(payload: Buffer): void;
  reject(error: Error): void;
}

class ControlConnection implements Keeper {
  readonly pid: number;
  readonly started: boolean;
  readonly exit: Promise<ExitRecord | undefined>;
  readonly #socket: Socket;
  /** The keeper answers each kind in order. */
  readonly #replies = new Map<string, Reply[]>();
  #unread: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, pid: number, started: boolean) {
    this.pid = pid;
    this.started = started;
    this.#socket = socket;
    this.exit = new Promise((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        const { frames, rest } = splitFrames(this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]));
        this.#unread = rest;
        for (const { kind, payload } of frames) {
          if (kind === 'X') resolve(JSON.parse(payload.toString()) as ExitRecord);
          else this.#replies.get(kind)?.shift()?.resolve(payload);
        }
      });
      const gone = (): void => {
        resolve(undefined); // after an 'X' this changes nothing
        for (const waiting of this.#replies.values()) {
          for (const reply of waiting.splice(0)) reply.reject(new BerthError('conflict', 'the container has ended'));
        }
        socket.destroy();
      };
      socket.on('end', gone).on('error', gone).on('close', gone);
    });
    socket.resume();
  }

  async start(): Promise<void> {
    const payload = await this.#ask('S');
    const errno = payload.readInt32LE(0);
    if (errno !== 0) throw new ExecError(errno, payload.toString('utf8', 4));
  }

  async signal(number: number): Promise<void> {
    const numbers = Buffer.alloc(4);
    numbers.writeUInt32LE(number);
    const errno = (await this.#ask('K', numbers)).readInt32LE(0);
    if (errno === constants.errno.ESRCH) throw new BerthError('conflict', 'the container has ended');
    if (errno !== 0) throw new BerthError('invalid', `signal ${number}: errno ${errno}`);
  }

  resize(rows: number, columns: number): void {
    const numbers = Buffer.alloc(8);
    numbers.writeUInt32LE(rows, 0);
    numbers.writeUInt32LE(columns, 4);
    this.#socket.write(keeperFrame('W', numbers));
  }

  close(): void {
    this.#socket.destroy();
  }

  #ask(kind: string, payload?: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new BerthError('conflict', 'the container has ended'));
        return;
      }
      const waiting = this.#replies.get(kind) ?? [];
      waiting.push({ resolve, reject });
      this.#replies.set(kind, waiting);
      this.#socket.write(keeperFrame(kind, payload));
    });
  }
}

/**
 * Attaches to a container's streams. The duplex's readable side is Docker's wire format as it goes to a client
 * (frames of 8 bytes without a terminal, raw with one) and ends when the container has; its writable side is
 * stdin, and ending it half-closes. Undefined where no keeper is.
 */
export async function attachKeeper(
  socket: string, streams: { stdin: boolean; stdout: boolean; stderr: boolean },
): Promise<{ stream: Duplex; tty: boolean; position: LogPosition } | undefined> {
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE((streams.stdin ? 1 : 0) | (streams.stdout ? 2 : 0) | (streams.stderr ? 4 : 0));
  return openStream(socket, keeperFrame('A', flags));
}

/** A byte comes whenever the log has grown since the last; the stream ends when the container has, all written. */
export async function followKeeper(socket: string): Promise<{ stream: Duplex; position: LogPosition } | undefined> {
  return openStream(socket, keeperFrame('F'));
}

async function openStream(socket: string, hello: Buffer): Promise<{ stream: Duplex; tty: boolean; position: LogPosition } | undefined> {
  const opened = await openKeeper(socket, hello).catch(absent);
  if (!opened) return undefined;
  const { payload } = opened.answer;
  return {
    stream: opened.socket,
    tty: payload.readUInt32LE(16) !== 0,
    position: { inode: Number(payload.readBigUInt64LE(0)), offset: Number(payload.readBigUInt64LE(8)) },
  };
}

/** The exit record at `path`, or undefined while there is none. */
export async function readExit(path: string): Promise<ExitRecord | undefined> {
  const text = await readTextIfAny(path);
  return text === undefined ? undefined : (JSON.parse(text) as ExitRecord);
}

function absent(error: unknown): undefined {
  const code = (error as { code?: string }).code;
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE') return undefined;
  throw error;
}
