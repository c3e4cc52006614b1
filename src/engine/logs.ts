import { isAlive, type ContainerRecord } from '../model/container.ts';
import { BerthError, invalid } from '../model/errors.ts';
import { followKeeper } from '../runtime/launch.ts';
import { parseRecords, readLog, type LogRecord } from '../runtime/log-file.ts';
import { formatTime } from './clock.ts';
import { pathsOf, type Context } from './context.ts';

export interface LogOptions {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly follow: boolean;
  readonly timestamps: boolean;
  /** Nanoseconds since 1970. */
  readonly since?: bigint;
  readonly until?: bigint;
  /** Lines from the end; undefined: all. */
  readonly tail?: number;
}

/** A line's piece may grow to this before it is sent on without its end. */
const longestPiece = 1 << 20;

/**
 * A container's log as chunks of Docker's wire format: frames of 8 bytes and data without a terminal, raw with one.
 * Ends with the log, or with `follow` when the container has ended.
 */
export function logs(
  context: Context,
  record: ContainerRecord,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  // Checked before the first byte is asked for: the API has sent no head yet.
  if (!options.stdout && !options.stderr) throw invalid('Bad parameters: you must choose at least one stream');
  if (record.hostConfig.LogConfig.Type === 'none') {
    throw new BerthError('not-implemented', 'configured logging driver does not support reading');
  }
  return chunks(context, record, options, signal);
}

async function* chunks(
  context: Context,
  record: ContainerRecord,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const format = options.timestamps
    ? new LineFormat(record.config.Tty, options)
    : new PlainFormat(record.config.Tty, options);
  const paths = pathsOf(context, record.id);
  // The follower is joined first and says where it begins; the file is read up to there: no line twice, none lost.
  const live = options.follow && isAlive(record.state) ? await followKeeper(paths.keeperSocket) : undefined;
  const end = (): void => void live?.stream.destroy();
  signal.addEventListener('abort', end, { once: true });
  try {
    const range = {
      ...(options.since === undefined ? {} : { since: options.since }),
      ...(options.until === undefined ? {} : { until: options.until }),
      ...(options.tail === undefined ? {} : { tailLines: options.tail }),
      ...(live ? { end: live.position } : {}),
    };
    if (options.tail !== 0) {
      const wanted = options.tail;
      if (wanted === undefined) {
        for await (const piece of readLog(paths.log, range)) yield* format.take(piece);
      } else {
        yield* lastLines(readLog(paths.log, range), wanted, options, format);
      }
    }
    if (!live) {
      yield* format.end();
      return;
    }
    for await (const piece of follow(live.stream)) {
      if (options.until !== undefined && piece.time > options.until) break;
      if (options.since === undefined || piece.time >= options.since) yield* format.take(piece);
    }
    yield* format.end();
  } finally {
    signal.removeEventListener('abort', end);
    end();
  }
}

async function* follow(stream: AsyncIterable<Buffer>): AsyncGenerator<LogRecord> {
  let unread: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of stream) {
      const { records, taken } = parseRecords(unread.length === 0 ? chunk : Buffer.concat([unread, chunk]));
      const all = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
      unread = all.subarray(taken);
      yield* records;
    }
  } catch {
    // The keeper or the client went: what was read is all there is.
  }
}

/** Keeps to the last `wanted` lines of what `findTail` in the log gave, which begins at a record's start. */
async function* lastLines(
  source: AsyncIterable<LogRecord>,
  wanted: number,
  options: LogOptions,
  format: Format,
): AsyncGenerator<Buffer> {
  const pieces: LogRecord[] = [];
  let ends = 0;
  let open = false;
  for await (const piece of source) {
    if (!chosen(piece, options)) continue;
    pieces.push(piece);
    for (let at = piece.data.indexOf(0x0a); at >= 0; at = piece.data.indexOf(0x0a, at + 1)) ends += 1;
    open = piece.data.length > 0 && piece.data[piece.data.length - 1] !== 0x0a;
  }
  let skip = ends + (open ? 1 : 0) - wanted;
  for (const piece of pieces) {
    let { data } = piece;
    while (skip > 0 && data.length > 0) {
      const at = data.indexOf(0x0a);
      if (at < 0) {
        data = data.subarray(data.length);
        break;
      }
      data = data.subarray(at + 1);
      skip -= 1;
    }
    if (data.length > 0) yield* format.take({ ...piece, data });
  }
}

function chosen(piece: LogRecord, options: LogOptions): boolean {
  return piece.stream === 'stderr' ? options.stderr : options.stdout;
}

interface Format {
  take(piece: LogRecord): Generator<Buffer>;
  end(): Generator<Buffer>;
}

export function frame(stream: 'stdout' | 'stderr', data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head[0] = stream === 'stderr' ? 2 : 1;
  head.writeUInt32BE(data.length, 4);
  return Buffer.concat([head, data]);
}

class PlainFormat implements Format {
  readonly #tty: boolean;
  readonly #options: LogOptions;

  constructor(tty: boolean, options: LogOptions) {
    this.#tty = tty;
    this.#options = options;
  }

  *take(piece: LogRecord): Generator<Buffer> {
    if (this.#tty) yield piece.data;
    else if (chosen(piece, this.#options)) yield frame(piece.stream, piece.data);
  }

  *end(): Generator<Buffer> {}
}

/** Puts the time of its first byte before each line; a line that came in pieces stays one. */
class LineFormat implements Format {
  readonly #tty: boolean;
  readonly #options: LogOptions;
  readonly #open = {
    stdout: { pieces: [] as Buffer[], size: 0, time: 0n },
    stderr: { pieces: [] as Buffer[], size: 0, time: 0n },
  };

  constructor(tty: boolean, options: LogOptions) {
    this.#tty = tty;
    this.#options = options;
  }

  *take(piece: LogRecord): Generator<Buffer> {
    if (!this.#tty && !chosen(piece, this.#options)) return;
    const line = this.#open[piece.stream];
    for (let from = 0; from < piece.data.length;) {
      const end = piece.data.indexOf(0x0a, from);
      const part = piece.data.subarray(from, end < 0 ? piece.data.length : end + 1);
      from += part.length;
      if (line.size === 0) line.time = piece.time;
      line.pieces.push(part);
      line.size += part.length;
      if (end >= 0 || line.size >= longestPiece) yield* this.#flush(piece.stream);
    }
  }

  *#flush(stream: 'stdout' | 'stderr'): Generator<Buffer> {
    const line = this.#open[stream];
    if (line.size === 0) return;
    const data = Buffer.concat([Buffer.from(`${fullTime(line.time)} `), ...line.pieces]);
    line.pieces = [];
    line.size = 0;
    yield this.#tty ? data : frame(stream, data);
  }

  *end(): Generator<Buffer> {
    yield* this.#flush('stdout');
    yield* this.#flush('stderr');
  }
}

/** Log times keep all nine digits, so that columns align. */
function fullTime(ns: bigint): string {
  return `${formatTime(ns).slice(0, 19)}.${(ns % 1_000_000_000n).toString().padStart(9, '0')}Z`;
}

/** The log up to where an attached stream begins, in the same wire format. */
export async function* logsUpTo(
  context: Context,
  record: ContainerRecord,
  options: LogOptions,
  position: { generation: number; offset: number },
): AsyncGenerator<Buffer> {
  const format = new PlainFormat(record.config.Tty, options);
  for await (const piece of readLog(pathsOf(context, record.id).log, { end: position })) yield* format.take(piece);
}
