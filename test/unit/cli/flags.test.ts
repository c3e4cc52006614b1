import { expect, test } from 'vitest';
import { integer, list, normalise, text, toggle } from '../../../src/cli/flags.ts';

const flags = {
  all: toggle('-a, --all', ''),
  interactive: toggle('-i, --interactive', ''),
  tty: toggle('-t, --tty', ''),
  env: list('-e, --env <x>', ''),
  network: list('--network, --net <x>', ''),
  timeout: integer('-t2, --timeout, --time <s>', ''),
  name: text('--name <x>', ''),
  noTrunc: toggle('--no-trunc', ''),
};

const read = (line: string, stopAtFirst = false) => normalise(line === '' ? [] : line.split(' '), flags, stopAtFirst);

test.each([
  ['-it', ['--interactive=true', '--tty=true']],
  ['-a=false', ['--all=false']],
  ['-eA=b', ['--env=A=b']],
  ['-e=A=b', ['--env=A=b']],
  ['-e A=b', ['--env=A=b']],
  ['-ite A=b', ['--interactive=true', '--tty=true', '--env=A=b']],
  ['--env A --env=B', ['--env=A', '--env=B']],
  ['--net x', ['--network=x']],
  ['--time -1', ['--timeout=-1']],
  ['--no-trunc=false', ['--no-trunc=false']],
  ['--name=', ['--name=']],
])('%s is read as Docker reads it', (line, wanted) => {
  expect(read(line)).toEqual({ flags: wanted, operands: [], help: false });
});

test('where the first argument ends the flags, what follows is left alone', () => {
  expect(read('-i image -a --name x', true)).toEqual(
    { flags: ['--interactive=true'], operands: ['image', '-a', '--name', 'x'], help: false });
  expect(read('one -a two')).toEqual({ flags: ['--all=true'], operands: ['one', 'two'], help: false });
});

test('two dashes end the flags', () => {
  expect(read('-a -- -i', true).operands).toEqual(['-i']);
  expect(read('x -- -i --').operands).toEqual(['x', '-i', '--']);
});

test('a lone dash is an argument', () => {
  expect(read('- x').operands).toEqual(['-', 'x']);
});

test('-h asks for help where no flag has the letter', () => {
  expect(read('-h').help).toBe(true);
  expect(normalise(['-h', 'box'], { hostname: text('-h, --hostname <x>', '') }, true)).toEqual(
    { flags: ['--hostname=box'], operands: [], help: false });
});

test.each([
  ['--wings', 'unknown flag: --wings'],
  ['-z', "unknown shorthand flag: 'z' in -z"],
  ['--name', 'flag needs an argument: --name'],
  ['-e', 'flag needs an argument: -e'],
  ['--toString', 'unknown flag: --toString'],
])('%s is refused', (line, message) => {
  expect(() => read(line)).toThrow(message);
});
