import { expect, test } from 'vitest';
import { checkName, randomId, randomName } from '../../../src/engine/names.ts';

test('a random name is an adjective and a surname', () => {
  expect(randomName(() => false)).toMatch(/^[a-z]+_[a-z_]+$/);
});

test('when all plain names are taken a number makes a new one', () => {
  expect(randomName((name) => !/\d/.test(name))).toMatch(/^[a-z]+_[a-z_]+\d+$/);
});

test('an id has 64 hex digits and its short form is no decimal number', () => {
  for (let i = 0; i < 200; i += 1) {
    const id = randomId();
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(id.slice(0, 12)).toMatch(/[a-f]/);
  }
});

test.each(['web', '/web', 'a1', 'Web_1.2-x'])('the name %s is good', (name) => {
  expect(checkName(name)).toBe(name.replace('/', ''));
});

test.each(['a', '', '-web', '../x', 'a b', 'a/b', 'ä1', 'x'.repeat(256), 'web\n'])('the name %j is refused', (name) => {
  expect(() => checkName(name)).toThrow(/Invalid container name/);
});
