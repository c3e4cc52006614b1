import { mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync, unlinkSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../../src/host/database.ts';
import { deadNames, openNetnsNames } from '../../../src/network/netns-names.ts';

describe('names for ip netns', () => {
  let parent: string;
  let directory: string;
  let database: Database;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'names'));
    directory = join(parent, 'netns');
    database = openDatabase(':memory:');
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  it('are the container\'s name and pid, and go without a trace', async () => {
    const names = openNetnsNames(database, directory);
    expect(await names.add('c1', ['web'], 4321)).toEqual(['web', '4321']);
    expect(readlinkSync(join(directory, 'web'))).toBe('/proc/4321/ns/net');
    expect(readlinkSync(join(directory, '4321'))).toBe('/proc/4321/ns/net');
    await names.remove('c1');
    expect(existsSync(directory)).toBe(false);
  });

  it('never take the place of what others made, nor remove it', async () => {
    const names = openNetnsNames(database, directory);
    await names.add('c1', ['web'], 1);
    writeFileSync(join(directory, 'mine'), '');
    symlinkSync('/proc/7/ns/net', join(directory, 'theirs'));
    expect(await names.add('c2', ['mine', 'theirs'], 2)).toEqual(['2']);
    unlinkSync(join(directory, 'web'));
    writeFileSync(join(directory, 'web'), 'somebody else now');
    await names.remove('c1');
    await names.remove('c2');
    expect(readdirSync(directory).toSorted()).toEqual(['mine', 'theirs', 'web']);
  });

  it('of the dead are removed after a restart, and give way to the living', async () => {
    await openNetnsNames(database, directory).add('dead', ['web', 'db'], 1);
    const names = openNetnsNames(database, directory);
    expect(await names.add('c2', ['web'], 2)).toEqual(['web', '2']);
    expect(readlinkSync(join(directory, 'web'))).toBe('/proc/2/ns/net');
    await names.keepOnly(new Set(['c2']));
    expect(readdirSync(directory).toSorted()).toEqual(['2', 'web']);
  });

  it('that lead to no process are found', async () => {
    await openNetnsNames(database, directory).add('c', ['self'], process.pid);
    symlinkSync('/proc/4194305/ns/net', join(directory, 'gone'));
    expect(await deadNames(directory)).toEqual(['gone']);
  });
});
