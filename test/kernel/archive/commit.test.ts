import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../src/host/exec.ts';
import { createWorld, type Daemon, type World } from '../../world.ts';
import { Client } from '../engine/client.ts';

describe('what a container changed', () => {
  let world: World;
  let daemon: Daemon;
  let api: Client;
  beforeAll(async () => {
    world = await createWorld();
    daemon = await world.daemon();
    api = new Client(daemon);
    await api.load('busybox');
  });
  afterAll(() => world.destroy());

  const changes = async (id: string): Promise<string[]> =>
    ((await api.must('GET', `/containers/${id}/changes`)) as { Path: string; Kind: number }[] | null ?? []).map(({ Path, Kind }) => `${'CAD'[Kind]} ${Path}`);
  const commit = (id: string, query = ''): Promise<{ Id: string }> => api.must('POST', `/commit?container=${id}${query}`);
  const said = async (Image: string, script: string): Promise<string> => {
    const id = await api.run(script, { config: { Image } });
    await api.wait(id);
    const text = (await api.logs(id)).toString().trim();
    await api.must('DELETE', `/containers/${id}`);
    return text;
  };

  it('is nothing after a run that changed nothing: what the engine made for its mounts doesn’t count', async () => {
    const id = await api.run('test -L /etc/mtab && test -f /.dockerenv && grep -q " / " /etc/mtab');
    expect(await api.wait(id)).toBe(0);
    expect(await changes(id)).toEqual([]);
    const { Id } = await commit(id);
    expect((await api.must('GET', `/images/${Id}/json`)).RootFS.Layers.length).toBe(1);
    await api.must('DELETE', `/containers/${id}`);
    await api.must('DELETE', `/images/${Id}`);
  });

  it('becomes a layer: additions, deletions, replaced directories, owners, modes, links, attributes', async () => {
    const id = await api.run(
      'rm /etc/group; rm -rf /var/www; mkdir /var/www; echo new >/var/www/n; chmod 700 /home; chown 5:6 /etc/passwd; ' +
        'mkdir /d; echo x >/d/f; ln /d/f /d/g; chmod 4711 /d/f; ln -s f /d/l; mkfifo /d/p; mknod /d/c c 1 3; rm -rf /root; echo file >/root; mkdir /d/empty; chmod 1777 /d/empty',
    );
    await api.wait(id);
    expect(await changes(id)).toEqual([
      'A /d', 'A /d/c', 'A /d/empty', 'A /d/f', 'A /d/g', 'A /d/l', 'A /d/p', 'C /etc', 'D /etc/group', 'C /etc/passwd', 'C /home', 'C /root',
      'C /var', 'C /var/www', 'A /var/www/n',
    ]);
    const upper = (await api.inspect(id)).GraphDriver.Data.UpperDir as string;
    expect((await run('setcap', ['cap_net_raw=ep', join(upper, 'd/f')])).exitCode).toBe(0);
    expect((await run('setfattr', ['-n', 'user.note', '-v', 'kept', join(upper, 'd/empty')])).exitCode).toBe(0);
    const { Id } = await commit(id, '&repo=changed&tag=1&author=me&comment=why');
    await api.must('DELETE', `/containers/${id}`);
    const shown = 'ls /etc/group 2>&1; ls /var/www; stat -c "%n %a %u:%g %h %F" /home /etc/passwd /d/* /root; cat /root';
    expect(await said('changed:1', shown)).toBe([
      'ls: /etc/group: No such file or directory', 'n', '/home 700 0:0 1 directory', '/etc/passwd 644 5:6 1 regular file',
      '/d/c 644 0:0 1 character special file', '/d/empty 1777 0:0 2 directory', '/d/f 4711 0:0 2 regular file', '/d/g 4711 0:0 2 regular file',
      '/d/l 777 0:0 1 symbolic link', '/d/p 644 0:0 1 fifo', '/root 644 0:0 1 regular file', 'file',
    ].join('\n'));
    // Once more through an archive, as another engine gets it.
    const archive = (await api.must('GET', '/images/changed:1/get')) as Buffer;
    await api.must('DELETE', '/images/changed:1');
    expect((await api.call('GET', `/images/${Id}/json`)).status).toBe(404);
    await api.must('POST', '/images/load', archive);
    const again = await api.create('true', { config: { Image: 'changed:1' } });
    const layer = ((await api.inspect(again)).GraphDriver.Data.LowerDir as string).split(':')[0] ?? '';
    expect((await run('getcap', [join(layer, 'd/f')])).stdout).toContain('cap_net_raw=ep');
    expect((await run('getfattr', ['--only-values', '-n', 'user.note', join(layer, 'd/empty')])).stdout).toBe('kept');
    await api.must('DELETE', `/containers/${again}`);
    await api.must('DELETE', '/images/changed:1');
  });

  it('is read while the container is frozen, and the container goes on afterwards; not frozen where asked', async () => {
    const id = await api.run('i=0; while :; do i=$((i+1)); echo $i >/a; cp /a /b; sleep 0.01; done', { config: { Labels: { own: '1' } } });
    await new Promise((resolve) => setTimeout(resolve, 150));
    const since = Date.now() / 1000;
    await commit(id, '&repo=live&tag=1');
    await commit(id, '&repo=live&tag=2&pause=0');
    expect((await api.inspect(id)).State.Status).toBe('running');
    await api.must('POST', `/containers/${id}/pause`);
    await commit(id, '&repo=live&tag=3');
    expect((await api.inspect(id)).State.Status).toBe('paused');
    const events = [await api.must('GET', `/events?since=${since}&until=${Date.now() / 1000 + 0.1}&filters=${encodeURIComponent(JSON.stringify({ container: [id] }))}`)].flat();
    expect(events.map(({ Action }: any) => Action)).toEqual(['pause', 'commit', 'unpause', 'commit', 'pause', 'commit']);
    expect((await api.must('GET', '/images/live:1/json')).Config.Labels).toEqual({ own: '1' });
    await api.must('DELETE', `/containers/${id}?force=1`);
    for (const tag of [1, 2, 3]) await api.must('DELETE', `/images/live:${tag}`);
  });

  it('is taken into account by instructions and a body; what can’t be is refused before anything is frozen', async () => {
    const id = await api.create('true', { config: { Env: ['A=1'], ExposedPorts: { '80/tcp': {} } } });
    const changed = ['ENV B=2', 'CMD ["x"]', 'HEALTHCHECK --interval=3s CMD true', 'LABEL l=v'].map((line) => `&changes=${encodeURIComponent(line)}`).join('');
    const { Id } = await api.must('POST', `/commit?container=${id}${changed}`, { User: 'nobody', Env: ['C=3'] });
    expect((await api.must('GET', `/images/${Id}/json`)).Config).toMatchObject({
      User: 'nobody', Cmd: ['x'], Labels: { l: 'v' }, ExposedPorts: { '80/tcp': {} }, Healthcheck: { Test: ['CMD-SHELL', 'true'], Interval: 3e9 },
    });
    expect((await api.must('GET', `/images/${Id}/json`)).Config.Env).toEqual(expect.arrayContaining(['A=1', 'B=2', 'C=3']));
    await api.must('DELETE', `/images/${Id}`);
    expect((await api.call('POST', `/commit?container=${id}&changes=FROM%20x`)).body.message).toContain('from is not a valid change command');
    expect((await api.call('POST', `/commit?container=${id}&repo=UPPER`)).status).toBe(400);
    expect((await api.call('POST', '/commit?container=nobody')).status).toBe(404);
    await api.must('DELETE', `/containers/${id}`);
  });

  it('is exported with the rest of the root, without what is mounted in it, running or not', async () => {
    const id = await api.run('echo hidden >/v/f; echo hidden >/t/f; echo shown >/f; sleep 1000', { host: { Binds: ['ex:/v'], Tmpfs: { '/t': '' } } });
    await api.must('POST', `/containers/${id}/pause`);
    await api.must('POST', `/containers/${id}/unpause`);
    for (const state of ['running', 'stopped']) {
      if (state === 'stopped') await api.must('POST', `/containers/${id}/kill`);
      await writeFile(join(world.directory, 'ex.tar'), (await api.must('GET', `/containers/${id}/export`)) as Buffer);
      const { stdout } = await run('tar', ['-tf', join(world.directory, 'ex.tar')]);
      const names = stdout.trim().split('\n');
      expect(names).toEqual(expect.arrayContaining(['f', 'v/', 't/', 'proc/', 'bin/busybox']));
      expect(names.filter((name) => /^(?:v|t|proc|sys)\/./.test(name))).toEqual([]);
    }
    await api.must('DELETE', `/containers/${id}?force=1`);
    await api.must('DELETE', '/volumes/ex');
  });
});
