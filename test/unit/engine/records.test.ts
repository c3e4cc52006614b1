import { expect, test } from 'vitest';
import { Records } from '../../../src/engine/records.ts';
import { openDatabase } from '../../../src/host/database.ts';
import { neverRun } from '../../../src/model/container.ts';
import { record } from './record.ts';

test('a container is found by id, name with and without slash, and a unique beginning of its id', () => {
  const records = new Records(openDatabase(':memory:'));
  records.insert(record('a'));
  for (const reference of ['a'.repeat(64), 'name-a', '/name-a', 'a', 'aaaa'])
    expect(records.find(reference).name).toBe('name-a');
});

test('a name comes before the beginning of an id', () => {
  const records = new Records(openDatabase(':memory:'));
  records.insert(record('a'));
  records.insert(record('b', { name: 'aa' }));
  expect(records.find('aa').id).toBe('b'.repeat(64));
});

test("what is not there and what is not unique are told in Docker's words", () => {
  const records = new Records(openDatabase(':memory:'));
  records.insert(record('a'));
  records.insert({ ...record('b'), id: `a${'b'.repeat(63)}` as never });
  expect(() => records.find('zz')).toThrow('No such container: zz');
  expect(() => records.find('a')).toThrow('multiple IDs found with provided prefix: a');
});

test('a name belongs to one container, on insert and on rename, until that is gone', () => {
  const records = new Records(openDatabase(':memory:'));
  const first = record('a', { name: 'web' });
  records.insert(first);
  const taken =
    `Conflict. The container name "/web" is already in use by container "${first.id}". ` +
    'You have to remove (or rename) that container to be able to reuse that name.';
  expect(() => records.insert(record('b', { name: 'web' }))).toThrow(taken);
  records.insert(record('c'));
  expect(() => records.update(record('c').id, { name: 'web' })).toThrow(taken);
  records.delete(first.id);
  expect(records.update(record('c').id, { name: 'web' }).name).toBe('web');
  expect(records.hasName('name-c')).toBe(false);
});

test('records come back from the database as they were written', () => {
  const database = openDatabase(':memory:');
  const first = new Records(database);
  first.insert(record('a'));
  first.update(record('a').id, { state: { ...neverRun, status: 'running', pid: 7, startTime: '99' }, restartCount: 2 });
  expect(new Records(database).find('name-a')).toEqual(first.find('name-a'));
});

test("a state that can't follow is refused", () => {
  const records = new Records(openDatabase(':memory:'));
  records.insert(record('a'));
  expect(() =>
    records.update(record('a').id, { state: { ...neverRun, status: 'paused', pid: 1, startTime: '1' } }),
  ).toThrow(/can't go from created to paused/);
});

test('the exit code of a container that removed itself is kept, by id and by name, across a restart', () => {
  const database = openDatabase(':memory:');
  const records = new Records(database);
  records.insert(record('a'));
  records.delete(record('a').id, 9);
  const after = new Records(database);
  expect(after.removedExit('name-a')).toBe(9);
  expect(after.removedExit('a'.repeat(64))).toBe(9);
  expect(after.removedExit('other')).toBeUndefined();
});

test('only the last thousand such exit codes are kept', () => {
  const database = openDatabase(':memory:');
  const records = new Records(database);
  for (let i = 0; i < 1010; i += 1) {
    const one = { ...record('a'), id: i.toString(16).padStart(64, '0') as never, name: `n${i}` };
    records.insert(one);
    records.delete(one.id, i % 256);
  }
  expect(records.removedExit('n0')).toBeUndefined();
  expect(records.removedExit('n1009')).toBe(1009 % 256);
  expect(database.get<{ n: number }>('SELECT COUNT(*) AS n FROM removed_exits')?.n).toBe(1000);
});

test('a listing is newest first', () => {
  const records = new Records(openDatabase(':memory:'));
  for (const id of ['2', '5', '3']) records.insert(record(id));
  expect(records.all().map(({ name }) => name)).toEqual(['name-5', 'name-3', 'name-2']);
});
