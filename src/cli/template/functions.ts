/** What may be called in a template: Go's own functions and Docker's additions. */
import { TemplateError } from './lexer.ts';
import { show, truth, Value } from './values.ts';

export type TemplateFunction = (args: readonly Value[]) => unknown;

const raw = (value: Value | undefined): unknown => value?.raw;
const textOf = (value: Value | undefined): string =>
  (typeof value?.raw === 'string' ? value.raw : show(value ?? new Value(null)));

export const functions: Readonly<Record<string, TemplateFunction>> = {
  and: (args) => args.find((value) => !truth(value.raw)) ?? args.at(-1),
  or: (args) => args.find((value) => truth(value.raw)) ?? args.at(-1),
  not: ([value]) => !truth(raw(value)),
  eq: ([first, ...others]) => others.some((other) => compare(first, other) === 0),
  ne: ([a, b]) => compare(a, b) !== 0,
  lt: ([a, b]) => compare(a, b) < 0,
  le: ([a, b]) => compare(a, b) <= 0,
  gt: ([a, b]) => compare(a, b) > 0,
  ge: ([a, b]) => compare(a, b) >= 0,
  index: ([value, ...keys]) => keys.reduce(indexed, value ?? new Value(null)),
  len: ([value]) => lengthOf(raw(value)),
  slice: ([value, from, to]) => sliced(raw(value), raw(from) as number, raw(to) as number | undefined),
  print: (args) => printed(args, false),
  println: (args) => `${args.map(show).join(' ')}\n`,
  printf: ([format, ...args]) => formatted(textOf(format), args),
  json: ([value]) => JSON.stringify(raw(value) ?? null),
  join: ([values, separator]) => listOf(values).map(String).join(textOf(separator)),
  split: ([value, separator]) => textOf(value).split(textOf(separator)),
  lower: ([value]) => textOf(value).toLowerCase(),
  upper: ([value]) => textOf(value).toUpperCase(),
  title: ([value]) =>
    textOf(value).replace(/(^|\s)(\S)/g, (_, before: string, letter: string) => before + letter.toUpperCase()),
  pad: ([value, before, after]) =>
    textOf(value) === '' ? '' : ' '.repeat(Number(raw(before))) + textOf(value) + ' '.repeat(Number(raw(after))),
  truncate: ([value, length]) => textOf(value).slice(0, Number(raw(length))),
  urlquery: ([value]) => encodeURIComponent(textOf(value)),
};

function listOf(value: Value | undefined): unknown[] {
  if (!Array.isArray(value?.raw)) throw new TemplateError(`join wants a list, got ${show(value ?? new Value(null))}`);
  return value.raw;
}

function compare(a: Value | undefined, b: Value | undefined): number {
  const left = raw(a) ?? null;
  const right = raw(b) ?? null;
  if (left === right) return 0;
  if (left === null || right === null) return left === null ? -1 : 1;
  if (typeof left !== typeof right || typeof left === 'object') {
    throw new TemplateError(`incompatible types for comparison: ${typeof left} and ${typeof right}`);
  }
  return (left as number) < (right as number) ? -1 : 1;
}

function indexed(value: Value, key: Value): Value {
  const { raw: base } = value;
  if (Array.isArray(base) || typeof base === 'string') {
    const at = Number(key.raw);
    if (!Number.isInteger(at) || at < 0 || at >= base.length) {
      throw new TemplateError(`error calling index: index out of range: ${show(key)}`);
    }
    return new Value(typeof base === 'string' ? base.charCodeAt(at) : base[at]);
  }
  if (base === null || base === undefined) throw new TemplateError('error calling index: index of nil pointer');
  if (typeof base !== 'object') throw new TemplateError(`error calling index: can't index ${show(value)}`);
  return value.field(textOf(key)) ?? new Value(zeroLike(Object.values(base)[0]));
}

/** A missing key of a Go map gives the zero of its values. */
function zeroLike(sample: unknown): unknown {
  if (typeof sample === 'object') return null;
  return typeof sample === 'number' ? 0 : typeof sample === 'boolean' ? false : '';
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'object') return value === null ? 0 : Object.keys(value).length;
  throw new TemplateError(`error calling len: len of ${String(value)}`);
}

function sliced(value: unknown, from = 0, to: number | undefined = undefined): unknown {
  if (typeof value !== 'string' && !Array.isArray(value)) {
    throw new TemplateError("error calling slice: can't slice that");
  }
  if (from > value.length || (to ?? 0) > value.length) {
    throw new TemplateError(`error calling slice: index out of range`);
  }
  return value.slice(from, to);
}

function printed(args: readonly Value[], spaced: boolean): string {
  return args.reduce((text, value, at) => {
    const gap = at > 0 && (spaced || (typeof value.raw !== 'string' && typeof args[at - 1]?.raw !== 'string'));
    return text + (gap ? ' ' : '') + show(value);
  }, '');
}

function formatted(format: string, args: readonly Value[]): string {
  let at = 0;
  const directive = /%([-+# 0]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g;
  const text = format.replace(directive, (_, flags: string, width, digits, letter: string) => {
    if (letter === '%') return '%';
    const value = args[at++];
    if (value === undefined) return `%!${letter}(MISSING)`;
    const body = converted(letter, value, digits === undefined ? undefined : Number(digits), flags);
    if (width === undefined) return body;
    if (flags.includes('-')) return body.padEnd(Number(width));
    return body.padStart(Number(width), flags.includes('0') && letter !== 's' ? '0' : ' ');
  });
  if (at >= args.length) return text;
  return `${text}%!(EXTRA ${args.slice(at).map((value) => `${typeof value.raw}=${show(value)}`).join(', ')})`;
}

function converted(letter: string, value: Value, digits: number | undefined, flags: string): string {
  const number = typeof value.raw === 'number' ? value.raw : undefined;
  switch (letter) {
    case 'v':
      return show(value);
    case 's':
      return typeof value.raw === 'string' ? value.raw.slice(0, digits) : show(value);
    case 'q':
      return JSON.stringify(textOf(value));
    case 't':
      return typeof value.raw === 'boolean' ? String(value.raw) : `%!t(${show(value)})`;
    case 'd':
      if (number === undefined) return `%!d(${show(value)})`;
      return (flags.includes('+') && number >= 0 ? '+' : '') + Math.trunc(number);
    case 'f':
      return number === undefined ? `%!f(${show(value)})` : number.toFixed(digits ?? 6);
    case 'x':
    case 'X': {
      const hex = number === undefined ? Buffer.from(textOf(value)).toString('hex') : number.toString(16);
      return letter === 'X' ? hex.toUpperCase() : hex;
    }
    case 'c':
      return String.fromCodePoint(number ?? 0xfffd);
    case 'T':
      return typeof value.raw;
    default:
      return `%!${letter}(${show(value)})`;
  }
}
