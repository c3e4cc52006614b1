/**
 * Listings: rows of named columns, shown as a table, by a Go template, or as JSON. The columns of a template that
 * starts with `table` get Docker's headings.
 */
import { layOut } from './table.ts';
import { compile } from './template/eval.ts';
import { Value } from './template/values.ts';

/** Column name → text; a function is a method of the row: `{{.Label "x"}}`. */
export type Row = Record<string, string | ((name: string) => string)>;

export interface Listing {
  /** Shown when `--format` isn't given, or is `table`. */
  readonly table: string;
  /** What stands above each column. */
  readonly headings: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
}

export function formatListing(format: string, { table, headings, rows }: Listing): string {
  if (format === 'json') return rows.map((row) => `${jsonOf(row)}\n`).join('');
  const whole = format === '' || format.trim() === 'table' ? `table ${table}` : format;
  const isTable = whole.startsWith('table ') || whole.startsWith('table\t');
  // Shells hand over `\t` as two characters.
  const source = whole.slice(isTable ? 6 : 0).trim().replaceAll('\\t', '\t').replaceAll('\\n', '\n');
  const template = compile(source);
  const lines = rows.map((row) => template(rowValue(row)));
  if (!isTable) return lines.map((line) => `${line}\n`).join('');
  return layOut([template(headingsRow(headings)), ...lines]);
}

/** A whole row prints as JSON does: `{{json .}}` leaves methods out. */
function rowValue(row: Row): Value {
  return new Value(row);
}

function jsonOf(row: Row): string {
  return JSON.stringify(row);
}

function headingsRow(headings: Readonly<Record<string, string>>): Row {
  return { ...headings, Label: (name) => name.split('.').at(-1)?.toUpperCase().replaceAll(/[-_]/g, ' ') ?? '' };
}

/** One object by a template, or as indented JSON: inspect, version, info. */
export function formatObject(format: string, data: unknown): string {
  if (format === 'json') return `${JSON.stringify(data)}\n`;
  return `${compile(format.replaceAll('\\t', '\t').replaceAll('\\n', '\n'))(data)}\n`;
}

/** At most so many characters, the last an ellipsis. */
export function ellipsis(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, Math.max(1, length - 1)).join('')}…`;
}
