import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../src/host/exec.ts';
import { createWorld, waitUntil, type Daemon, type World } from '../../world.ts';
import { Client } from '../engine/client.ts';

/**
 * A container swaps a directory for a symlink to a path of the host's as fast as it can (renameat2 with exchange isn't
 * in busybox: two renames), while files are copied in and out, and while other containers mount onto it. No byte of the
 * host is read or written. The canary's path is the same absolute path that the link in the container leads to.
 */
describe('a container that swaps symlinks', () => {
  let world: World;
  let daemon: Daemon;
  let api: Client;
  let canary: string;
  const seconds = 4;
  const racer = (directory: string, target: string): string =>
    `mkdir -p ${directory}/real; echo mine >${directory}/real/f; ln -s ${target} ${directory}/link; cd ${directory}; cp -a real at; touch ready;` +
    'while :; do mv at r 2>/dev/null; mv -T link at; mv -T at link; mv r at; done';
  const digest = async (): Promise<string> =>
    createHash('sha256').update((await run('sh', ['-c', `cd ${canary} && find . -printf '%p %m %u %s %T@ %l\\n' | sort && cat secret`])).stdout).digest('hex');

  beforeAll(async () => {
    world = await createWorld();
    daemon = await world.daemon();
    api = new Client(daemon);
    await api.load('busybox');
    canary = join(world.directory, 'canary');
    await mkdir(canary);
    await writeFile(join(canary, 'secret'), 'of the host');
    await writeFile(join(canary, 'f'), 'of the host');
  });
  afterAll(() => world.destroy());

  it('CVE-2018-15664: in and out of a running container, every byte is the container’s own', async () => {
    const before = await digest();
    const id = await api.run(racer('/race', canary));
    await waitUntil(async () => (await api.call('HEAD', `/containers/${id}/archive?path=/race/ready`)).status === 200, 3000);
    const archive = (await run('sh', ['-c', `mkdir ${world.directory}/put; echo theirs >${world.directory}/put/f; echo theirs >${world.directory}/put/secret; tar -C ${world.directory}/put -cf ${world.directory}/put.tar f secret`]));
    expect(archive.exitCode).toBe(0);
    const body = await readFile(join(world.directory, 'put.tar'));
    let tries = 0;
    const met = new Map<number, number>();
    const end = performance.now() + seconds * 1000;
    const worker = async (act: () => Promise<{ status: number; body: Buffer | { message: string } }>): Promise<void> => {
      while (performance.now() < end) {
        const { status, body: answer } = await act();
        met.set(status, (met.get(status) ?? 0) + 1);
        if (Buffer.isBuffer(answer)) expect(answer.toString('latin1')).not.toContain('of the host');
        tries++;
      }
    };
    await Promise.all([
      worker(() => api.call('GET', `/containers/${id}/archive?path=/race/at/f`)),
      worker(() => api.call('GET', `/containers/${id}/archive?path=/race/at/`)),
      worker(() => api.call('GET', `/containers/${id}/archive?path=/race`)),
      worker(() => api.call('PUT', `/containers/${id}/archive?path=/race/at`, body)),
      worker(() => api.call('PUT', `/containers/${id}/archive?path=/race/at/`, body)),
    ]);
    await api.must('DELETE', `/containers/${id}?force=1`);
    expect(await digest()).toBe(before);
    if (process.env['SHOW']) console.log(tries, met);
    expect(tries).toBeGreaterThan(200);
    // Both sides of the race were met: the directory, and the link into nowhere.
    expect(met.get(200)).toBeGreaterThan(20);
    expect((met.get(404) ?? 0) + (met.get(400) ?? 0)).toBeGreaterThan(20);
  });

  it('CVE-2018-15664: an archive of symlinks and hardlinks reaches nothing outside', async () => {
    const before = await digest();
    const script = `d=$(mktemp -d -p ${world.directory}); cd $d; ln -s ${canary} abs; ln -s ../../../../../../../..${canary} up; ` +
      `tar -cPf t.tar abs up; rm abs up; mkdir abs up; echo theirs >abs/f; echo theirs >up/secret; tar -rPf t.tar abs/f up/secret; cat t.tar | base64 -w0`;
    const body = Buffer.from((await run('sh', ['-c', script])).stdout, 'base64');
    // Where the links lead nowhere in the container, it is refused; where they lead somewhere, it lands there.
    for (const [inside, status] of [['/elsewhere', 400], [canary, 200]] as const) {
      const id = await api.run(`mkdir -p ${inside}`);
      await api.wait(id);
      expect((await api.call('PUT', `/containers/${id}/archive?path=/tmp`, body)).status).toBe(status);
      expect((await api.call('HEAD', `/containers/${id}/archive?path=${inside}/f`)).status).toBe(status === 200 ? 200 : 404);
      await api.must('DELETE', `/containers/${id}`);
    }
    expect(await digest()).toBe(before);
  });

  it('CVE-2019-14271: nothing of the container is executed or loaded, whatever it ships', async () => {
    const mark = join(world.directory, 'executed');
    const evil = `printf '#!/bin/sh\\ntouch ${mark}; touch /executed\\n'`;
    const id = await api.run(
      `for p in /bin/tar /bin/xz /usr/bin/unxz /bin/gzip /sbin/ldconfig /lib/libnss_files.so.2 /usr/lib/libnss_files.so.2; do mkdir -p $(dirname $p); ${evil} >$p.new; chmod 755 $p.new; mv -f $p.new $p; done; sleep 1000`,
    );
    await waitUntil(async () => (await api.call('HEAD', `/containers/${id}/archive?path=/usr/lib/libnss_files.so.2`)).status === 200, 3000);
    const body = await readFile(join(world.directory, 'put.tar'));
    await api.must('PUT', `/containers/${id}/archive?path=/tmp&copyUIDGID=1`, body);
    await api.must('GET', `/containers/${id}/archive?path=/tmp`);
    await api.must('GET', `/containers/${id}/export`);
    await api.must('POST', `/commit?container=${id}&repo=evil`);
    expect((await api.call('HEAD', `/containers/${id}/archive?path=/executed`)).status).toBe(404);
    expect((await run('ls', [mark])).exitCode).not.toBe(0);
    await api.must('DELETE', `/containers/${id}?force=1`);
    await api.must('DELETE', '/images/evil');
  });

  it('CVE-2021-30465: a mount target in a shared volume that is swapped during starts leads nowhere else', async () => {
    const before = await digest();
    const id = await api.run(racer('/v/race', canary), { host: { Binds: ['shared:/v'] } });
    await waitUntil(async () => (await api.call('HEAD', `/containers/${id}/archive?path=/v/race/ready`)).status === 200, 3000);
    let starts = 0;
    let refused = 0;
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      const victims = await Promise.all([1, 2].map(() => api.create('cat /v/race/at/secret /m/secret 2>/dev/null; true', {
        host: { Binds: ['shared:/v'], NetworkMode: 'none', Tmpfs: { '/v/race/at': '' }, Mounts: [{ Type: 'volume', Source: 'other', Target: '/v/race/at/m' }] },
      })));
      await Promise.all(victims.map(async (victim) => {
        const { status } = await api.call('POST', `/containers/${victim}/start`);
        starts++;
        if (status !== 204) refused++;
        else await api.wait(victim);
        expect((await api.logs(victim)).toString()).not.toContain('of the host');
        await api.must('DELETE', `/containers/${victim}?force=1`);
      }));
    }
    await api.must('DELETE', `/containers/${id}?force=1`);
    for (const volume of ['shared', 'other']) await api.must('DELETE', `/volumes/${volume}`);
    expect(await digest()).toBe(before);
    expect(await readFile('/proc/mounts', 'utf8')).not.toContain(canary);
    if (process.env['SHOW']) console.log(starts, refused);
    expect(starts).toBeGreaterThan(20);
    expect(refused).toBeLessThan(starts);
  });

  it('a body that never ends, or a client that goes, leaves no helper behind and the engine serves on', async () => {
    const id = await api.create('true');
    const socketPath = daemon.host.replace('unix://', '');
    const sent = request({ socketPath, method: 'PUT', path: `/containers/${id}/archive?path=/tmp`, headers: { 'Content-Type': 'application/x-tar' } });
    sent.on('error', () => undefined);
    sent.write((await readFile(join(world.directory, 'put.tar'))).subarray(0, 700));
    const helpers = async (): Promise<string> => (await run('sh', ['-c', `pgrep -P ${daemon.pid} -a | grep -c 'berth-helper archive'`])).stdout.trim();
    await waitUntil(async () => (await helpers()) === '1', 3000);
    sent.destroy();
    await waitUntil(async () => (await helpers()) === '0', 3000);
    await api.must('POST', `/containers/${id}/start`);
    await api.wait(id);
    await api.must('DELETE', `/containers/${id}`);
  });
});
