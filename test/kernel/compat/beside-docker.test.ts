import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDockerd, type Dockerd } from '../../fixtures/dockerd.ts';
import { createWorld, type Daemon, type World } from '../../world.ts';

/** Real Docker 20.10 and Berth run the same images; what their containers see is compared. */
let world: World;
let dockerd: Dockerd;
let daemon: Daemon;

beforeAll(async () => {
  world = await createWorld();
  [dockerd, daemon] = await Promise.all([startDockerd(world), world.daemon()]);
  const archive = join(import.meta.dirname, '../../../build/images/web.tar');
  expect(await dockerd.docker('load', '-i', archive)).toMatchObject({ exitCode: 0 });
});
afterAll(async () => {
  await dockerd?.stop();
  await world?.destroy();
});

async function both(...command: string[]): Promise<{ docker: string; berth: string }> {
  const [docker, berth] = await Promise.all([
    dockerd.docker('run', '--rm', '--network', 'none', '--hostname', 'same', 'kept', ...command),
    daemon.berth('run', '--rm', '--network', 'none', '--hostname', 'same', 'kept', ...command),
  ]);
  expect(docker, docker.stderr).toMatchObject({ exitCode: 0 });
  expect(berth, berth.stderr).toMatchObject({ exitCode: 0 });
  return { docker: docker.stdout, berth: berth.stdout };
}

test('an image that Docker committed and saved has the same tree in Berth', async () => {
  const change = [
    'rm -r /var/www', 'mkdir -p /srv/deep/er', 'echo text > /srv/deep/er/file', 'chmod 4755 /srv/deep/er/file', 'chown 12:34 /srv',
    'ln /srv/deep/er/file /srv/hard', 'ln -s ../nowhere /srv/soft', 'mkfifo /srv/fifo', 'mknod /srv/node c 1 7', 'rm /home -r', 'mkdir /home',
    'echo new > /home/new', 'dd if=/dev/zero of=/srv/sparse bs=1 count=1 seek=1000000 2>/dev/null',
    // A name that is no UTF-8, as old archives hold.
    "touch $(printf '/srv/caf\\351')",
  ].join(' && ');
  expect(await dockerd.docker('run', '--name', 'changed', '--network', 'none', 'web', 'sh', '-c', change)).toMatchObject({ exitCode: 0 });
  expect(await dockerd.docker('commit', 'changed', 'kept')).toMatchObject({ exitCode: 0 });
  const archive = join(world.directory, 'kept.tar');
  expect(await dockerd.docker('save', '-o', archive, 'kept', 'web')).toMatchObject({ exitCode: 0 });
  const loaded = await daemon.berth('load', '-i', archive);
  expect(loaded, loaded.stderr).toMatchObject({ exitCode: 0 });
  expect(loaded.stdout.trim().split('\n').toSorted()).toEqual(['Loaded image: kept:latest', 'Loaded image: web:latest']);

  // Left out: what engines themselves put into a root (Docker makes /etc/mtab too).
  const tree = "find / -xdev ! -path '/etc/host*' ! -path /etc/resolv.conf ! -path '/.dockerenv' ! -path /etc/mtab ! -path / ! -path /etc "
    + "! -path '/dev*' ! -path '/proc*' ! -path '/sys*' -exec stat -c '%n|%F|%a|%u:%g|%s|%Y|%h' {} + | sort";
  const trees = await both('sh', '-c', tree);
  expect(trees.berth).toBe(trees.docker);
  expect(trees.berth.split('\n').length).toBeGreaterThan(250);
  const sums = await both('sh', '-c', 'cat /srv/deep/er/file /srv/sparse /home/new /www/index.html | sha256sum');
  expect(sums.berth).toBe(sums.docker);
});

test('a container sees the same mounts, devices, limits and capabilities as under Docker', async () => {
  const mounts = await both('sh', '-c',
    "awk '$5 != \"/\" && $5 !~ \"/etc/\" { print $5, $6 }' /proc/self/mountinfo | sed 's/relatime//; s/,,/,/; s/,$//' | grep -v -e /sys/fs/cgroup | sort");
  const options = (text: string): Map<string, string[]> =>
    new Map(text.trim().split('\n').map((line) => [line.split(' ')[0] ?? '', (line.split(' ')[1] ?? '').split(',')]));
  const ours = options(mounts.berth);
  // Every mount that Docker makes, with at least its restrictions.
  for (const [target, wanted] of options(mounts.docker)) {
    expect(ours.get(target) ?? [], target).toEqual(expect.arrayContaining(wanted));
  }
  const status = await both('grep', '-e', 'Cap', '-e', 'NoNewPrivs', '-e', 'Seccomp:', '-e', 'Groups', '/proc/self/status');
  expect(status.berth).toBe(status.docker);
  const devices = await both('sh', '-c', "cd /dev; stat -c '%n|%F|%a|%u:%g|%t:%T' * | grep -v -e ^core -e ^pts; for l in fd stdin stdout stderr ptmx; do readlink $l; done");
  expect(devices.berth).toBe(devices.docker);
  const limits = await both('sh', '-c', 'ulimit -a | grep -v core; umask; cat /proc/self/oom_score_adj; cat /proc/sys/net/ipv4/ip_unprivileged_port_start');
  expect(limits.berth).toBe(limits.docker);
  const environment = await both('env');
  expect(environment.berth.split('\n').toSorted()).toEqual(environment.docker.split('\n').toSorted());
});
