import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase, type Database } from '../../../src/host/database.ts';
import { openVolumes, type Volumes } from '../../../src/storage/volumes.ts';

let root: string;
let database: Database;
let volumes: Volumes;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'berth-volumes-'));
  database = openDatabase(':memory:');
  volumes = await openVolumes({ database, root });
});
afterEach(async () => {
  database.close();
  await rm(root, { recursive: true });
});

test('a named volume is a directory with a record; creating it again gives the same', async () => {
  const made = await volumes.create({ name: 'data', labels: { a: 'b' } });
  expect(made).toMatchObject({ name: 'data', labels: { a: 'b' }, anonymous: false, mountpoint: join(root, 'volumes/data/_data') });
  expect(statSync(made.mountpoint).mode & 0o777).toBe(0o755);
  expect(await volumes.create({ name: 'data', labels: { c: 'd' } })).toEqual(made);
  expect(volumes.list()).toEqual([made]);
  expect(volumes.get('data')).toEqual(made);
});

test('a volume without a name gets 64 hex digits and is anonymous', async () => {
  const made = await volumes.create({});
  expect(made.name).toMatch(/^[0-9a-f]{64}$/);
  expect(made.anonymous).toBe(true);
});

test('removing takes record and data', async () => {
  const { mountpoint } = await volumes.create({ name: 'data' });
  writeFileSync(join(mountpoint, 'file'), 'x');
  await volumes.remove('data');
  expect(existsSync(join(root, 'volumes/data'))).toBe(false);
  expect(readdirSync(join(root, 'trash'))).toEqual([]);
  expect(volumes.find('data')).toBeUndefined();
  await expect(volumes.remove('data')).rejects.toThrow('get data: no such volume');
});

test.each([
  [{ name: '../x' }, 'invalid characters'], [{ name: 'a/b' }, 'invalid characters'], [{ name: 'a' }, 'too short'],
  [{ name: '-ab' }, 'invalid characters'], [{ driver: 'nfs' }, 'plugin "nfs" not found'],
  [{ options: { type: 'tmpfs' } }, 'missing required option: "device"'], [{ options: { foo: 'x' } }, 'invalid option: "foo"'],
])('%j is refused', async (request, why) => {
  await expect(volumes.create(request)).rejects.toThrow(why);
  expect(readdirSync(join(root, 'volumes'))).toEqual([]);
});

test('a rename takes record and data along, also when the engine died in the middle of it', async () => {
  const { mountpoint } = await volumes.create({ name: 'old', labels: { a: 'b' } });
  writeFileSync(join(mountpoint, 'file'), 'x');
  await volumes.create({ name: 'other' });
  await expect(volumes.rename('old', 'other')).rejects.toThrow('exists already');
  await expect(volumes.rename('none', 'new')).rejects.toThrow('no such volume');
  await expect(volumes.rename('old', '../x')).rejects.toThrow('invalid characters');
  expect(await volumes.rename('old', 'new')).toMatchObject({ name: 'new', labels: { a: 'b' }, mountpoint: join(root, 'volumes/new/_data') });
  expect(existsSync(join(root, 'volumes/new/_data/file'))).toBe(true);
  database.run("INSERT INTO volume_renames VALUES ('new', 'newer')");
  volumes = await openVolumes({ database, root });
  expect(volumes.list().map(({ name }) => name)).toEqual(['newer', 'other']);
  expect(existsSync(join(root, 'volumes/newer/_data/file'))).toBe(true);
});

test('a volume that was recorded when the engine died has its directory afterwards', async () => {
  const { name } = await volumes.create({});
  await rm(join(root, 'volumes', name), { recursive: true });
  volumes = await openVolumes({ database, root });
  expect(existsSync(volumes.get(name).mountpoint)).toBe(true);
});
