import { expect, test } from 'vitest';
import { booleanFilter, labelsPass, parseFilters, passes } from '../../../src/engine/filters.ts';

test('both shapes that clients send mean the same', () => {
  expect(parseFilters('{"name":["a","b"]}', ['name'])).toEqual(
    parseFilters('{"name":{"a":true,"b":true,"c":false}}', ['name']),
  );
});

test.each([
  ['{', /not JSON/],
  ['[]', /object/],
  ['{"nmae":["a"]}', /Invalid filter 'nmae'/],
  ['{"name":[1]}', /list of strings/],
  ['{"name":3}', /list/],
])('the filter %s is refused', (text, words) => {
  expect(() => parseFilters(text, ['name'])).toThrow(words);
});

test('values of one filter are alternatives, and no filter passes all', () => {
  const filters = parseFilters('{"id":["1","2"]}', ['id']);
  expect(passes(filters, 'id', (value) => value === '2')).toBe(true);
  expect(passes(filters, 'id', (value) => value === '3')).toBe(false);
  expect(passes(filters, 'name', () => false)).toBe(true);
});

test('all labels must hold, with and without a value, and the negated must not', () => {
  const labels = { tier: 'web', empty: '' };
  const pass = (text: string): boolean => labelsPass(parseFilters(text, ['label', 'label!']), labels);
  expect(pass('{"label":["tier","empty"]}')).toBe(true);
  expect(pass('{"label":["tier=web","missing"]}')).toBe(false);
  expect(pass('{"label":["tier=db"]}')).toBe(false);
  expect(pass('{"label":["empty="]}')).toBe(true);
  expect(pass('{"label!":["tier=db"]}')).toBe(true);
  expect(pass('{"label!":["tier"]}')).toBe(false);
  expect(pass('{"label":["toString"]}')).toBe(false);
});

test("a boolean filter takes Go's words only", () => {
  expect(booleanFilter(parseFilters('{"dangling":["1"]}', ['dangling']), 'dangling')).toBe(true);
  expect(() => booleanFilter(parseFilters('{"dangling":["maybe"]}', ['dangling']), 'dangling')).toThrow(
    /invalid filter/i,
  );
});
