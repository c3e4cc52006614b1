/** Sizes and durations, as Docker writes and reads them. */

const decimal = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

/** 4426351 → `4.426MB`; with three digits `4.43MB`. */
export function humanSize(bytes: number, digits = 4): string {
  return scaled(bytes, 1000, decimal, digits);
}

/** 67108864 → `64MiB`. */
export function binarySize(bytes: number): string {
  return scaled(bytes, 1024, binary, 4);
}

function scaled(bytes: number, base: number, units: readonly string[], digits: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  return `${Number(value.toPrecision(digits))}${units[unit]}`;
}

/** How long, in words without `ago`: 150 → `2 minutes`. */
export function humanDuration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(seconds / 3600 + 0.5);
  if (seconds < 1) return 'Less than a second';
  if (Math.floor(seconds) === 1) return '1 second';
  if (seconds < 60) return `${Math.floor(seconds)} seconds`;
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(seconds / 3600 / 24 / 365)} years`;
}

/** Since a moment, in Unix seconds; Docker shows `N/A` for what has none. */
export function ago(unixSeconds: number, now = Date.now() / 1000): string {
  return unixSeconds <= 0 ? 'N/A' : `${humanDuration(now - unixSeconds)} ago`;
}

/** `64m`, `1.5GiB`, `512` → bytes; multiples of 1024. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])?i?b?)$/i.exec(text);
  const wanted = 'expected a size such as 512, 64k, 128m or 2g';
  if (match === null) throw new Error(wanted);
  const power = match[2] === undefined ? 0 : 'kmgtp'.indexOf(match[2].toLowerCase()) + 1;
  const bytes = Math.trunc(Number(match[1]) * 1024 ** power);
  if (!Number.isSafeInteger(bytes)) throw new Error(`${wanted}, below 8 PiB`);
  return bytes;
}

const nanoseconds: Readonly<Record<string, number>> =
  { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** `1m30s`, `500ms`, `-1.5h` → nanoseconds. */
export function parseDuration(text: string): number {
  if (/^[+-]?0$/.test(text)) return 0;
  const match = /^([+-]?)((?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+)$/.exec(text);
  if (match === null) throw new Error('expected a duration such as 500ms, 30s or 1m30s');
  let total = 0;
  for (const [, number, unit = ''] of (match[2] ?? '').matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(number) * (nanoseconds[unit] ?? 0);
  }
  return Math.round(match[1] === '-' ? -total : total);
}

/** What `--since` and `--until` take (a time, Unix seconds, or a duration before now) → Unix seconds with fraction. */
export function parseMoment(text: string, now = Date.now()): string {
  if (/^\d+(\.\d{1,9})?$/.test(text)) return text;
  if (/^-?\d+(\.\d*)?(ns|us|µs|ms|s|m|h)/.test(text)) return (now / 1000 - parseDuration(text) / 1e9).toFixed(9);
  const local = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00` : text;
  const milliseconds = /^\d{4}-\d\d-\d\d[T ]\d\d(:\d\d)?/.test(local) ? Date.parse(local) : NaN;
  if (Number.isNaN(milliseconds)) {
    throw new Error('expected a time such as 2026-01-31T12:00:00Z, Unix seconds, or 10m for ten minutes ago');
  }
  const fraction = (/\.(\d{1,9})/.exec(local)?.[1] ?? '').padEnd(9, '0');
  return `${Math.floor(milliseconds / 1000)}.${fraction}`;
}
