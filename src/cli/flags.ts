/**
 * Flags as data. A verb declares a record of flags; their values come back under the same keys, typed:
 *
 *     const flags = { all: toggle('-a, --all', 'Show all'), last: integer('-n, --last <int>', '…') };
 *     // → { all: boolean, last: number | undefined }
 */
import { UsageError } from './errors.ts';

export interface Flag<T> {
  /** As in the help: `-m, --memory <bytes>`. */
  readonly spec: string;
  readonly about: string;
  readonly takesValue: boolean;
  readonly initial: T;
  /** The value after one more occurrence on the line. Throws an Error that says what was expected. */
  read(value: string, previous: T): T;
}

export type Flags = Record<string, Flag<unknown>>;
export type Values<F extends Flags> = { [K in keyof F]: F[K] extends Flag<infer T> ? T : never };

/** Present or not; `--flag=false` takes it back. */
export function toggle(spec: string, about: string, initial = false): Flag<boolean> {
  return { spec, about, takesValue: false, initial, read: parseBoolean };
}

/** A switch of which it matters that it wasn't given. */
export function maybe(spec: string, about: string): Flag<boolean | undefined> {
  return { spec, about, takesValue: false, initial: undefined, read: parseBoolean };
}

export function text(spec: string, about: string, initial = ''): Flag<string> {
  return { spec, about, takesValue: true, initial, read: (value) => value };
}

/** Text of which it matters that it wasn't given (`--entrypoint ''` clears the entrypoint). */
export function maybeText(spec: string, about: string): Flag<string | undefined> {
  return { spec, about, takesValue: true, initial: undefined, read: (value) => value };
}

/** Repeatable; `check` may change or refuse each value. */
export function list(spec: string, about: string, check = (value: string): string => value): Flag<string[]> {
  return parsed(spec, about, check);
}

/** Repeatable, each occurrence read by `parse`. */
export function parsed<T>(spec: string, about: string, parse: (value: string) => T): Flag<T[]> {
  return { spec, about, takesValue: true, initial: [], read: (value, previous) => [...previous, parse(value)] };
}

/** Given at most once in effect (the last counts), read by `parse`. */
export function single<T>(spec: string, about: string, parse: (value: string) => T): Flag<T | undefined> {
  return { spec, about, takesValue: true, initial: undefined, read: parse };
}

export function integer(spec: string, about: string): Flag<number | undefined> {
  return single(spec, about, parseInteger);
}

export function parseInteger(value: string): number {
  if (!/^[+-]?\d+$/.test(value) || !Number.isSafeInteger(Number(value))) throw new Error('expected a whole number');
  return Number(value);
}

export function parseBoolean(value: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value)) return false;
  throw new Error('expected true or false');
}

/** `-m, --memory`; the long name that counts; and all, older ones too. */
export function namesOf({ spec }: Flag<unknown>): { shown: string; long: string; all: string[] } {
  const all = spec.replace(/ *<.*$/, '').split(', ');
  const long = all.find((name) => name.startsWith('--')) ?? '';
  return { all, long, shown: all.filter((name) => name === long || !name.startsWith('--')).join(', ') };
}

/**
 * The line in one shape, `--name=value` for every flag, with what follows the flags. Docker's rules: bundles of letters
 * (`-it`, `-dp80`, `-e=A`), `--flag value`, `--flag=value`, values that start with a dash, `--` ends the flags; where
 * `stopAtFirst`, the first argument ends them too, so that `run image ls -l` is left alone.
 */
export function normalise(argv: readonly string[], flags: Flags, stopAtFirst: boolean): NormalLine {
  const byName = new Map<string, Flag<unknown>>();
  for (const flag of Object.values(flags)) {
    for (const name of namesOf(flag).all) byName.set(name, flag);
  }
  const line: NormalLine = { flags: [], operands: [], help: false };
  const put = (flag: Flag<unknown>, value: string): void => void line.flags.push(`${namesOf(flag).long}=${value}`);

  let at = 0;
  const valueAfter = (name: string): string => {
    const value = argv[++at];
    if (value === undefined) throw new UsageError(`flag needs an argument: ${name}`);
    return value;
  };
  for (; at < argv.length; at++) {
    const token = argv[at] ?? '';
    if (token === '--') {
      line.operands.push(...argv.slice(at + 1));
      break;
    }
    if (token.startsWith('--')) {
      const equals = token.indexOf('=');
      const name = equals < 0 ? token : token.slice(0, equals);
      const flag = byName.get(name);
      if (flag === undefined && name === '--help') line.help = true;
      else if (flag === undefined) throw new UsageError(`unknown flag: ${name}`);
      else if (equals >= 0) put(flag, token.slice(equals + 1));
      else put(flag, flag.takesValue ? valueAfter(name) : 'true');
    } else if (token.length > 1 && token.startsWith('-')) {
      readBundle(token, byName, line, put, valueAfter);
    } else if (stopAtFirst) {
      line.operands.push(...argv.slice(at));
      break;
    } else {
      line.operands.push(token);
    }
  }
  return line;
}

export interface NormalLine {
  flags: string[];
  operands: string[];
  help: boolean;
}

function readBundle(
  token: string,
  byName: ReadonlyMap<string, Flag<unknown>>,
  line: NormalLine,
  put: (flag: Flag<unknown>, value: string) => void,
  valueAfter: (name: string) => string,
): void {
  for (let at = 1; at < token.length; at++) {
    const letter = `-${token[at]}`;
    const rest = token.slice(at + 1);
    const flag = byName.get(letter);
    if (flag === undefined) {
      if (letter !== '-h') throw new UsageError(`unknown shorthand flag: '${token[at]}' in ${token}`);
      line.help = true;
    } else if (rest.startsWith('=')) {
      return put(flag, rest.slice(1));
    } else if (flag.takesValue) {
      return put(flag, rest === '' ? valueAfter(letter) : rest);
    } else {
      put(flag, 'true');
    }
  }
}
