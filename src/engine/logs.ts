import { isAlive, type ContainerRecord } from '../model/container.ts';
import { BerthError, invalid } from '../model/errors.ts';
import { followKeeper, type LogPosition } from '../runtime/launch.ts';
import { LogReader } from '../runtime/log-file.ts';
import { momentOf } from '../runtime/log-records.ts';
import { pathsOf, type Context } from './context.ts';
import { settlesWithin } from './deadline.ts';
import { detailsOf, logDriver, logFile } from './log-driver.ts';
import { LogWire } from './log-format.ts';

export interface LogOptions {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly follow: boolean;
  readonly timestamps: boolean;
  /** The labels and variables that the log options name stand before each line. */
  readonly details?: boolean;
  /** Nanoseconds since 1970. */
  readonly since?: bigint;
  readonly until?: bigint;
  /** Lines from the end; undefined: all. */
  readonly tail?: number;
}

/** How long the end of a followed log may wait for the container's (ms). */
const endPatience = 2_000;

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
  if (logDriver(record) === 'none')
    throw new BerthError('not-implemented', 'configured logging driver does not support reading');
  return chunks(context, record, options, signal);
}

/** The log up to where an attached stream begins, in the same wire format. */
export async function* logsUpTo(
  context: Context,
  record: ContainerRecord,
  options: LogOptions,
  position: LogPosition,
): AsyncGenerator<Buffer> {
  if (logDriver(record) === 'none') return;
  yield* chunks(context, record, { ...options, follow: false }, undefined, position);
}

async function* chunks(
  context: Context,
  record: ContainerRecord,
  options: LogOptions,
  signal?: AbortSignal,
  end?: LogPosition,
): AsyncGenerator<Buffer> {
  // The bell is hung up before the file is read: what is written meanwhile rings it.
  const bell =
    options.follow && isAlive(record.state)
      ? await followKeeper(pathsOf(context, record.id).keeperSocket)
      : undefined;
  const leave = (): void => void bell?.stream.destroy();
  signal?.addEventListener('abort', leave, { once: true });
  const { path, format, attributes } = logFile(context, record);
  const reader = await LogReader.open(path, format, attributes);
  try {
    if (end) reader.endAt(end);
    if (options.tail === 0) reader.seekEnd();
    else if (options.tail !== undefined) await reader.seekTail(options.tail, [options.stdout, options.stderr]);
    else if (options.since !== undefined) await reader.seekSince(momentOf(options.since));
    const details = options.details ? detailsOf(record) : '';
    const wire = new LogWire({ tty: record.config.Tty, timestamps: options.timestamps, details });
    if (yield* recorded(reader, wire, options)) return;
    if (!bell) return;
    for await (const _ of rings(bell.stream)) {
      await reader.refresh();
      if (yield* recorded(reader, wire, options)) return;
    }
    if (signal?.aborted) return;
    await reader.refresh();
    yield* recorded(reader, wire, options);
    // Who waited for the end of the log finds the container ended.
    await settlesWithin(context.live.of(record.id).ended ?? Promise.resolve(), endPatience);
  } finally {
    signal?.removeEventListener('abort', leave);
    leave();
    await reader.close();
  }
}

/** What the file has from where the reader stands; true when `until` was passed. */
async function* recorded(reader: LogReader, wire: LogWire, options: LogOptions): AsyncGenerator<Buffer, boolean> {
  const since = options.since === undefined ? undefined : momentOf(options.since);
  const until = options.until === undefined ? undefined : momentOf(options.until);
  const chosen = [false, options.stdout, options.stderr];
  const { cursor } = reader;
  while (await reader.read()) {
    while (cursor.next()) {
      if (!chosen[cursor.stream] || (since && cursor.compareTime(since) < 0)) continue;
      if (until && cursor.compareTime(until) > 0) {
        const rest = wire.flush();
        if (rest) yield rest;
        return true;
      }
      const full = wire.take(cursor);
      if (full) yield full;
    }
    const rest = wire.flush();
    if (rest) yield rest;
  }
  return false;
}

/** However often it rang while nobody listened, it is one ring. */
async function* rings(stream: AsyncIterable<Buffer>): AsyncGenerator<void> {
  try {
    for await (const _ of stream) yield;
  } catch {
    // The keeper or the client went: what the file has is all there is.
  }
}
