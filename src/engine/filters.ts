import { invalid } from '../model/errors.ts';
import { nowNs, parseMoment } from './clock.ts';

/** `filters` of the API: name → the values given, any of which may match. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/** Both shapes that clients send: `{"label":["a"]}` and the older `{"label":{"a":true}}`. */
export function parseFilters(text: string | undefined | null, known: readonly string[]): Filters {
  const filters = new Map<string, readonly string[]>();
  if (!text) return filters;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(`invalid filter: ${text.slice(0, 200)} is not JSON`);
  }
  if (value === null) return filters;
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid(`invalid filter: expected an object`);
  for (const [name, given] of Object.entries(value)) {
    if (!known.includes(name)) throw invalid(`Invalid filter '${name}'`);
    if (Array.isArray(given) && given.every((item) => typeof item === 'string')) {
      filters.set(name, given);
    } else if (isSet(given)) {
      filters.set(
        name,
        Object.entries(given)
          .filter(([, on]) => on)
          .map(([item]) => item),
      );
    } else {
      throw invalid(`invalid filter '${name}': expected a list of strings`);
    }
  }
  return filters;
}

const isSet = (given: unknown): given is Record<string, boolean> =>
  typeof given === 'object' &&
  given !== null &&
  !Array.isArray(given) &&
  Object.values(given).every((on) => typeof on === 'boolean');

/** No filter of that name, or one of its values passes. */
export function passes(filters: Filters, name: string, test: (value: string) => boolean): boolean {
  const values = filters.get(name);
  return values === undefined || values.length === 0 || values.some(test);
}

/** Every `label` and `label!` filter: `key` or `key=value`. All must hold. */
export function labelsPass(filters: Filters, labels: Readonly<Record<string, string>>): boolean {
  const holds = (text: string): boolean => {
    const equals = text.indexOf('=');
    if (equals < 0) return Object.hasOwn(labels, text);
    const key = text.slice(0, equals);
    return Object.hasOwn(labels, key) && labels[key] === text.slice(equals + 1);
  };
  return (filters.get('label') ?? []).every(holds) && !(filters.get('label!') ?? []).some(holds);
}

export function booleanFilter(filters: Filters, name: string): boolean | undefined {
  const value = filters.get(name)?.[0]?.toLowerCase();
  if (value === undefined) return undefined;
  if (['true', '1', 't'].includes(value)) return true;
  if (['false', '0', 'f'].includes(value)) return false;
  throw invalid(`Invalid filter '${name}=[${value}]'`);
}

/** `until`: a time, or an age as Go writes durations (`24h`, `1h30m`); nanoseconds since 1970. */
export function untilFilter(filters: Filters): bigint | undefined {
  const values = filters.get('until');
  if (values === undefined || values.length === 0) return undefined;
  const [text = ''] = values;
  if (values.length > 1) throw invalid('more than one until filter specified');
  const moment = parseMoment(text);
  if (moment !== undefined) return moment;
  const units = { h: 3600e3, m: 60e3, s: 1e3, ms: 1 } as const;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw invalid(`failed to parse value as time or duration: "${text.slice(0, 50)}"`);
  }
  const ms = parts.reduce((sum, [, number, unit]) => sum + Number(number) * units[unit as keyof typeof units], 0);
  return nowNs() - BigInt(Math.round(ms)) * 1_000_000n;
}
