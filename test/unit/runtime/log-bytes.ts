import { LogReader } from '../../../src/runtime/log-file.ts';
import type { LogFormat } from '../../../src/runtime/log-records.ts';

/** A record as the keeper writes it (runtime/log.h). `time`: nanoseconds since 1970. */
export function localRecord(text: string, time: bigint, stream = 1): Buffer {
  const data = Buffer.from(text);
  const head = Buffer.alloc(16);
  head.writeUInt32LE(data.length, 0);
  head.writeUInt8(stream, 4);
  head.writeBigUInt64LE(time, 8);
  return Buffer.concat([head, data, head.subarray(0, 4)]);
}

/** `text`: one line, or a piece of one. */
export function jsonRecord(text: string, time: bigint, stream = 1): Buffer {
  const second = new Date(Number(time / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  const nanos = (time % 1_000_000_000n).toString().padStart(9, '0');
  const name = stream === 2 ? 'stderr' : 'stdout';
  return Buffer.from(`{"log":${JSON.stringify(text)},"stream":"${name}","time":"${second}.${nanos}Z"}\n`);
}

export const recordOf = { json: jsonRecord, local: localRecord };

/** The lines from where `seek` places the reader; those of stderr have a ! before them. */
export async function linesOf(
  path: string,
  format: LogFormat,
  seek: (reader: LogReader) => unknown = () => {},
): Promise<string[]> {
  const reader = await LogReader.open(path, format);
  const lines: string[] = [];
  try {
    await seek(reader);
    const { cursor } = reader;
    while (await reader.read()) {
      while (cursor.next()) {
        const text = Buffer.alloc(cursor.size);
        const end = cursor.copyText(text, 0);
        lines.push(`${cursor.stream === 2 ? '!' : ''}${text.toString('latin1', 0, end)}`);
      }
    }
  } finally {
    await reader.close();
  }
  return lines;
}
