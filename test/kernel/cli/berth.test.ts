import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandResult } from '../../../src/host/exec.ts';
import { berthPath, createWorld, waitUntil } from '../../world.ts';
import type { Daemon, World } from '../../world.ts';

/** The command line against a running engine. */
const images = join(import.meta.dirname, '../../../build/images');
let world: World;
let daemon: Daemon;

beforeAll(async () => {
  world = await createWorld();
  daemon = await world.daemon();
  for (const image of ['busybox', 'web']) await must('load', '-q', '-i', join(images, `${image}.tar`));
});
afterAll(() => world.destroy());

const berth = (...args: string[]): Promise<CommandResult> => daemon.berth(...args);

async function must(...args: string[]): Promise<string> {
  const result = await berth(...args);
  expect(result, `berth ${args.join(' ')}: ${result.stderr}`).toMatchObject({ exitCode: 0 });
  return result.stdout.trim();
}

/** A shell script in which `berth` is the command. */
function shell(script: string): Promise<CommandResult> {
  const prelude = `export BERTH_HOST='${daemon.host}'; berth() { '${berthPath}' "$@"; };`;
  return world.run('host', 'sh', '-c', `${prelude} ${script}`);
}

const running = async (name: string): Promise<boolean> =>
  (await berth('inspect', '-f', '{{.State.Running}}', name)).stdout.trim() === 'true';

describe('run', () => {
  test('keeps stdout and stderr apart and ends with the container’s code', async () => {
    const result = await berth('run', '--rm', 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 7');
    expect(result).toMatchObject({ exitCode: 7, stdout: 'out\n', stderr: 'err\n' });
  });

  test.each([
    [['busybox', 'no-such-program'], 127, 'executable file not found'],
    [['busybox', '/etc'], 126, 'permission denied'],
    [['no-such-image'], 125, "Unable to find image 'no-such-image:latest' locally"],
    [['--network', 'no-such-network', 'busybox', 'true'], 125, 'network no-such-network not found'],
  ])('%j ends with %d', async (line, exitCode, message) => {
    const result = await berth('run', '--rm', ...line);
    expect(result).toMatchObject({ exitCode, stdout: '' });
    expect(result.stderr).toContain(message);
    expect(await must('ps', '-aq')).toBe('');
  });

  test('the end of stdin reaches the process, and output goes on after it', async () => {
    const result = await shell("printf 'a\\nb\\n' | berth run --rm -i busybox sh -c 'wc -l; sleep 0.2; echo after'");
    expect(result).toMatchObject({ stderr: '', stdout: '2\nafter\n', exitCode: 0 });
  });

  test('a hundred megabytes go in and out unchanged', async () => {
    const file = join(world.directory, 'sent');
    const result = await shell(`
      head -c 100000000 /dev/urandom > ${file}
      berth run --rm -i busybox cat < ${file} | sha256sum; sha256sum < ${file}`);
    const [received, sent] = result.stdout.trim().split('\n');
    expect(result.exitCode).toBe(0);
    expect(received).toBe(sent);
  });

  test('a signal to the command is the container’s', async () => {
    const loop = 'trap "echo got it; exit 42" INT; echo ready; while :; do sleep 0.05; done';
    const result = await shell(`
      '${berthPath}' run --rm busybox sh -c '${loop}' > ${world.directory}/said & pid=$!
      until grep -q ready ${world.directory}/said; do sleep 0.05; done
      kill -INT $pid; wait $pid; echo code $?; cat ${world.directory}/said`);
    expect(result.stdout).toBe('code 42\nready\ngot it\n');
  });

  test('a reader that leaves ends the command, quietly', async () => {
    const result = await shell('berth run --name endless busybox yes | head -n 1; berth rm -f endless');
    expect(result).toMatchObject({ exitCode: 0, stdout: 'y\nendless\n', stderr: '' });
  });

  test('-d prints the id, --cidfile keeps it and refuses a second time', async () => {
    const file = join(world.directory, 'cid');
    const id = await must('run', '-d', '--cidfile', file, '--name', 'kept', 'busybox', 'sleep', '60');
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(file, 'utf8')).toBe(id);
    const again = await berth('run', '--cidfile', file, 'busybox', 'true');
    expect(again).toMatchObject({ exitCode: 125, stdout: '' });
    expect(again.stderr).toContain('container ID file found');
    expect(await must('rm', '-f', 'kept')).toBe('kept');
    const failed = join(world.directory, 'not-created');
    expect(await berth('run', '--cidfile', failed, 'no-such-image')).toMatchObject({ exitCode: 125 });
    expect(existsSync(failed)).toBe(false);
  });

  test('a name that is taken is told in Docker’s words', async () => {
    await must('create', '--name', 'taken', 'busybox');
    const result = await berth('run', '--name', 'taken', 'busybox', 'true');
    expect(result.exitCode).toBe(125);
    const words = /^berth: Error response from daemon: Conflict\. The container name "\/taken" is already in use/;
    expect(result.stderr).toMatch(words);
    expect(result.stderr.trim().split('\n')).toHaveLength(1);
    await must('rm', 'taken');
  });
});

/** Runs `berth …` on a terminal of 33 rows and 101 columns; types each line after what it waits for was shown. */
async function atTerminal(line: string, ...typed: [wait: string, type: string][]): Promise<string> {
  const script = join(world.directory, 'terminal');
  const command = `stty rows 33 cols 101; BERTH_HOST='${daemon.host}' '${berthPath}' ${line}; echo "code $?"; stty -a`;
  const child = world.start('host', 'script', '-qefc', command, script);
  let shown = '';
  child.stdout?.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  let seen = 0;
  for (const [wait, type] of typed) {
    await waitUntil(() => shown.indexOf(wait, seen) >= 0, 10_000);
    seen = shown.indexOf(wait, seen) + wait.length;
    child.stdin?.write(type);
  }
  await waitUntil(() => shown.includes('code '), 10_000);
  await waitUntil(() => child.exitCode !== null, 10_000);
  return shown.replaceAll('\r', '');
}

describe('a terminal', () => {
  test('has the size of the one outside, passes keys, and is given back', async () => {
    const shown = await atTerminal('run --rm -it busybox sh',
      ['# ', 'stty size; echo $((40 + 2))\n'], ['42', 'exit 5\n']);
    expect(shown).toContain('33 101\n42\n');
    expect(shown).toContain('code 5\n');
    expect(shown).toMatch(/[^-]icanon/);
  });

  test('is left by Ctrl-P Ctrl-Q and taken again', async () => {
    const left = await atTerminal('run -it --name stays busybox sh', ['# ', 'echo $((40 + 1))\n'], ['41', '\x10\x11']);
    expect(left).toContain('code 0\n');
    expect(left).toMatch(/[^-]icanon/);
    expect(await running('stays')).toBe(true);
    const taken = await atTerminal('attach stays', ['', '\n'], ['# ', 'exit 4\n']);
    expect(taken).toContain('code 4\n');
    const again = await atTerminal('start -ai stays', ['# ', 'exit 3\n']);
    expect(again).toContain('code 3\n');
    await must('rm', 'stays');
  });

  test('belongs to an exec as well', async () => {
    await must('run', '-d', '--name', 'host', 'busybox', 'sleep', '60');
    const shown = await atTerminal('exec -it host sh', ['# ', 'stty size; exit 9\n']);
    expect(shown).toContain('33 101\n');
    expect(shown).toContain('code 9\n');
    await must('rm', '-f', 'host');
  });

  test('is missed where -t asks for one', async () => {
    expect(await berth('run', '--rm', '-it', 'busybox', 'true')).toMatchObject({
      exitCode: 1, stderr: 'berth: the input device is not a TTY: leave out -t, or run it from a terminal\n',
    });
  });
});

describe('the life of a container', () => {
  test('is told and changed by the verbs', async () => {
    await must('run', '-d', '--name', 'site', '-p', '10080:80', '--label', 'of=test', 'web');
    expect(await must('ps', '--format', '{{.Names}} {{.Image}} {{.State}} {{.Label "of"}}')).toBe('site web running test');
    expect(await must('ps', '--filter', 'label=of=test', '--format', '{{.Ports}}')).toContain('0.0.0.0:10080->80/tcp');
    expect(await must('ps', '--filter', 'label=of=another', '-q')).toBe('');
    expect(await must('port', 'site', '80')).toContain('0.0.0.0:10080');
    expect(Number(await must('inspect', '-f', '{{.State.Pid}}', 'site'))).toBeGreaterThan(1);
    expect(await must('top', 'site')).toMatch(/^UID +PID +PPID .*\n.*httpd/);
    expect(await must('pause', 'site')).toBe('site');
    expect(await must('ps', '--format', '{{.Status}}')).toContain('(Paused)');
    expect(await must('unpause', 'site')).toBe('site');
    await must('rename', 'site', 'page');
    expect(await berth('logs', 'site')).toMatchObject({
      exitCode: 1, stderr: 'Error response from daemon: No such container: site\n',
    });
    expect(await must('restart', '-t', '0', 'page')).toBe('page');
    expect(await must('stop', '-t', '0', 'page')).toBe('page');
    expect(await must('wait', 'page')).toBe('137');
    expect(await must('start', 'page')).toBe('page');
    expect(await must('kill', '-s', 'KILL', 'page')).toBe('page');
    expect(await berth('rm', 'page', 'nobody')).toMatchObject({
      exitCode: 1, stdout: 'page\n', stderr: 'Error response from daemon: No such container: nobody\n',
    });
    expect(await berth('rm', '-f', 'nobody')).toMatchObject({ exitCode: 0, stdout: '' });
  });

  test('leaves its output in the log', async () => {
    await berth('run', '--name', 'talks', 'busybox', 'sh', '-c', 'for i in 1 2 3; do echo $i; done; echo e >&2');
    expect(await berth('logs', 'talks')).toMatchObject({ exitCode: 0, stdout: '1\n2\n3\n', stderr: 'e\n' });
    expect((await must('logs', '-t', 'talks')).split('\n')[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z 1$/);
    expect((await berth('logs', '--tail', '2', 'talks')).stdout.length).toBeLessThanOrEqual(4);
    expect(await must('logs', '--since', '2001-01-01', '--until', '2002-01-01', 'talks')).toBe('');
    await must('rm', 'talks');
  });

  test('exec runs beside it, with its own code, user and variables', async () => {
    await must('run', '-d', '--name', 'host', 'busybox', 'sleep', '60');
    expect(await berth('exec', 'host', 'sh', '-c', 'exit 3')).toMatchObject({ exitCode: 3 });
    expect(await berth('exec', 'host', 'no-such-program')).toMatchObject({ exitCode: 127 });
    const given = ['-e', 'A=b', '-u', '1000', '-w', '/tmp'];
    expect(await must('exec', ...given, 'host', 'sh', '-c', 'echo $A $(id -u) $PWD')).toBe('b 1000 /tmp');
    expect((await shell('echo typed | berth exec -i host cat')).stdout).toBe('typed\n');
    await must('rm', '-f', 'host');
  });

  test('is shown as JSON, and what isn’t there as an error', async () => {
    const [image] = JSON.parse(await must('inspect', 'web')) as { RepoTags: string[] }[];
    expect(image?.RepoTags).toEqual(['web:latest']);
    expect(await berth('inspect', 'nothing')).toMatchObject({
      exitCode: 1, stdout: '[]\n', stderr: 'Error: No such object: nothing\n',
    });
    expect(await berth('inspect', '-f', '{{.Nope}}', 'web')).toMatchObject({ exitCode: 1, stdout: '' });
  });
});

describe('images', () => {
  test('are named, listed, shown and removed', async () => {
    await must('tag', 'busybox', 'shop/box:1.2');
    expect(await must('images', '--format', '{{.Repository}}:{{.Tag}}', 'shop/box')).toContain('shop/box:1.2');
    expect(await must('images', '-q', 'shop/box')).toMatch(/^[0-9a-f]{12}/);
    expect((await must('history', 'web')).split('\n').length).toBeGreaterThan(2);
    expect(await must('rmi', 'shop/box:1.2')).toBe('Untagged: shop/box:1.2');
  });

  test('come from a layout folder, and from a root filesystem', async () => {
    const folder = join(world.directory, 'layout');
    const archive = `docker-archive:${images}/busybox.tar`;
    const made = await world.run('host', 'skopeo', 'copy', '-q', archive, `oci:${folder}:boxed`);
    expect(made.exitCode, made.stderr).toBe(0);
    expect(await must('load', '-i', folder)).toContain('Loaded image');
    const result = await shell(`
      mkdir ${world.directory}/rootfs && cp /bin/busybox ${world.directory}/rootfs/busybox &&
      tar -C ${world.directory}/rootfs -c . | berth import -c 'CMD ["/busybox","echo","imported"]' - made:1 &&
      berth run --rm made:1 && berth rmi made:1`);
    expect(result.stdout).toMatch(/^sha256:[0-9a-f]{64}\nimported\nUntagged: made:1\n/);
  });
});

describe('the engine', () => {
  test('starts by itself, once, when several commands ask at the same time', async () => {
    const run = join(world.directory, 'auto/run');
    const root = join(world.directory, 'auto/root');
    const environment = `BERTH_HOST=unix://${run}/berth.sock BERTH_AUTOSTART="--root ${root} --run ${run}` +
      ` --bridge auto0 --bip 10.77.0.1/24 --cgroup-parent ${world.cgroupParent}"`;
    const one = `env ${environment} '${berthPath}' version -f '{{.Server.ApiVersion}}'`;
    const result = await world.run('host', 'sh', '-c', `${one} & ${one} & ${one} & wait`);
    expect(result).toMatchObject({ exitCode: 0, stdout: '1.51\n1.51\n1.51\n', stderr: '' });
    const serving = readFileSync(join(run, 'daemon.log'), 'utf8').match(/serving the Docker Engine API/g);
    expect(serving).toHaveLength(1);
    const mode = await world.must('host', 'stat', '-c', '%a', join(run, 'daemon.log'));
    expect(mode.trim()).toBe('600');
  });

  test('that can’t start says why', async () => {
    const run = join(world.directory, 'broken/run');
    const environment = [`BERTH_HOST=unix://${run}/berth.sock`, 'BERTH_AUTOSTART=--bip nonsense'];
    const result = await world.run('host', 'env', ...environment, berthPath, 'ps');
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    expect(result.stderr).toMatch(/^berth: the engine could not be started: it ended \(exit code \d+\): .*address.*\n$/);
  });

  test('needs root to start, and says so', async () => {
    // Whoever cloned the project into a directory of their own lets nobody through; the capability does.
    const through = ['--inh-caps', '+dac_read_search', '--ambient-caps', '+dac_read_search'];
    const result = await world.run('host', 'setpriv', '--reuid', '65534', '--clear-groups', ...through, '--',
      'env', 'BERTH_HOST=unix:///run/no-such-engine/berth.sock', 'BERTH_AUTOSTART=', berthPath, 'ps', '-a');
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    expect(result.stderr).toMatch(/starting one needs root: try sudo berth ps -a\n$/);
  });
});
