import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandFor } from '../../../src/cli/verb.ts';
import { findVerb, verbs } from '../../../src/cli/verbs.ts';
import { version } from '../../../src/cli/version.ts';

const repository = join(import.meta.dirname, '../../..');

/** `berth ARGS…` with an address where nothing is. */
function berth(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const entry = `import { main } from '${repository}/src/cli/main.ts';
    const none = async () => 99;
    process.exitCode = await main(JSON.parse(process.env.LINE), { daemon: none, proxy: none });`;
  const { BERTH_AUTOSTART: _, ...inherited } = process.env;
  const env = { ...inherited, LINE: JSON.stringify(args), BERTH_HOST: 'unix:///does/not/exist.sock' };
  return new Promise((resolve) => {
    execFile(process.execPath, ['--input-type=module', '-e', entry], { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }));
  });
}

test('the version is the package’s', () => {
  const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };
  expect(version).toBe(manifest.version);
});

test('the global flags answer without an engine', async () => {
  expect(await berth('--version')).toMatchObject({ code: 0, stdout: `Berth version ${version}\n` });
  const help = await berth('--help');
  expect(help.code).toBe(0);
  for (const name of Object.keys(verbs)) expect(help.stdout).toContain(`\n  ${name} `);
});

describe.each(Object.keys(verbs))('%s', (name) => {
  test('has help with a usage line and an example that its flags allow', async () => {
    const definition = (await verbs[name]?.load())?.default;
    if (definition === undefined) throw new Error('no such verb');
    const help = commandFor(name, definition).helpInformation();
    expect(help).toContain(`Usage: berth ${name} ${definition.usage}`);
    expect(help).toContain('Examples:');
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
    for (const [line] of definition.examples) expect(findVerb(line.split(' '))?.name).toBe(name);
  });
});

const nobody = 'berth: Cannot connect to the Berth engine at unix:///does/not/exist.sock. Is it running? (ENOENT)\n';

test.each([
  [['wings'], 1, "berth: unknown command: berth wings. See 'berth --help'.\n"],
  [['toString'], 1, "berth: unknown command: berth toString. See 'berth --help'.\n"],
  [['ps', '--wings'], 125, "berth: unknown flag: --wings. See 'berth ps --help'.\n"],
  [['--wings', 'ps'], 125, 'berth: unknown flag: --wings\n'],
  [['stop'], 1, "berth: 'berth stop' requires at least 1 argument. See 'berth stop --help'.\n"],
  [['ps', 'x'], 1, "berth: 'berth ps' accepts no arguments. See 'berth ps --help'.\n"],
  [['run', '--wings', 'img'], 125, "berth: unknown flag: --wings. See 'berth run --help'.\n"],
  [['-H', 'x', 'ps'], 125, 'berth: invalid host "x": expected unix:///path/to/socket or tcp://address:port\n'],
  [['ps'], 1, nobody],
  [['run', 'img'], 125, nobody],
  [['run', '-it', 'img'], 1, 'berth: the input device is not a TTY: leave out -t, or run it from a terminal\n'],
  [['load', '-i', '/does/not/exist'], 1, 'berth: open /does/not/exist: no such file or directory\n'],
])('berth %j ends with %d and one line', async (line, code, stderr) => {
  expect(await berth(...line)).toEqual({ code, stdout: '', stderr });
});

test('daemon and proxy are handed on as they are', async () => {
  expect((await berth('daemon', '--help')).code).toBe(99);
  expect((await berth('proxy', '-proto', 'tcp')).code).toBe(99);
});

test('docker’s longer names are understood', () => {
  expect(findVerb(['container', 'ls', '-a'])).toEqual({ name: 'ps', words: 2 });
  expect(findVerb(['image', 'rm', 'x'])).toEqual({ name: 'rmi', words: 2 });
  expect(findVerb(['container'])).toBeUndefined();
});
