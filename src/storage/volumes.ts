import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Database } from '../host/database.ts';
import { chmod, exists, list, makeDirectory, remove, rename } from '../host/files.ts';
import { conflict, invalid, messageOf, notFound } from '../model/errors.ts';
import { checkVolumeOptions } from './volume-options.ts';

type Texts = Readonly<Record<string, string>>;

/** A directory that outlives containers: `volumes/<name>/_data` under the data root. */
export interface Volume {
  readonly name: string;
  /** Host path of the data. */
  readonly mountpoint: string;
  /** RFC 3339, whole seconds. */
  readonly createdAt: string;
  readonly driver: 'local';
  /** null where nothing was said of them, which Docker tells from none. */
  readonly labels: Texts | null;
  readonly options: Texts | null;
  /** Made for a container without a name of its own; goes with it on `rm -v` and `--rm`. */
  readonly anonymous: boolean;
}

export interface VolumeRequest {
  /** 64 random hex digits where absent: an anonymous volume. */
  readonly name?: string;
  readonly driver?: string;
  readonly labels?: Texts | null;
  readonly options?: Texts | null;
  /** The name was chosen by the engine, by `freeName`. */
  readonly anonymous?: boolean;
}

/** Who may use a volume, and what is copied into a new one, is the engine's affair. */
export interface Volumes {
  /** An existing volume of that name is returned as it is, as Docker does. */
  create(request: VolumeRequest): Promise<Volume>;
  /** A name for an anonymous volume, so that its owner can be recorded before it is made. */
  freeName(): string;
  pathOf(name: string): string;
  find(name: string): Volume | undefined;
  /** Throws `not-found` in Docker's words. */
  get(name: string): Volume;
  /** By name. */
  list(): Volume[];
  /** Record and directory together, also over a crash; the caller has checked that no container uses it. */
  rename(name: string, to: string): Promise<Volume>;
  /** Removes record and data; the caller has checked that no container uses it. */
  remove(name: string): Promise<void>;
  /** One work at a time for each volume: mounting and unmounting what its options say. */
  inTurn<T>(name: string, work: () => Promise<T>): Promise<T>;
}

interface VolumeRow {
  name: string;
  created_at: string;
  labels: string;
  options: string;
  anonymous: number;
}

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

function checkVolumeName(name: string): void {
  if (name.length < 2 && /^[a-zA-Z0-9]*$/.test(name)) {
    throw invalid(`create ${name}: volume name is too short, names should be at least two alphanumeric characters`);
  }
  if (namePattern.test(name) && name.length >= 2 && name.length <= 255) return;
  throw invalid(
    `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" ` +
      'are allowed. If you intended to pass a host directory, use absolute path',
  );
}

export async function openVolumes({ database, root }: { database: Database; root: string }): Promise<Volumes> {
  const directory = join(root, 'volumes');
  await makeDirectory(directory);
  database.define(`CREATE TABLE IF NOT EXISTS volumes (
    name TEXT PRIMARY KEY, created_at TEXT NOT NULL, labels TEXT NOT NULL, options TEXT NOT NULL,
    anonymous INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS volume_renames (name TEXT PRIMARY KEY, new_name TEXT NOT NULL) STRICT;`);
  const pathOf = (name: string): string => join(directory, name, '_data');
  const turns = new Map<string, Promise<unknown>>();

  const volumeOf = (row: VolumeRow): Volume => ({
    name: row.name,
    mountpoint: pathOf(row.name),
    createdAt: row.created_at,
    driver: 'local',
    labels: JSON.parse(row.labels) as Texts | null,
    options: JSON.parse(row.options) as Texts | null,
    anonymous: row.anonymous === 1,
  });
  const find = (name: string): Volume | undefined => {
    const row = database.get<VolumeRow>('SELECT * FROM volumes WHERE name = ?', name);
    return row && volumeOf(row);
  };
  const get = (name: string): Volume => {
    const volume = find(name);
    if (!volume) throw notFound(`get ${name}: no such volume`);
    return volume;
  };
  const makeData = async (name: string): Promise<void> => {
    await makeDirectory(join(directory, name));
    await makeDirectory(pathOf(name), 0o755);
    await chmod(pathOf(name), 0o755);
  };
  /** The intent was recorded; whether the directory has moved already is seen. */
  const finishRename = async (name: string, to: string): Promise<void> => {
    if (await exists(join(directory, name))) await rename(join(directory, name), join(directory, to));
    database.transaction(() => {
      database.run('UPDATE volumes SET name = ?, anonymous = 0 WHERE name = ?', to, name);
      database.run('DELETE FROM volume_renames WHERE name = ?', name);
    });
  };

  // What a crash interrupted: a rename, or a volume that was recorded and has no directory yet.
  for (const row of database.all<{ name: string; new_name: string }>('SELECT * FROM volume_renames')) {
    await finishRename(row.name, row.new_name);
  }
  const there = new Set(await list(directory));
  for (const { name } of database.all<{ name: string }>('SELECT name FROM volumes')) {
    if (!there.has(name)) await makeData(name);
  }

  return {
    find,
    get,
    pathOf,
    freeName: () => randomBytes(32).toString('hex'),
    list: () => database.all<VolumeRow>('SELECT * FROM volumes ORDER BY name').map(volumeOf),
    async create({ name: asked, driver, labels = null, options = null, anonymous = !asked }) {
      const name = asked || randomBytes(32).toString('hex');
      if (driver && driver !== 'local') {
        throw notFound(`create ${name}: error looking up volume plugin ${driver}: plugin "${driver}" not found`);
      }
      checkVolumeName(name);
      const existing = find(name);
      if (existing) return existing;
      checkVolumeOptions(name, options);
      const createdAt = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
      // The record first: a directory that nobody knows of would stay for ever.
      database.run(
        'INSERT OR IGNORE INTO volumes VALUES (?, ?, ?, ?, ?)',
        name, createdAt, JSON.stringify(labels), JSON.stringify(options), anonymous ? 1 : 0,
      );
      try {
        await makeData(name);
      } catch (error) {
        database.run('DELETE FROM volumes WHERE name = ?', name);
        throw error;
      }
      return get(name);
    },
    async rename(name, to) {
      get(name);
      checkVolumeName(to);
      if (find(to)) throw conflict(`rename ${name}: a volume named ${to} exists already`);
      database.run('INSERT OR REPLACE INTO volume_renames VALUES (?, ?)', name, to);
      await finishRename(name, to);
      return get(to);
    },
    async remove(name) {
      get(name);
      const aside = join(root, 'trash', `${name.slice(0, 40)}-${randomBytes(4).toString('hex')}`);
      await makeDirectory(join(root, 'trash'));
      try {
        if (await exists(join(directory, name))) await rename(join(directory, name), aside);
      } catch (error) {
        throw conflict(`remove ${name}: ${messageOf(error)}`);
      }
      database.run('DELETE FROM volumes WHERE name = ?', name);
      await remove(aside);
    },
    inTurn: (name, work) => {
      const result = (turns.get(name) ?? Promise.resolve()).then(work);
      const settled = result.then(() => undefined, () => undefined);
      turns.set(name, settled);
      void settled.then(() => turns.get(name) === settled && turns.delete(name));
      return result;
    },
  };
}
