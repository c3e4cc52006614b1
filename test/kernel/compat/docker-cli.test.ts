import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandResult } from '../../../src/host/exec.ts';
import { createWorld, type Daemon, type Snapshot, type World } from '../../world.ts';

/** The real docker client, unchanged, against Berth's socket. */
const images = join(import.meta.dirname, '../../../build/images');
let world: World;
let daemon: Daemon;
let clean: Snapshot;

const docker = (...args: string[]): Promise<CommandResult> => world.run('host', 'docker', '-H', daemon.host, ...args);
const dockerWith = (input: string, ...args: string[]): Promise<CommandResult> =>
  world.runWith({ input }, 'host', 'docker', '-H', daemon.host, ...args);

async function must(...args: string[]): Promise<string> {
  const result = await docker(...args);
  expect(result, `docker ${args.join(' ')}`).toMatchObject({ exitCode: 0 });
  return result.stdout.trim();
}

beforeAll(async () => {
  world = await createWorld();
  daemon = await world.daemon();
  clean = await world.snapshot();
});
afterAll(() => world.destroy());

describe('before any container', () => {
  test('version and info speak of the server', async () => {
    expect(await must('version', '--format', '{{.Server.Os}} {{.Server.APIVersion}}')).toBe('linux 1.51');
    expect(await must('info', '--format', '{{.OSType}} {{.Containers}}')).toBe('linux 0');
  });

  test('load takes a file and stdin, images lists what was loaded', async () => {
    expect(await must('load', '-i', join(images, 'web.tar'))).toContain('Loaded image: web:latest');
    const busybox = await world.run('host', 'sh', '-c', `docker -H ${daemon.host} load < ${join(images, 'busybox.tar')}`);
    expect(busybox).toMatchObject({ exitCode: 0 });
    expect((await must('images', '--format', '{{.Repository}}:{{.Tag}}')).split('\n').toSorted()).toEqual(['busybox:latest', 'web:latest']);
  });
});

describe('run', () => {
  test('passes stdout, stderr, stdin and the exit code', async () => {
    expect(await docker('run', '--rm', 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 7')).toMatchObject({
      exitCode: 7, stdout: 'out\n', stderr: 'err\n',
    });
    expect(await dockerWith('piped through', 'run', '--rm', '-i', 'busybox', 'cat')).toMatchObject({ exitCode: 0, stdout: 'piped through' });
  });

  test('ends with 125, 126, 127 and 128+n as Docker does', async () => {
    expect(await docker('run', '--rm', '--memory', '1', 'busybox', 'true')).toMatchObject({ exitCode: 125 });
    expect(await docker('run', '--rm', 'busybox', '/etc')).toMatchObject({ exitCode: 126 });
    expect(await docker('run', '--rm', 'busybox', 'no-such-command')).toMatchObject({ exitCode: 127 });
    expect(await docker('run', '--rm', '--init', 'busybox', 'sh', '-c', 'kill -TERM $$')).toMatchObject({ exitCode: 143 });
    expect(await must('ps', '-aq')).toBe('');
  });

  test('sets environment, working directory, user and host name', async () => {
    const stdout = await must('run', '--rm', '-e', 'A=b', '-w', '/tmp', '-u', '1000:1001', '--hostname', 'ship', 'busybox',
      'sh', '-c', 'echo $A $PWD $(id -u):$(id -g) $(hostname) $HOME');
    expect(stdout).toBe('b /tmp 1000:1001 ship /');
  });

  test('binds volumes, read-write and read-only', async () => {
    await world.run('host', 'mkdir', '-p', join(world.directory, 'data'));
    const bind = `${join(world.directory, 'data')}:/data`;
    await must('run', '--rm', '-v', bind, 'busybox', 'sh', '-c', 'echo kept > /data/file');
    expect(readFileSync(join(world.directory, 'data/file'), 'utf8')).toBe('kept\n');
    expect((await docker('run', '--rm', '-v', `${bind}:ro`, 'busybox', 'touch', '/data/other')).stderr).toContain('Read-only file system');
  });

  test('sets the memory limit', async () => {
    const limit = await must('run', '--rm', '--memory', '32m', 'busybox', 'sh', '-c',
      'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max');
    expect(limit).toBe(String(32 << 20));
  });

  test('gives a terminal of the client’s size', async () => {
    const typed = `docker -H ${daemon.host} run --rm -it busybox sh -c "tty; stty size"`;
    const { stdout } = await world.run('host', 'script', '-qec', `stty rows 31 cols 97; ${typed}`, '/dev/null');
    expect(stdout.replaceAll('\r', '')).toContain('/dev/pts/0\n31 97\n');
  });
});

describe('a container in the background', () => {
  beforeAll(async () => {
    await must('run', '-d', '--name', 'web', '-p', '10080:80', 'web');
  });

  test('is listed with its port, and serves it to host and neighbour', async () => {
    expect(await must('ps', '--format', '{{.Names}} {{.Image}} {{.Ports}}')).toContain('web web 0.0.0.0:10080->80/tcp');
    expect(await world.must('host', 'curl', '-sf', '--retry', '5', '--retry-connrefused', 'http://127.0.0.1:10080/')).toContain('<');
    expect(await world.must('neighbour', 'curl', '-sf', 'http://198.51.100.1:10080/')).toContain('<');
  });

  test('is inspected by name and by a prefix of its id', async () => {
    const pid = Number(await must('inspect', '-f', '{{.State.Pid}}', 'web'));
    expect(readFileSync(`/proc/${pid}/comm`, 'utf8').trim()).toMatch(/httpd|busybox/);
    const id = await must('inspect', '-f', '{{.Id}}', 'web');
    expect(await must('inspect', '-f', '{{.Name}}', id.slice(0, 12))).toBe('/web');
  });

  test('runs more commands: exec with output, input, user and exit code', async () => {
    expect(await docker('exec', 'web', 'sh', '-c', 'echo in; echo er >&2; exit 5')).toMatchObject({ exitCode: 5, stdout: 'in\n', stderr: 'er\n' });
    expect(await dockerWith('typed', 'exec', '-i', 'web', 'cat')).toMatchObject({ exitCode: 0, stdout: 'typed' });
    expect(await must('exec', '-u', '33', '-e', 'X=y', '-w', '/tmp', 'web', 'sh', '-c', 'echo $(id -u) $X $PWD')).toBe('33 y /tmp');
    expect(await docker('exec', 'web', 'absent')).toMatchObject({ exitCode: 127 });
  });

  test('stops, is waited for, starts again, is killed and removed', async () => {
    const waiting = docker('wait', 'web');
    expect(await must('stop', '-t', '2', 'web')).toBe('web');
    expect((await waiting).stdout.trim()).toMatch(/^(0|137|143)$/);
    expect(await must('ps', '-a', '--format', '{{.Status}}')).toMatch(/^Exited \(\d+\)/);
    await must('start', 'web');
    await must('kill', 'web');
    expect(await must('wait', 'web')).toBe('137');
    await must('rm', 'web');
    expect((await docker('inspect', '--type', 'container', 'web')).stderr).toMatch(/no such container: web/i);
  });
});

describe('logs and attach', () => {
  test('logs come back whole, by tail, with timestamps, and followed to the end', async () => {
    await must('run', '--name', 'talk', 'busybox', 'sh', '-c', 'for i in 1 2 3; do echo line $i; done; echo oops >&2');
    expect(await docker('logs', 'talk')).toMatchObject({ stdout: 'line 1\nline 2\nline 3\n', stderr: 'oops\n' });
    expect(await docker('logs', '--tail', '2', 'talk')).toMatchObject({ stdout: 'line 3\n', stderr: 'oops\n' });
    expect((await docker('logs', '-t', '--tail', '1', 'talk')).stderr).toMatch(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{9}Z oops\n$/);
    await must('rm', 'talk');
    await must('run', '-d', '--name', 'ticks', 'busybox', 'sh', '-c', 'for i in 1 2 3; do echo tick $i; sleep 0.3; done');
    expect(await must('logs', '-f', 'ticks')).toBe('tick 1\ntick 2\ntick 3');
    await must('rm', 'ticks');
  });

  test('attach joins a running container to its end', async () => {
    await must('run', '-di', '--name', 'echo', 'busybox', 'sh', '-c', 'read x; echo got $x; exit 4');
    expect(await dockerWith('bait\n', 'attach', 'echo')).toMatchObject({ exitCode: 4, stdout: 'got bait\n' });
    await must('rm', 'echo');
  });
});

describe('what goes wrong', () => {
  test('is said in Docker’s words', async () => {
    expect((await docker('stop', 'nobody')).stderr).toContain('No such container: nobody');
    await must('create', '--name', 'taken', 'busybox');
    const again = await docker('run', '--name', 'taken', 'busybox', 'true');
    expect(again.exitCode).toBe(125);
    expect(again.stderr).toContain('Conflict. The container name "/taken" is already in use by container');
    await must('run', '-d', '--name', 'holder', '-p', '10081:80', 'web');
    const second = await docker('run', '-p', '10081:80', 'web');
    expect(second.exitCode).toBe(125);
    expect(second.stderr).toContain('port is already allocated');
    expect((await docker('rmi', 'web')).exitCode).not.toBe(0);
    for (const id of (await must('ps', '-aq')).split('\n')) await must('rm', '-f', id);
  });
});

test('after the last container nothing is left but the images', async () => {
  await must('rmi', 'web', 'busybox');
  expect(await must('images', '-q')).toBe('');
  expect(await world.snapshot()).toEqual(clean);
});
