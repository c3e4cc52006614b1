import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, waitUntil, type Daemon, type Snapshot, type World } from '../../world.ts';

const image = join(import.meta.dirname, '../../../build/images/web.tar');

describe.each(['false', 'true'])('containers of a daemon with --userland-proxy=%s', (userlandProxy) => {
  let world: World;
  let daemon: Daemon;
  let before: Snapshot;
  const berth = async (...args: string[]): Promise<string> => {
    const result = await daemon.berth(...args);
    if (result.exitCode !== 0) throw new Error(`berth ${args.join(' ')}: ${result.stderr}`);
    return result.stdout.trim();
  };
  const page = async (place: 'host' | 'neighbour', address: string): Promise<number> =>
    (await world.run(place, 'curl', '-sfg', '-o', '/dev/null', '-m', '2', `http://${address}/`)).exitCode;
  const start = (): Promise<Daemon> => world.daemon({ args: [`--userland-proxy=${userlandProxy}`] });

  beforeAll(async () => {
    world = await createWorld();
    before = await world.snapshot();
    daemon = await start();
    await berth('load', '-i', image);
  });
  afterAll(() => world.destroy());

  it('answer on their published ports', async () => {
    await berth('run', '-d', '--name', 'web', '-p', '10080:80', '-p', '127.0.0.1:10081:80', 'web');
    expect(await page('host', '127.0.0.1:10080')).toBe(0);
    expect(await page('host', '127.0.0.1:10081')).toBe(0);
    expect(await page('host', '198.51.100.1:10080')).toBe(0);
    expect(await page('neighbour', '198.51.100.1:10080')).toBe(0);
    expect(await page('neighbour', '198.51.100.1:10081')).not.toBe(0);
    if (userlandProxy === 'true') expect(await page('host', '[::1]:10080')).toBe(0);
    expect(await berth('port', 'web', '80/tcp')).toContain('0.0.0.0:10080');
  });

  it('are shown by ip netns under their name and their pid', async () => {
    const pid = await berth('inspect', '--format', '{{.State.Pid}}', 'web');
    for (const name of ['web', pid]) {
      expect(await world.must('host', 'ip', 'netns', 'exec', name, 'ip', '-brief', 'addr', 'show', 'eth0')).toContain('172.30.0.2/16');
    }
  });

  it('know their own name and address', async () => {
    const [hosts = '', hostname] = [await berth('exec', 'web', 'cat', '/etc/hosts'), await berth('exec', 'web', 'hostname')];
    expect(hosts).toContain(`172.30.0.2\t${hostname}`);
  });

  it('hold their host ports, against the engine\'s own and other programs', async () => {
    const again = await daemon.berth('run', '-d', '-p', '10080:80', 'web');
    expect(again).toMatchObject({ exitCode: 125, stderr: expect.stringContaining('Bind for 0.0.0.0:10080 failed: port is already allocated') });
    const stranger = await world.run('host', process.execPath, '-e',
      'require("net").createServer().on("error", (e) => { console.log(e.code); }).listen(10080, "0.0.0.0", () => { console.log("bound"); process.exit(); })');
    expect(stranger.stdout.trim()).toBe('EADDRINUSE');
  });

  it('answer on while their engine is killed, and afterwards', async () => {
    await daemon.stop('SIGKILL');
    expect(await page('neighbour', '198.51.100.1:10080')).toBe(0);
    expect(await page('host', '127.0.0.1:10080')).toBe(0);
    daemon = await start();
    expect(await page('neighbour', '198.51.100.1:10080')).toBe(0);
    expect(await berth('run', '--rm', 'web', 'wget', '-qO-', 'http://172.30.0.2/')).toContain('<');
  });

  it('share another\'s network, the host\'s, or have none', async () => {
    expect(await berth('run', '--rm', '--network', 'container:web', 'web', 'wget', '-qO-', 'http://127.0.0.1/')).toContain('<');
    expect(await berth('run', '--rm', '--network', 'host', 'web', 'ip', 'addr')).toContain('198.51.100.1');
    const none = await berth('run', '--rm', '--network', 'none', 'web', 'ip', 'addr');
    expect(none).toContain('127.0.0.1');
    expect(none).not.toContain('eth0');
  });

  it('leave nothing of the network', async () => {
    await berth('rm', '-f', 'web');
    await waitUntil(async () => (await world.run('host', 'ip', 'link', 'show', 'berth0')).exitCode !== 0, 3000);
    await waitUntil(async () => (await world.snapshot()).forwarding === before.forwarding, 3000);
    await daemon.stop();
    const { links, addresses, routes, iptables, netnsNames, forwarding } = await world.snapshot();
    expect({ links, addresses, routes, iptables, forwarding }).toEqual({
      links: before.links, addresses: before.addresses, routes: before.routes, iptables: before.iptables, forwarding: before.forwarding,
    });
    expect(netnsNames).not.toContain('web');
  });
});
