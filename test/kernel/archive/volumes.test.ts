import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, waitUntil, type Daemon, type World } from '../../world.ts';
import { Client } from '../engine/client.ts';

describe('volumes', () => {
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

  /** What a line of shell says in a container that is gone afterwards, with its anonymous volumes. */
  const said = async (script: string, host: object = {}, config: object = {}): Promise<string> => {
    const id = await api.run(script, { host, config });
    const code = await api.wait(id);
    const text = (await api.logs(id)).toString().trim();
    await api.must('DELETE', `/containers/${id}?v=1`);
    return code === 0 ? text : `${text} (${code})`;
  };
  const names = async (query = ''): Promise<string[]> =>
    ((await api.must('GET', `/volumes${query}`)).Volumes as { Name: string }[]).map(({ Name }) => Name);

  it('takes over what the image has at its place, with owner and mode, once; not where nocopy is said', async () => {
    expect(await said('stat -c "%a %u" /tmp /v; ls /etc2', {
      Binds: ['etc:/etc2'], Mounts: [{ Type: 'volume', Source: 'tmp', Target: '/tmp' }],
    }, { Volumes: { '/v': {} } })).toBe('1777 0\n755 0');
    const image = await api.create('true');
    expect(await said('ls /etc | head -1; rm /etc/group; ls /etc | wc -l', { Binds: ['copy:/etc'] })).toMatch(/^group\n/);
    expect(await said('ls /etc/group 2>&1', { Binds: ['copy:/etc'] })).toContain('No such file');
    expect(await said('ls /bare | wc -l', { Mounts: [{ Type: 'volume', Source: 'bare', Target: '/bare', VolumeOptions: { NoCopy: true } }] })).toBe('0');
    await api.must('DELETE', `/containers/${image}`);
    for (const name of await names()) await api.must('DELETE', `/volumes/${name}`);
  });

  it('mounts a path inside a volume, by descriptor: a link that leads out of it is refused', async () => {
    await said('mkdir -p /v/a/b; echo deep >/v/a/b/f; ln -s a /v/in; ln -s /etc /v/out; ln -s ../../.. /v/up', { Binds: ['sub:/v'] });
    const mounted = (Subpath: string): object => ({ Mounts: [{ Type: 'volume', Source: 'sub', Target: '/s', VolumeOptions: { Subpath } }] });
    expect(await said('cat /s/f', mounted('a/b'))).toBe('deep');
    expect(await said('cat /s/b/f', mounted('in'))).toBe('deep');
    for (const bad of ['out', 'up', 'none']) {
      const id = await api.create('true', { host: mounted(bad) });
      expect((await api.call('POST', `/containers/${id}/start`)).body.message).toContain(`subpath ${bad}`);
      await api.must('DELETE', `/containers/${id}`);
    }
    expect((await api.call('POST', '/containers/create', { Image: 'busybox', HostConfig: mounted('../x') })).status).toBe(400);
    await api.must('DELETE', '/volumes/sub');
  });

  it('mounts what its options say while a container uses it, shared by all of them', async () => {
    await mkdir(join(world.directory, 'src'));
    await writeFile(join(world.directory, 'src/f'), 'of the host\n');
    const create = (Name: string, DriverOpts: object): Promise<unknown> => api.must('POST', '/volumes/create', { Name, DriverOpts });
    await create('bound', { type: 'none', o: 'bind', device: join(world.directory, 'src') });
    await create('mem', { type: 'tmpfs', o: 'size=1m,mode=700', device: 'tmpfs' });
    await create('lost', { type: 'none', o: 'bind', device: '/no/such/place' });
    expect(await said('cat /b/f', { Binds: ['bound:/b'] })).toBe('of the host');
    const first = await api.run('echo kept >/m/f; sleep 1000', { host: { Binds: ['mem:/m'] } });
    await waitUntil(async () => (await said('cat /m/f', { Binds: ['mem:/m'] })) === 'kept', 3000);
    expect(await said('stat -c %a /m; df -k /m | tail -1 | tr -s " " | cut -d" " -f2', { Binds: ['mem:/m:ro'] })).toBe('700\n1024');
    await api.must('DELETE', `/containers/${first}?force=1`);
    expect(await said('ls /m', { Binds: ['mem:/m'] })).toBe('');
    const id = await api.create('true', { host: { Binds: ['lost:/l'] } });
    expect((await api.call('POST', `/containers/${id}/start`)).body.message).toContain('failed to mount local volume: mount /no/such/place:');
    await api.must('DELETE', `/containers/${id}`);
    expect(await readFile('/proc/mounts', 'utf8')).not.toContain(daemon.root);
    for (const name of ['bound', 'mem', 'lost']) await api.must('DELETE', `/volumes/${name}`);
    expect(await readFile(join(world.directory, 'src/f'), 'utf8')).toBe('of the host\n');
  });

  it('comes along by volumes-from, and goes with the last container that has it', async () => {
    const first = await api.create('true', { name: 'first', config: { Volumes: { '/anon': {} } }, host: { Binds: ['named:/n'] } });
    const second = await api.run('touch /n/x /anon/x', { host: { VolumesFrom: ['first:ro'] } });
    expect(await api.wait(second)).not.toBe(0);
    expect((await api.inspect(second)).Mounts.map(({ Destination, RW }: any) => [Destination, RW]).sort()).toEqual([['/anon', false], ['/n', false]]);
    await api.must('DELETE', `/containers/${first}?v=1`);
    expect((await names()).length).toBe(2);
    await api.must('DELETE', `/containers/${second}?v=1`);
    expect(await names()).toEqual(['named']);
    const refused = await api.call('POST', '/containers/create', { Image: 'busybox', HostConfig: { VolumesFrom: ['nobody'] } });
    expect(refused).toMatchObject({ status: 400, body: { message: 'No such container: nobody' } });
    await api.must('DELETE', '/volumes/named');
  });

  it('is listed by filters, kept while it is used, pruned by Docker’s rules and told of in events', async () => {
    const since = Date.now() / 1000;
    await api.must('POST', '/volumes/create', { Name: 'used', Labels: { a: '1' } });
    await api.must('POST', '/volumes/create', { Name: 'idle' });
    const { Name: anonymous } = await api.must('POST', '/volumes/create', {});
    const id = await api.run('true', { host: { Binds: ['used:/u'] } });
    await api.wait(id);
    const filtered = (filters: object): Promise<string[]> => names(`?filters=${encodeURIComponent(JSON.stringify(filters))}`);
    expect(await filtered({ dangling: ['false'] })).toEqual(['used']);
    expect(await filtered({ label: ['a=1'] })).toEqual(['used']);
    expect(await filtered({ name: ['dl'] })).toEqual(['idle']);
    expect(await filtered({ driver: ['other'] })).toEqual([]);
    expect((await api.call('DELETE', '/volumes/used')).body.message).toBe(`remove used: volume is in use - [${id}]`);
    expect((await api.must('POST', '/volumes/prune')).VolumesDeleted).toEqual([anonymous]);
    expect((await api.must('POST', '/v1.41/volumes/prune')).VolumesDeleted).toEqual(['idle']);
    await api.must('DELETE', `/containers/${id}`);
    const query = `since=${since}&until=${Date.now() / 1000 + 1}&filters=${encodeURIComponent('{"volume":["used"]}')}`;
    const events = [await api.must('GET', `/events?${query}`)].flat();
    expect(events.map(({ Action }: any) => Action)).toEqual(['create', 'mount', 'unmount']);
    await api.must('DELETE', '/volumes/used');
  });

  it('is renamed, exported and imported whole, owners and all', async () => {
    await said('echo x >/d/f; chown 7:8 /d /d/f; chmod 750 /d; ln /d/f /d/g; mkfifo /d/p', { Binds: ['data:/d'] });
    const archive = (await api.must('GET', '/volumes/data/export')) as Buffer;
    expect((await api.call('POST', '/volumes/data/import', archive)).status).toBe(409);
    await api.must('POST', '/volumes/second/import', archive);
    await api.must('POST', '/volumes/second/rename?name=third');
    expect(await said('stat -c "%n %a %u %g %h" /d /d/*', { Binds: ['third:/d'] })).toBe('/d 750 7 8 2\n/d/f 644 7 8 2\n/d/g 644 7 8 2\n/d/p 644 0 0 1');
    const id = await api.create('true', { host: { Binds: ['third:/d'] } });
    expect((await api.call('POST', '/volumes/third/rename?name=fourth')).status).toBe(409);
    await api.must('DELETE', `/containers/${id}`);
    expect((await api.call('POST', '/volumes/broken/import', Buffer.from('no archive'.repeat(99)))).status).toBe(400);
    expect(await names()).toEqual(['data', 'third']);
    for (const name of await names()) await api.must('DELETE', `/volumes/${name}`);
  });

  it('makes a missing source for a bind, refuses it for a mount, and keeps read-only to the depth asked', async () => {
    const missing = join(world.directory, 'made');
    expect(await said('ls /x', { Binds: [`${missing}:/x`] })).toBe('');
    const refused = await api.call('POST', '/containers/create', { Image: 'busybox', HostConfig: { Mounts: [{ Type: 'bind', Source: `${missing}2`, Target: '/x' }] } });
    expect(refused).toMatchObject({ status: 400, body: { message: `invalid mount config for type "bind": bind source path does not exist: ${missing}2` } });
    const mount = (ReadOnly: boolean, BindOptions: object): object => ({ Mounts: [{ Type: 'bind', Source: missing, Target: '/x', ReadOnly, BindOptions }] });
    expect(await said('touch /x/f 2>&1', mount(true, {}))).toContain('Read-only');
    expect((await api.call('POST', '/containers/create', { Image: 'busybox', HostConfig: mount(false, { ReadOnlyForceRecursive: true }) })).status).toBe(400);
    expect(await said('mount | grep " /t "; stat -c %a /t', { Mounts: [{ Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 65536, Mode: 0o700 } }] })).toMatch(/size=64k,mode=700[^]*\n700$/);
  });

  it('CVE-2022-23648: a volume at a symlink or at /../ of the image stays in its root', async () => {
    await symlink('/etc', join(world.directory, 'link'));
    expect(await said('ls -d /etc/inside && ls /etc/inside | wc -l', {}, { Volumes: { '/../../etc/inside': {} } })).toBe('/etc/inside\n0');
    // An image whose own /data leads to the host's /etc, were it followed from outside.
    const id = await api.run('ln -s ../../../../../../etc /data; ln -s /root /abs');
    await api.wait(id);
    await api.must('POST', `/commit?container=${id}&repo=linked&changes=${encodeURIComponent('VOLUME /data /abs/deep')}`);
    await api.must('DELETE', `/containers/${id}`);
    expect(await said('ls /data; ls /root', {}, { Image: 'linked' })).toMatch(/^group\n[^]*passwd\n[^]*\ndeep$/);
    await api.must('DELETE', '/images/linked');
    expect(await names()).toEqual([]);
  });

  it('no volume is left of a create that the engine’s death interrupted', async () => {
    // Ended while it copies up: the container's record and its anonymous volume are there, the create isn't over.
    for (let i = 0; i < 3; i++) {
      const pending = Promise.allSettled(Array.from({ length: 8 }, () =>
        api.call('POST', '/containers/create', { Image: 'busybox', Volumes: { '/bin': {}, '/etc': {} } })));
      await new Promise((resolve) => setTimeout(resolve, 15 + 20 * i));
      await daemon.stop('SIGKILL');
      await pending;
      daemon = await world.daemon();
      api = new Client(daemon);
      for (const { Id } of (await api.must('GET', '/containers/json?all=1')) as { Id: string }[]) await api.must('DELETE', `/containers/${Id}?v=1`);
      expect(await names()).toEqual([]);
    }
  });
});
