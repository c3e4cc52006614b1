import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type Daemon, type Snapshot, type World } from '../../world.ts';
import { serving } from './containers.ts';

const image = join(import.meta.dirname, '../../../build/images/web.tar');
const fixture = (name: string): string => join(import.meta.dirname, '../../fixtures', name);

describe('names on user-defined networks', () => {
  let world: World;
  let daemon: Daemon;
  let before: Snapshot;
  const docker = async (...args: string[]): Promise<string> => {
    const result = await world.run('host', 'docker', '-H', daemon.host, ...args);
    if (result.exitCode !== 0) throw new Error(`docker ${args.join(' ')}: ${result.stderr}`);
    return result.stdout.trim();
  };
  const start = (): Promise<Daemon> => world.daemon({ args: ['--host-dns'] });
  /** What a container's own resolver makes of a name: addresses, or the error. */
  const look = async (container: string, name: string): Promise<string> => {
    const { stdout, stderr } = await daemon.berth('exec', container, 'nslookup', '-type=a', name);
    const found = [...stdout.matchAll(/^Address(?: \d+)?: (\S+)$/gm)].map(([, address]) => address).filter((address) => !address?.endsWith(':53'));
    return found.length > 0 ? found.join(' ') : /NXDOMAIN|SERVFAIL|REFUSED/.exec(stdout + stderr)?.[0] ?? `${stdout}${stderr}`.trim();
  };

  beforeAll(async () => {
    world = await createWorld();
    await serving(world.start('internet', process.execPath, fixture('dns-authority.ts'), '203.0.113.2'));
    before = await world.snapshot();
    daemon = await start();
    await daemon.berth('load', '-i', image);
    await docker('network', 'create', '--subnet', '10.40.1.0/24', 'front');
    await docker('network', 'create', '--subnet', '10.40.2.0/24', '--internal', 'back');
    const dns = ['--dns', '203.0.113.2'];
    await docker('run', '-d', '--name', 'web', '--network', 'front', '--network-alias', 'www', ...dns, 'web');
    await docker('run', '-d', '--name', 'app', '--network', 'front', ...dns, '--dns-search', 'front', '--dns-option', 'timeout:3', 'web');
    await docker('run', '-d', '--name', 'db', '--network', 'back', ...dns, 'web');
    await docker('run', '-d', '--name', 'plain', ...dns, 'web');
  }, 60_000);
  afterAll(() => world.destroy());

  it('are told by a server at 127.0.0.11, which resolv.conf names', async () => {
    expect(await docker('exec', 'app', 'cat', '/etc/resolv.conf')).toBe('nameserver 127.0.0.11\nsearch front\noptions timeout:3 ndots:0');
    expect(await docker('exec', 'plain', 'cat', '/etc/resolv.conf')).toContain('nameserver 203.0.113.2');
    const address = (await docker('inspect', '-f', '{{.NetworkSettings.Networks.front.IPAddress}}', 'web'));
    const id = (await docker('inspect', '-f', '{{.Id}}', 'web')).slice(0, 12);
    for (const name of ['web', 'WWW', 'web.front', id]) expect(await look('app', name)).toBe(address);
    expect(await docker('exec', 'app', 'wget', '-qO-', 'http://www/')).not.toBe('');
  });

  it('stay within the network; others are asked for outside, not from an internal network (CVE-2024-29018)', async () => {
    expect(await look('app', 'db')).not.toMatch(/^10\./);
    expect(await look('db', 'web')).toBe('SERVFAIL');
    expect(await look('app', 'one.example')).toBe('198.18.0.0');
    expect(await look('db', 'one.example')).toBe('SERVFAIL');
  });

  it('follow a container that comes to a network and leaves it', async () => {
    await docker('network', 'connect', '--alias', 'late', 'front', 'plain');
    expect(await docker('exec', 'plain', 'cat', '/etc/resolv.conf')).toContain('nameserver 127.0.0.11');
    expect(await look('plain', 'web')).toMatch(/^10\.40\.1\./);
    expect(await look('web', 'late')).toMatch(/^10\.40\.1\./);
    await docker('network', 'disconnect', 'front', 'plain');
    expect(await look('web', 'late')).not.toMatch(/^10\.40\.1\./);
    expect(await docker('exec', 'plain', 'cat', '/etc/resolv.conf')).toContain('nameserver 203.0.113.2');
  });

  it('are told to the host by --host-dns, and nothing else is', async () => {
    const ask = async (protocol: string, name: string): Promise<string> =>
      (await world.run('host', process.execPath, fixture('dns-ask.ts'), '127.0.0.153', protocol, 'A', name)).stdout.trim();
    expect(await ask('udp', 'web.front.berth')).toContain('10.40.1.');
    expect(await ask('tcp', 'plain')).toContain('172.30.0.');
    expect(await ask('udp', 'one.example')).toContain('REFUSED');
  });

  it('are told on while the engine is replaced', async () => {
    await daemon.stop('SIGKILL');
    daemon = await start();
    expect(await look('app', 'web')).toMatch(/^10\.40\.1\./);
    await docker('restart', '-t', '0', 'web');
    expect(await look('app', 'web')).toMatch(/^10\.40\.1\./);
    expect(await look('web', 'app')).toMatch(/^10\.40\.1\./);
  });

  it('leave nothing', async () => {
    await docker('rm', '-f', 'web', 'app', 'db', 'plain');
    await docker('network', 'rm', 'front', 'back');
    await daemon.stop();
    const after = await world.snapshot();
    expect({ ...after, processes: [] }).toEqual({ ...before, processes: [] });
  });
}, 60_000);
