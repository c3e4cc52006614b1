/** Nanoseconds since 1970. Steps below a microsecond come from the monotonic clock and only keep two calls apart. */
export function nowNs(): bigint {
  return (
    BigInt(Math.floor((performance.timeOrigin + performance.now()) * 1000)) * 1000n + (process.hrtime.bigint() % 1000n)
  );
}

/** RFC 3339 in UTC with nanoseconds, trailing zeros cut: what Docker writes. */
export function formatTime(ns: bigint): string {
  const seconds = ns / 1_000_000_000n;
  const fraction = (ns % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return fraction === '' ? `${text}Z` : `${text}.${fraction}Z`;
}

export const now = (): string => formatTime(nowNs());

/** Nanoseconds of an RFC 3339 time; undefined when it is none. */
export function parseTime(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9})\d*)?(Z|z|[+-]\d\d:?\d\d)?$/.exec(
    text.trim(),
  );
  if (!match) return undefined;
  const ms = Date.parse(`${match[1]}T${match[2]}${match[2]?.length === 5 ? ':00' : ''}${match[4] ?? 'Z'}`);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n + BigInt((match[3] ?? '').padEnd(9, '0') || '0');
}

/** A `since` or `until` of the API: seconds since 1970 with a fraction, RFC 3339, or how long ago (`1h30m`). */
export function parseMoment(text: string): bigint | undefined {
  const unix = /^(-?\d+)(?:\.(\d{1,9})\d*)?$/.exec(text.trim());
  if (unix) return BigInt(unix[1] ?? '0') * 1_000_000_000n + BigInt((unix[2] ?? '').padEnd(9, '0') || '0');
  const ago = parseDuration(text.trim());
  return ago === undefined ? parseTime(text) : nowNs() - ago;
}

const units = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** Nanoseconds of Go's `1h30m` or `1.5s`; undefined when it is none. */
function parseDuration(text: string): bigint | undefined {
  if (!/^(\d{1,9}(\.\d{1,9})?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g))
    sum += Number(number) * units[unit as keyof typeof units];
  return BigInt(Math.round(sum));
}
