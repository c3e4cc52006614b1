/** Makes tar archives byte by byte, also ones that no tool would write. */
export interface RawEntry {
  name: string | Buffer;
  type?: string;
  /** Text of the field: octal digits, or raw bytes. */
  mode?: string;
  uid?: string | Buffer;
  gid?: string | Buffer;
  size?: number | Buffer;
  mtime?: string | Buffer;
  link?: string | Buffer;
  magic?: string;
  prefix?: string;
  major?: string;
  minor?: string;
  data?: Buffer | string;
  /** Changes the header before its checksum is made. */
  edit?: (block: Buffer) => void;
}

export function header(entry: RawEntry): Buffer {
  const block = Buffer.alloc(512);
  const put = (value: string | Buffer, at: number): void => {
    (typeof value === 'string' ? Buffer.from(value) : value).copy(block, at);
  };
  const data = Buffer.from(entry.data ?? '');
  put(entry.name, 0);
  put(entry.mode ?? '0000644', 100);
  put(entry.uid ?? '0000000', 108);
  put(entry.gid ?? '0000000', 116);
  const size = entry.size ?? data.length;
  put(typeof size === 'number' ? size.toString(8).padStart(11, '0') : size, 124);
  put(entry.mtime ?? '00000000000', 136);
  put(entry.type ?? '0', 156);
  put(entry.link ?? '', 157);
  put(entry.magic ?? 'ustar\x0000', 257);
  put(entry.major ?? '', 329);
  put(entry.minor ?? '', 337);
  put(entry.prefix ?? '', 345);
  entry.edit?.(block);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

export function padded(data: Buffer | string): Buffer {
  const bytes = Buffer.from(data);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

export const entry = (raw: RawEntry): Buffer => Buffer.concat([header(raw), padded(raw.data ?? '')]);

export function paxRecord(key: string, value: string | Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
  let length = body.length + 1;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  return Buffer.concat([Buffer.from(String(length)), body]);
}

export const pax = (records: Record<string, string | Buffer> | Buffer, type = 'x'): Buffer =>
  entry({
    name: 'pax',
    type,
    data: Buffer.isBuffer(records)
      ? records
      : Buffer.concat(Object.entries(records).map(([key, value]) => paxRecord(key, value))),
  });

export const archive = (...parts: Buffer[]): Buffer => Buffer.concat([...parts, Buffer.alloc(1024)]);
