import { invalid } from '../../model/errors.ts';

/** What each plain kind holds. Lists and maps may be null, as Go's clients send them. */
interface Kinds {
  /** These three are Go's zero value where nothing is given; all others stay away. */
  string: string;
  boolean: boolean;
  integer: number;
  'maybe-string': string | undefined;
  'maybe-boolean': boolean | undefined;
  'maybe-integer': number | undefined;
  strings: string[] | undefined;
  'lists-of-strings': string[][] | undefined;
  'string-or-strings': string | string[] | undefined;
  /** A map of strings. */
  texts: Record<string, string> | undefined;
  /** Go's set: a map of empty objects. */
  set: Record<string, object> | undefined;
  object: Record<string, unknown> | undefined;
  objects: Record<string, unknown>[] | undefined;
  pair: [number, number] | undefined;
  any: unknown;
}
export type Kind = keyof Kinds;

/** A field of a body: of a plain kind, or an object, a list or a map of what is described in its turn. */
export type Field = Kind | { readonly object: Fields } | { readonly list: Field } | { readonly map: Field };
export type Fields = Readonly<Record<string, Field>>;

/** What a field holds once it was checked. */
export type Value<F extends Field> = F extends Kind
  ? Kinds[F]
  : F extends { readonly object: infer S extends Fields }
    ? Checked<S> | undefined
    : F extends { readonly list: infer Item extends Field }
      ? NonNullable<Value<Item>>[] | undefined
      : F extends { readonly map: infer Item extends Field }
        ? Record<string, NonNullable<Value<Item>> | null> | undefined
        : never;
export type Checked<S extends Fields> = { -readonly [Name in keyof S]: Value<S[Name]> };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isTextList = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);

interface Test {
  readonly what: string;
  readonly test: (value: unknown) => boolean;
}
const text: Test = { what: 'a string', test: isText };
const boolean: Test = { what: 'true or false', test: (value) => typeof value === 'boolean' };
const integer: Test = { what: 'a whole number', test: Number.isSafeInteger };

const tests: Readonly<Record<Kind, Test>> = {
  string: text,
  boolean,
  integer,
  'maybe-string': text,
  'maybe-boolean': boolean,
  'maybe-integer': integer,
  strings: { what: 'a list of strings', test: isTextList },
  'lists-of-strings': {
    what: 'a list of lists of strings',
    test: (value) => Array.isArray(value) && value.every(isTextList),
  },
  'string-or-strings': { what: 'a string or a list of strings', test: (value) => isText(value) || isTextList(value) },
  texts: { what: 'an object of strings', test: (value) => isObject(value) && Object.values(value).every(isText) },
  set: {
    what: 'an object of empty objects',
    test: (value) => isObject(value) && Object.values(value).every((item) => item === null || isObject(item)),
  },
  object: { what: 'an object', test: isObject },
  objects: { what: 'a list of objects', test: (value) => Array.isArray(value) && value.every(isObject) },
  pair: {
    what: 'two whole numbers',
    test: (value) =>
      Array.isArray(value) && value.length === 2 && value.every((n) => Number.isSafeInteger(n) && n >= 0),
  },
  any: { what: 'anything', test: () => true },
};

const zeros: Partial<Record<Kind, unknown>> = { string: '', boolean: false, integer: 0 };

/**
 * Checks an object against its shape: wrong types are refused by name, unknown fields are left out, missing and null
 * ones of plain kinds get Go's zero value; of others they stay away. Names count as Go counts them: `hostconfig` is
 * HostConfig unless that is there too. `where`: the object's own name, '' for the body.
 */
export function checkShape<const S extends Fields>(value: unknown, shape: S, where: string): Checked<S> {
  return checkFields(value ?? {}, shape, where) as Checked<S>;
}

function checkFields(value: unknown, shape: Fields, where: string): Record<string, unknown> {
  if (!isObject(value)) throw invalid(`${where || 'the body'} must be an object`);
  const loose = looseNames(value, shape);
  const out: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(shape)) {
    const given = Object.hasOwn(value, name) ? value[name] : loose.get(name.toLowerCase());
    if (given !== undefined && given !== null) out[name] = checkField(given, field, where ? `${where}.${name}` : name);
    else if (typeof field === 'string' && field in zeros) out[name] = zeros[field];
  }
  return out;
}

/** By names in lower case: what was given under names that aren't in the shape letter by letter. */
function looseNames(value: Record<string, unknown>, shape: Fields): ReadonlyMap<string, unknown> {
  const strange = Object.keys(value).filter((name) => !Object.hasOwn(shape, name));
  return new Map(strange.map((name) => [name.toLowerCase(), value[name]]));
}

function checkField(given: unknown, field: Field, where: string): unknown {
  const refuse = (what: string): Error => invalid(`invalid value for ${where}: expected ${what}`);
  if (typeof field === 'string') {
    const { what, test } = tests[field];
    if (!test(given)) throw refuse(what);
    return given;
  }
  if ('object' in field) return checkFields(given, field.object, where);
  if ('list' in field) {
    if (!Array.isArray(given)) throw refuse('a list');
    return given.map((item, index) => checkField(item, field.list, `${where}[${index}]`));
  }
  if (!isObject(given)) throw refuse('an object');
  return Object.fromEntries(
    Object.entries(given).map(([name, item]) => [
      name,
      item === null ? null : checkField(item, field.map, `${where}["${name.slice(0, 50)}"]`),
    ]),
  );
}
