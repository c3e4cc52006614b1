import { expect, test } from 'vitest';
import { covers, judge, parseAccepted, stale } from '../../compat/accepted.ts';

const table = `# Title
| scenario | line | reason |
|---|---|---|
| \`run/*\` | \`-Runtime = "runc"\` | another runtime |
| inspect/a | \`*pipe \\| here\` | a bar |
`;

test('rows are scenario, line and reason', () => {
  expect(parseAccepted(table)).toEqual([
    { scenario: 'run/*', line: '-Runtime = "runc"', reason: 'another runtime' },
    { scenario: 'inspect/a', line: '*pipe | here', reason: 'a bar' },
  ]);
});

test('a row without a reason is refused', () => {
  expect(() => parseAccepted('| run/* | line |  |')).toThrow('no reason');
});

test('a signed pattern covers its own side, an unsigned one both, and nothing by its beginning alone', () => {
  const entry = { scenario: 'a', line: '-x', reason: 'r' };
  expect(covers(entry, 'a', '-x')).toBe(true);
  expect(covers(entry, 'a', '+x')).toBe(false);
  expect(covers(entry, 'b', '-x')).toBe(false);
  expect(covers(entry, 'a', '-xy')).toBe(false);
  expect(covers({ ...entry, line: 'x' }, 'a', '+x')).toBe(true);
  expect(covers({ ...entry, line: 'a.b*' }, 'a', '+a.bc')).toBe(true);
  expect(covers({ ...entry, line: 'a.b*' }, 'a', '+aXbc')).toBe(false);
});

test('what no row covers stays open, and rows that covered nothing are stale where their scenario ran', () => {
  const accepted = parseAccepted(table);
  const diff = '--- docker\n+++ berth\n@@ -1 +1 @@\n-Runtime = "runc"\n+Runtime = "berth"\n same\n';
  const { open, used } = judge(diff, 'run/one', accepted);
  expect(open).toEqual(['+Runtime = "berth"']);
  expect(stale(accepted, used, ['run/one'])).toEqual([]);
  expect(stale(accepted, used, ['run/one', 'inspect/a']).map(({ line }) => line)).toEqual(['*pipe | here']);
});
