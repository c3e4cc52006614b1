import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Database } from '../host/database.ts';
import { chmod, makeDirectory, remove, rename } from '../host/files.ts';
import { conflict, invalid, notFound } from '../model/errors.ts';

/** A directory that outlives containers: `volumes/<name>/_data` under the data root. */
export interface Volume {
  readonly name: string;
  /** Host path of the data. */
  readonly mountpoint: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly driver: 'local';
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** Made for a container without a name of its own; goes with it on `rm -v` and `--rm`. */
  readonly anonymous: boolean;
}

export interface VolumeRequest {
  /** 64 random hex digits where absent: an anonymous volume. */
  readonly name?: string;
  readonly driver?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
}

/** Who may use a volume, and what is copied into a new one, is the engine's affair. */
export interface Volumes {
  /** An existing volume of that name is returned as it is, as Docker does. */
  create(request: VolumeRequest): Promise<Volume>;
  find(name: string): Volume | undefined;
  /** Throws `not-found` in Docker's words. */
  get(name: string): Volume;
  /** By name. */
  list(): Volume[];
  /** Removes record and data; the caller has checked that no container uses it. */
  remove(name: string): Promise<void>;
}

interface VolumeRow {
  name: string;
  created_at: string;
  labels: string;
  options: string;
  anonymous: number;
}

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

export async function openVolumes({ database, root }: { database: Database; root: string }): Promise<Volumes> {
  const directory = join(root, 'volumes');
  await makeDirectory(directory);
  database.define(`CREATE TABLE IF NOT EXISTS volumes (
    name TEXT PRIMARY KEY, created_at TEXT NOT NULL, labels TEXT NOT NULL, options TEXT NOT NULL,
    anonymous INTEGER NOT NULL
  ) STRICT;`);

  const volumeOf = (row: VolumeRow): Volume => ({
    name: row.name,
    mountpoint: join(directory, row.name, '_data'),
    createdAt: row.created_at,
    driver: 'local',
    labels: JSON.parse(row.labels) as Record<string, string>,
    options: JSON.parse(row.options) as Record<string, string>,
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

  return {
    find,
    get,
    list: () => database.all<VolumeRow>('SELECT * FROM volumes ORDER BY name').map(volumeOf),
    async create({ name: asked, driver, labels = {}, options = {} }) {
      const name = asked || randomBytes(32).toString('hex');
      if (driver && driver !== 'local') throw invalid(`volume driver "${driver}" isn't there: use "local"`);
      if (!namePattern.test(name) || name.length < 2 || name.length > 255) {
        throw invalid(
          `create ${name}: volume name is invalid, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. ` +
            'If you intended to pass a host directory, use absolute path',
        );
      }
      const existing = find(name);
      if (existing) return existing;
      const mount = Object.keys(options).find((key) => ['type', 'device', 'o'].includes(key));
      if (mount) throw invalid(`create ${name}: volume option "${mount}" isn't supported yet`);
      await makeDirectory(join(directory, name));
      await makeDirectory(join(directory, name, '_data'), 0o755);
      await chmod(join(directory, name, '_data'), 0o755);
      database.run(
        'INSERT OR IGNORE INTO volumes VALUES (?, ?, ?, ?, ?)',
        name, new Date().toISOString(), JSON.stringify(labels), JSON.stringify(options), asked ? 0 : 1,
      );
      return get(name);
    },
    async remove(name) {
      get(name);
      const aside = join(root, 'trash', `${name.slice(0, 40)}-${randomBytes(4).toString('hex')}`);
      await makeDirectory(join(root, 'trash'));
      try {
        await rename(join(directory, name), aside);
      } catch (error) {
        throw conflict(`remove ${name}: ${error instanceof Error ? error.message : String(error)}`);
      }
      database.run('DELETE FROM volumes WHERE name = ?', name);
      await remove(aside);
    },
  };
}
