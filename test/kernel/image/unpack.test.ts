import { mkdir } from 'node:fs/promises';
import { readFileSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../../../src/host/exec.ts';
import { fingerprint, ImageBench, must, savedImage } from './bench.ts';
import { archive, entry, pax } from '../../unit/image/tar-bytes.ts';

let bench: ImageBench;
beforeEach(async () => {
  bench = await ImageBench.open();
});
afterEach(() => bench.close());

/** Everything a layer can hold. */
const everything = String.raw`
  set -e; mkdir -p "$1"; cd "$1"
  mkdir -p d/e ro sticky
  echo hi >d/e/f; ln d/e/f d/hard; ln -s ../d d/e/sym; ln -s /absolute abssym; ln abssym hardsym
  mkfifo -m 640 fifo; mknod -m 600 chr c 5 300; mknod -m 660 blk b 259 70000; ln fifo fifo2
  cp /bin/true suid; chown 70000:70001 suid; chmod 6755 suid; chown 1000:2000000 d/e; chown -h 5:6 abssym
  setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 d/e/f
  setfattr -n user.binary -v 0x00ff0a3d00 d/e/f; setfattr -n user.dir -v hello d
  setfattr -h -n trusted.link -v x d/e/sym
  chmod 1777 sticky; chmod 2755 d; chmod 0555 ro; echo x >ro/x; chmod 0 ro/x
  n=$(printf 'n%.0s' $(seq 1 200)); mkdir -p $n/$n; echo long >$n/$n/$n; ln -s $n/$n/$n long; ln $n/$n/$n $n/hl
  bad=$(printf 'b\377\376ad'); printf bad >"$bad"; ln -s "$bad" sy; ln "$bad" "$(printf 'l\200')"
  printf 'new\nline' >"$(printf 'new\nline')"
  touch -d '1955-03-04 05:06:07.123456789Z' old; touch -d '2040-01-01 00:00:00.987654321Z' new
  truncate -s 10M sparse; echo data | dd of=sparse bs=1 seek=5000000 conv=notrunc status=none
  truncate -s 3M allhole; head -c 3000000 /dev/urandom >big; : >empty
  truncate -s 5G huge; echo end | dd of=huge bs=1 seek=4294967296 conv=notrunc status=none
  i=0; while [ $i -lt 40 ]; do echo x | dd of=holes bs=1 seek=$((i * 200000)) conv=notrunc status=none; i=$((i+1)); done
  touch -d 2001-02-03T04:05:06.5Z d/e d ro sticky .`;

const formats = [
  ['pax', '--format=pax', '--sparse', '--xattrs', '--xattrs-include=*'],
  ['pax, sparse 0.1', '--format=pax', '--sparse', '--sparse-version=0.1', '--xattrs', '--xattrs-include=*'],
  ['pax, sparse 0.0', '--format=pax', '--sparse', '--sparse-version=0.0', '--xattrs', '--xattrs-include=*'],
  ['pax, not sparse', '--format=pax', '--exclude=./huge', '--xattrs', '--xattrs-include=*'],
  ['gnu, sparse', '--format=gnu', '--sparse'],
  ['ustar', '--format=ustar', '--exclude=./n*', '--exclude=./l*', '--exclude=./huge', '--exclude=./old', '--exclude=./suid'],
] as const;

test('a layer that GNU tar wrote, in any of its formats, becomes what GNU tar makes of it', async () => {
  const source = bench.path('source');
  await must('sh', '-c', everything, 'sh', source);
  for (const [name, ...options] of formats) {
    const tar = bench.path(`${name}.tar`);
    const made = await run('tar', ['--numeric-owner', ...options, '-cf', tar, '-C', source, '.']);
    expect(made.exitCode, made.stderr).toBeLessThan(2);
    const reference = bench.path(name);
    await mkdir(reference);
    await run('tar', ['--numeric-owner', '--xattrs', '--xattrs-include=*', '-xpf', tar, '-C', reference]);
    const bytes = readFileSync(tar);
    await bench.load(savedImage({ layers: [bytes], tags: ['all:latest'] }));
    const tree = bench.layers.path(bench.layerNames('all')[0]!);
    expect(await fingerprint(tree), name).toBe(await fingerprint(reference));
    if (options.some((option) => option === '--sparse')) {
      expect(statSync(`${tree}/sparse`).blocks * 512, name).toBeLessThan(100_000);
    }
    expect(await bench.merged('all'), name).toBe(await fingerprint(reference));
  }
});

test('directories get their times last, and files their own, in whatever order they come', async () => {
  const mtime = '7000000000';
  const tar = archive(
    entry({ name: 'd/late', data: 'x', mtime }),
    entry({ name: 'd/', type: '5', mode: '0000500', mtime }),
    entry({ name: 'd/later', data: 'x', mtime }),
    entry({ name: './', type: '5', mode: '0000711', mtime }),
  );
  await bench.load(savedImage({ layers: [tar] }));
  const lines = (await bench.merged('test')).split('\n').filter((line) => line.includes('|d|'));
  expect(lines).toEqual([
    `d|d|500|0|0|${0o7000000000}.0000000000|`, `|d|711|0|0|${0o7000000000}.0000000000|`,
  ]);
});

test('a later entry replaces an earlier one of another type', async () => {
  const tar = archive(
    entry({ name: 'a', data: 'file' }), entry({ name: 'a', type: '5' }), entry({ name: 'a/in', data: '1' }),
    entry({ name: 'b', type: '5' }), entry({ name: 'b/in/deep', data: '1' }), entry({ name: 'b', data: 'now a file' }),
    entry({ name: 'c', type: '2', link: 'a' }), entry({ name: 'c', data: 'no longer a link' }),
    entry({ name: 'd', data: '1' }), entry({ name: 'e', type: '1', link: 'd' }), entry({ name: 'e', data: '22' }),
    entry({ name: 'f', type: '2', link: 'a' }), entry({ name: 'f', type: '5' }),
    entry({ name: 'g', data: '1' }), entry({ name: 'g', type: '1', link: 'g' }),
  );
  await bench.load(savedImage({ layers: [tar] }));
  const shown = (await bench.merged('test')).split('\n').filter((line) => /^\w+(?:\/in)?\|[a-z]\|/.test(line));
  expect(shown.map((line) => line.split('|').slice(0, 2).join(' ')).sort()).toEqual([
    'a d', 'a/in f', 'b f', 'c f', 'd f', 'e f', 'f d', 'g f',
  ]);
});

test('a symlink of the layer may stand in a path, and leads no further than its root', async () => {
  const tar = archive(
    entry({ name: 'usr/', type: '5' }), entry({ name: 'usr/lib/', type: '5' }),
    entry({ name: 'lib', type: '2', link: '/usr/lib' }), entry({ name: 'lib/x', data: '1' }),
    entry({ name: 'up', type: '2', link: '../../../usr' }), entry({ name: 'up/y', data: '1' }),
  );
  await bench.load(savedImage({ layers: [tar] }));
  const tree = bench.layers.path(bench.layerNames('test')[0]!);
  expect(readFileSync(`${tree}/usr/lib/x`, 'utf8') + readFileSync(`${tree}/usr/y`, 'utf8')).toBe('11');
});

test('an xattr that speaks to overlayfs is left out', async () => {
  const tar = archive(pax({ 'SCHILY.xattr.trusted.overlay.redirect': '/etc', 'SCHILY.xattr.user.a': 'b' }), entry({ name: 'd/', type: '5' }));
  await bench.load(savedImage({ layers: [tar] }));
  const tree = bench.layers.path(bench.layerNames('test')[0]!);
  expect(await must('getfattr', '-d', '-m', '-', '--absolute-names', `${tree}/d`)).not.toContain('overlay');
  expect(await must('getfattr', '-d', '-m', '-', '--absolute-names', `${tree}/d`)).toContain('user.a="b"');
});

test('a layer of ten thousand files goes through in one stream', async () => {
  const parts: Buffer[] = [];
  for (let at = 0; at < 10_000; at++) parts.push(entry({ name: `d${at % 100}/file-${at}`, data: `content ${at}` }));
  const started = performance.now();
  await bench.images.load(Readable.from([savedImage({ layers: [archive(...parts)] })]));
  const tree = bench.layers.path(bench.layerNames('test')[0]!);
  expect(readFileSync(`${tree}/d42/file-4242`, 'utf8')).toBe('content 4242');
  // A round trip to the helper for each file would take longer; this is no benchmark.
  expect(performance.now() - started).toBeLessThan(20_000);
});
