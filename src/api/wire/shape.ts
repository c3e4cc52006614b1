import { invalid } from '../../model/errors.ts';

/** What a field may hold. Lists and maps may be null, as Go's clients send them. */
export type Kind =
  | 'string'
  | 'boolean'
  | 'integer'
  | 'strings'
  | 'string-or-strings'
  | 'texts'
  | 'set'
  | 'object'
  | 'objects'
  | 'pair'
  | 'any'
  | 'maybe-boolean'
  | 'maybe-integer';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';

const tests: Readonly<Record<Kind, { what: string; test: (value: unknown) => boolean }>> = {
  string: { what: 'a string', test: isText },
  boolean: { what: 'true or false', test: (value) => typeof value === 'boolean' },
  'maybe-boolean': { what: 'true or false', test: (value) => typeof value === 'boolean' },
  integer: { what: 'a whole number', test: Number.isSafeInteger },
  'maybe-integer': { what: 'a whole number', test: Number.isSafeInteger },
  strings: { what: 'a list of strings', test: (value) => Array.isArray(value) && value.every(isText) },
  'string-or-strings': {
    what: 'a string or a list of strings',
    test: (value) => isText(value) || (Array.isArray(value) && value.every(isText)),
  },
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

const empties: Partial<Record<Kind, unknown>> = { string: '', boolean: false, integer: 0 };

/**
 * Checks an object against its shape: wrong types are refused by name, unknown fields are left out, missing and null
 * ones of plain kinds get Go's zero value; of others they stay away.
 */
export function checkShape(
  value: unknown,
  shape: Readonly<Record<string, Kind>>,
  where: string,
): Record<string, unknown> {
  if (value === undefined || value === null) value = {};
  if (!isObject(value)) throw invalid(`${where || 'the body'} must be an object`);
  const out: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(shape)) {
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    if (given === undefined || given === null) {
      if (kind in empties) out[name] = empties[kind];
      continue;
    }
    const { what, test } = tests[kind];
    if (!test(given)) throw invalid(`invalid value for ${where ? `${where}.` : ''}${name}: expected ${what}`);
    out[name] = given;
  }
  return out;
}
