/** Variables and labels, from the line and from files. */
import { readFileSync } from 'node:fs';
import { codeOf, messageOf } from '../../model/errors.ts';
import { UsageError } from '../errors.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Files first, then the line; a NAME alone takes the value from here, or is left out if there is none. */
export function environmentOf(files: readonly string[], flags: readonly string[], own: Variables): string[] {
  const fromFiles = files.flatMap((file) =>
    readLines(file, '--env-file').flatMap((line) => readFileLine(file, line, own)));
  return [...fromFiles, ...flags.map((flag) => {
    if (flag === '' || flag.startsWith('=')) {
      throw new UsageError(`invalid environment variable: "${flag}": expected NAME=value`);
    }
    if (flag.includes('=') || own[flag] === undefined) return flag;
    return `${flag}=${own[flag]}`;
  })];
}

function readFileLine(file: string, line: string, own: Variables): string[] {
  const equals = line.indexOf('=');
  const name = equals < 0 ? line : line.slice(0, equals);
  if (name === '') throw new UsageError(`invalid env file (${file}): no variable name on line '${line}'`);
  if (/\s/.test(name)) throw new UsageError(`invalid env file (${file}): variable '${name}' contains whitespaces`);
  if (equals >= 0) return [line];
  return own[name] === undefined ? [] : [`${name}=${own[name]}`];
}

/** Lines that say something: without blank ones and `#` comments, without blanks at their beginning. */
function readLines(file: string, flag: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'no such file or directory' : messageOf(error);
    throw new UsageError(`${flag}: open ${file}: ${why}`);
  }
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/).map((line) => line.trimStart());
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

export function labelsOf(files: readonly string[], flags: readonly string[]): Record<string, string> {
  const all = [...files.flatMap((file) => readLines(file, '--label-file')), ...flags];
  return Object.fromEntries(all.map((label) => {
    const equals = label.indexOf('=');
    if (equals === 0 || label === '') throw new UsageError(`invalid label "${label}": expected NAME=value`);
    return equals < 0 ? [label, ''] : [label.slice(0, equals), label.slice(equals + 1)];
  }));
}
