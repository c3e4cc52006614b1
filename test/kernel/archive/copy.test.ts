import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../src/host/exec.ts';
import { createWorld, type Daemon, type World } from '../../world.ts';
import { Client } from '../engine/client.ts';

describe('files in and out of containers', () => {
  let world: World;
  let daemon: Daemon;
  let api: Client;
  const docker = (...args: string[]): ReturnType<World['run']> => world.run('host', 'docker', '-H', daemon.host, ...args);
  const must = async (...args: string[]): Promise<string> => {
    const { stdout, stderr, exitCode } = await docker(...args);
    if (exitCode !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
  /** What `tar -tv` says of a path's archive. */
  const listed = async (id: string, path: string): Promise<string[]> => {
    const archive = (await api.must('GET', `/containers/${id}/archive?path=${encodeURIComponent(path)}`)) as Buffer;
    const file = join(world.directory, 'listed.tar');
    await writeFile(file, archive);
    const { stdout } = await run('tar', ['--numeric-owner', '-tvPf', file]);
    return stdout.trim().split('\n').map((line) => line.replace(/ +[\d,]+ \d{4}-\d\d-\d\d \d\d:\d\d/, ''));
  };
  const statOf = async (id: string, path: string): Promise<any> => {
    const { status, headers } = await api.call('HEAD', `/containers/${id}/archive?path=${encodeURIComponent(path)}`);
    const header = headers['x-docker-container-path-stat'] as string | undefined;
    return header === undefined ? status : JSON.parse(Buffer.from(header, 'base64').toString());
  };
  const tarOf = async (script: string): Promise<Buffer> => {
    const directory = join(world.directory, `tar-${Math.random()}`);
    await mkdir(directory);
    await run('sh', ['-ec', script], { cwd: directory });
    await run('tar', ['--numeric-owner', '-cf', `${directory}.tar`, '-C', directory, '.']);
    return readFile(`${directory}.tar`);
  };

  beforeAll(async () => {
    world = await createWorld();
    daemon = await world.daemon();
    api = new Client(daemon);
    await api.load('busybox');
    await mkdir(join(world.directory, 'in/sub'), { recursive: true });
    await writeFile(join(world.directory, 'in/file'), 'of the host\n');
    await symlink('file', join(world.directory, 'in/link'));
  });
  afterAll(() => world.destroy());

  it('copies both ways while a container runs, is paused, has stopped; volumes and a running one’s tmpfs included', async () => {
    const id = await api.run('mkdir /v/d /v/in; echo volume >/v/d/f; echo tmpfs >/t/f; ln -s /v/d /way; ln -s in /v/to; sleep 1000', {
      host: { Binds: ['vol:/v'], Tmpfs: { '/t': '' } },
    });
    await must('exec', id, 'true');
    for (const state of ['running', 'paused', 'stopped']) {
      if (state === 'paused') await must('pause', id);
      if (state === 'stopped') await must('kill', id);
      expect(await listed(id, '/v/d')).toEqual(['drwxr-xr-x 0/0 d/', '-rw-r--r-- 0/0 d/f']);
      expect(await listed(id, '/way/.')).toEqual(['drwxr-xr-x 0/0 ./', '-rw-r--r-- 0/0 ./f']);
      expect(await statOf(id, '/way')).toMatchObject({ name: 'way', linkTarget: '/v/d', mode: 2 ** 27 + 0o777 });
      if (state !== 'stopped') expect(((await api.must('GET', `/containers/${id}/archive?path=/proc/version`)) as Buffer).toString()).toContain('Linux version');
      if (state !== 'stopped') expect(await listed(id, '/t/f')).toEqual(['-rw-r--r-- 0/0 f']);
      await must('cp', join(world.directory, 'in'), `${id}:/v/to/${state}`);
      await must('cp', `${id}:/v/in/${state}/.`, join(world.directory, `out-${state}`));
      expect(await readFile(join(world.directory, `out-${state}/link`), 'utf8')).toBe('of the host\n');
    }
    await must('rm', id);
    await must('volume', 'rm', 'vol');
  });

  it('gives every kind of file with its owner, mode, links, capabilities and device numbers', async () => {
    const id = await api.run(
      'mkdir -p /d/s; cd /d; echo x >f; ln f hard; ln -s /nowhere dang; mkfifo p; mknod c c 1 3; chown 12:34 f; chmod 6755 f;' +
        'chmod 1777 s; nc -lU sock & sleep 0.3; n=$(printf "%0150d" 7); echo long >$n; ln -s $n to-long',
    );
    await api.wait(id);
    const long = '7'.padStart(150, '0');
    expect(await listed(id, '/d')).toEqual([
      'drwxr-xr-x 0/0 d/', `-rw-r--r-- 0/0 d/${long}`, 'crw-r--r-- 0/0 d/c',
      'lrwxrwxrwx 0/0 d/dang -> /nowhere', '-rwsr-sr-x 12/34 d/f', 'hrwsr-sr-x 12/34 d/hard link to d/f', 'prw-r--r-- 0/0 d/p',
      'drwxrwxrwt 0/0 d/s/', `lrwxrwxrwx 0/0 d/to-long -> ${long}`,
    ]);
    expect(await statOf(id, '/d/f')).toMatchObject({ size: 2, mode: 0o755 + 2 ** 23 + 2 ** 22 });
    expect(await statOf(id, '/d/c')).toMatchObject({ mode: 0o644 + 2 ** 26 + 2 ** 21 });
    await must('rm', id);
  });

  it('unpacks archives, compressed or not, over what is there, and keeps to the directory', async () => {
    const id = await api.create('true');
    const put = (path: string, body: Buffer, more = ''): ReturnType<Client['call']> =>
      api.call('PUT', `/containers/${id}/archive?path=${encodeURIComponent(path)}${more}`, body);
    const archive = await tarOf('mkdir a; echo 1 >a/f; chown 5:6 a/f; chmod 4711 a/f; ln a/f a/g; ln -s /etc abs; echo w >.wh.x');
    expect((await put('/tmp', gzipSync(archive))).status).toBe(200);
    expect(await listed(id, '/tmp')).toEqual([
      'drwxrwxrwt 0/0 tmp/', '-rw-r--r-- 0/0 tmp/.wh.x', 'drwxr-xr-x 0/0 tmp/a/', '-rws--x--x 5/6 tmp/a/f',
      'hrws--x--x 5/6 tmp/a/g link to tmp/a/f', 'lrwxrwxrwx 0/0 tmp/abs -> /etc',
    ]);
    // A symlink in the way is followed inside the container.
    expect((await put('/tmp/abs', await tarOf('echo in >through'))).status).toBe(200);
    expect(await listed(id, '/etc/through')).toEqual(['-rw-r--r-- 0/0 through']);
    expect((await put('/tmp', Buffer.alloc(0))).status).toBe(200);
    expect(await put('/nope', archive)).toMatchObject({ status: 404 });
    expect(await put('/etc/passwd', archive)).toMatchObject({ status: 400, body: { message: 'extraction point is not a directory' } });
    expect(await put('/tmp', Buffer.from('no archive'.repeat(100)))).toMatchObject({ status: 400 });
    const over = await put('/tmp', await tarOf('echo >a'), '&noOverwriteDirNonDir=1');
    expect(over).toMatchObject({ status: 400, body: { message: 'cannot overwrite directory "/tmp/a" with non-directory "a"' } });
    expect((await put('/tmp', await tarOf('echo >a'))).status).toBe(200);
    expect(await listed(id, '/tmp/a')).toEqual(['-rw-r--r-- 0/0 a']);
    await must('rm', id);
  });

  it('refuses to write where the container may not, and names what is missing as Docker does', async () => {
    const id = await api.run('sleep 1000', { name: 'fixed', host: { ReadonlyRootfs: true, Binds: ['one:/ro:ro', 'two:/rw'] } });
    const archive = await tarOf('echo x >x');
    const put = (path: string): ReturnType<Client['call']> => api.call('PUT', `/containers/${id}/archive?path=${path}`, archive);
    expect(await put('/etc')).toMatchObject({ status: 403, body: { message: 'container rootfs is marked read-only' } });
    expect(await put('/ro')).toMatchObject({ status: 403, body: { message: 'mounted volume is marked read-only' } });
    expect((await put('/rw')).status).toBe(200);
    const missing = await api.call('GET', '/containers/fixed/archive?path=/no/such');
    expect(missing).toMatchObject({ status: 404, body: { message: 'Could not find the file /no/such in container fixed' } });
    expect((await api.call('GET', '/containers/fixed/archive')).status).toBe(400);
    expect((await api.call('HEAD', '/containers/nobody/archive?path=/')).status).toBe(404);
    await must('rm', '-f', id);
    await must('volume', 'rm', 'one', 'two');
  });

  it('leaves no mount, no process and no descriptor behind, whoever hangs up', async () => {
    const id = await api.run('head -c 50000000 /dev/zero >/big; sleep 1000');
    await must('exec', id, 'sh', '-c', 'until [ "$(stat -c %s /big)" = 50000000 ]; do sleep 0.1; done');
    await must('kill', id);
    const { stdout } = await run('sh', ['-c', `ls /proc/${daemon.pid}/fd | wc -l`]);
    const socket = daemon.host.replace('unix://', '');
    for (let i = 0; i < 5; i++) {
      await run('sh', ['-c', `curl -s --unix-socket ${socket} 'http://x/containers/${id}/archive?path=/big' | head -c 1000 >/dev/null`]);
    }
    await must('rm', id);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const left = await run('sh', ['-c', `pgrep -f '^${join(import.meta.dirname, '../../../dist/berth-helper')} archive' | wc -l`]);
    expect(left.stdout.trim()).toBe('0');
    const now = await run('sh', ['-c', `ls /proc/${daemon.pid}/fd | wc -l`]);
    expect(Number(now.stdout)).toBeLessThanOrEqual(Number(stdout) + 1);
    expect(await readFile('/proc/mounts', 'utf8')).not.toContain(`${daemon.root}/containers`);
  });
});
