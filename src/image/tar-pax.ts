import { invalid } from '../model/errors.ts';

/** The records of one PAX extended header, in order (sparse 0.0 repeats keys). Values are bytes, never decoded. */
export type PaxRecords = readonly (readonly [key: string, value: Buffer])[];

const space = 0x20;
const newline = 0x0a;
const equals = 0x3d;

/** Parses `LENGTH key=value\n…` (POSIX pax, "pax Extended Header"). Linear in the size of `data`. */
export function readPax(data: Buffer): PaxRecords {
  const records: [string, Buffer][] = [];
  let at = 0;
  while (at < data.length && data[at] !== 0) {
    const gap = data.indexOf(space, at);
    const digits = gap < 0 || gap - at > 10 ? '' : data.toString('latin1', at, gap);
    const length = /^[0-9]+$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const sign = length === 0 ? -1 : data.indexOf(equals, gap + 1);
    if (length === 0 || end > data.length || data[end - 1] !== newline || sign < 0 || sign >= end) {
      throw invalid('malformed PAX record');
    }
    records.push([data.toString('latin1', gap + 1, sign), data.subarray(sign + 1, end - 1)]);
    at = end;
  }
  return records;
}

/** A decimal without sign. */
export function paxInteger(key: string, value: Buffer): number {
  const text = value.toString('latin1');
  const number = /^[0-9]{1,20}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(number)) throw invalid(`bad number in PAX record ${key}`);
  return number;
}

/** The last value of a key; an empty one takes back what was said before it. */
export function lastOf(records: PaxRecords, key: string): Buffer | undefined {
  for (let at = records.length - 1; at >= 0; at--) {
    const [name, value] = records[at]!;
    if (name === key) return value.length > 0 ? value : undefined;
  }
  return undefined;
}

export interface Time {
  /** Since 1970; may be negative. */
  readonly seconds: number;
  /** 0 … 999 999 999. */
  readonly nanoseconds: number;
}

/** Decimal seconds with a fraction of any length (cut at the nanosecond), possibly before 1970. */
export function paxTime(key: string, value: Buffer): Time {
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/.exec(value.toString('latin1'));
  if (!match) throw invalid(`bad time in PAX record ${key}`);
  const whole = Number(match[2]);
  const fraction = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  if (match[1] !== '-') return { seconds: whole, nanoseconds: fraction };
  return fraction === 0
    ? { seconds: -whole, nanoseconds: 0 }
    : { seconds: -whole - 1, nanoseconds: 1_000_000_000 - fraction };
}
