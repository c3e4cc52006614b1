import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/api/wire/create.ts';
import { checkCommand, commandOf, environmentOf, withImageDefaults } from '../../../src/engine/image-config.ts';

const image = {
  Env: ['PATH=/bin', 'A=image'],
  Cmd: ['serve'],
  Entrypoint: ['/entry'],
  WorkingDir: '/srv',
  User: 'app',
  Labels: { a: '1', b: '1' },
  ExposedPorts: { '80/tcp': {} },
  Volumes: { '/data': {} },
  StopSignal: 'SIGQUIT',
};
const merged = (body: object): ReturnType<typeof withImageDefaults> =>
  withImageDefaults(parseConfig({ Image: 'x', ...body }), image);

test('what the user left out comes from the image', () => {
  const config = merged({});
  expect(commandOf(config)).toEqual(['/entry', 'serve']);
  expect(config).toMatchObject({
    WorkingDir: '/srv',
    User: 'app',
    StopSignal: 'SIGQUIT',
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/data': {} },
  });
});

test("a command keeps the image's entrypoint", () => {
  expect(commandOf(merged({ Cmd: ['other'] }))).toEqual(['/entry', 'other']);
});

test("an entrypoint drops the image's command", () => {
  expect(commandOf(merged({ Entrypoint: ['sh'] }))).toEqual(['sh']);
});

test('an emptied entrypoint leaves the command alone', () => {
  expect(commandOf(merged({ Entrypoint: [''], Cmd: ['id'] }))).toEqual(['id']);
});

test("environment and labels merge by key, the user's first", () => {
  const config = merged({ Env: ['A=user', 'B=2'], Labels: { b: '2' } });
  expect(config.Env).toEqual(['A=user', 'B=2', 'PATH=/bin']);
  expect(config.Labels).toEqual({ a: '1', b: '2' });
});

test('no command at all is refused', () => {
  expect(() => checkCommand({ Entrypoint: null, Cmd: null })).toThrow('no command specified');
  expect(() => checkCommand({ Entrypoint: null, Cmd: [''] })).toThrow('no command specified');
});

test('the process gets PATH, HOSTNAME and HOME, a terminal TERM, and what is configured over them', () => {
  expect(environmentOf({ Env: [], Tty: false }, 'box', '/root')).toEqual([
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'HOSTNAME=box',
    'HOME=/root',
  ]);
  expect(environmentOf({ Env: ['HOME=/h', 'TERM=dumb', 'PATH=/x', 'Q=a=b'], Tty: true }, 'box', '/root')).toEqual([
    'PATH=/x',
    'HOSTNAME=box',
    'TERM=dumb',
    'HOME=/h',
    'Q=a=b',
  ]);
});

test('a bare name takes the variable away', () => {
  expect(environmentOf({ Env: ['A=1', 'A'], Tty: false }, 'h', '/')).not.toContain('A=1');
});
