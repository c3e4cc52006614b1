import { exists, list, mkdir, readlink, rmdir, symlink, unlink } from '../host/files.ts';
import type { Database } from '../host/database.ts';
import { codeOf } from '../model/errors.ts';
import { openMemories } from './memory.ts';

/**
 * Containers' network namespaces where `ip netns` looks for them: /run/netns/NAME and /run/netns/PID, each a link to
 * /proc/PID/ns/net. A link is ours if our record has it and it still points there; nothing else is ever touched.
 */
export interface NetnsNames {
  /** Makes both links. A name that someone else has already stays theirs; returns the names that were made. */
  add(containerId: string, names: readonly string[], pid: number): Promise<string[]>;
  remove(containerId: string): Promise<void>;
  /** Removes the links of all containers that aren't in `living`. */
  keepOnly(living: ReadonlySet<string>): Promise<void>;
}

export const netnsDirectory = '/run/netns';

interface Row {
  name: string;
  pid: number;
}

export function openNetnsNames(database: Database, directory = netnsDirectory): NetnsNames {
  database.define(`CREATE TABLE IF NOT EXISTS netns_names (
    name TEXT PRIMARY KEY, owner TEXT NOT NULL, pid INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS netns_names_owner ON netns_names (owner)`);
  const memories = openMemories(database);
  const madeDirectory = 'netns directory is ours';
  const target = (pid: number): string => `/proc/${pid}/ns/net`;

  async function unlinkOurs({ name, pid }: Row): Promise<void> {
    const path = `${directory}/${name}`;
    try {
      if ((await readlink(path)) === target(pid)) await unlink(path);
    } catch (error) {
      // EINVAL: a file now stands there, made by `ip netns add`; it isn't ours.
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EINVAL') throw error;
    }
    database.run('DELETE FROM netns_names WHERE name = ?', name);
  }

  async function removeAllOf(owner: string): Promise<void> {
    for (const row of database.all<Row>('SELECT name, pid FROM netns_names WHERE owner = ?', owner)) {
      await unlinkOurs(row);
    }
    if (!memories.get(madeDirectory) || database.get('SELECT 1 FROM netns_names LIMIT 1')) return;
    memories.set(madeDirectory, undefined);
    // ENOTEMPTY: others use it by now. EBUSY: `ip netns add` has mounted it.
    await rmdir(directory).catch(() => undefined);
  }

  async function addOne(owner: string, name: string, pid: number): Promise<boolean> {
    const path = `${directory}/${name}`;
    const stale = database.get<Row>('SELECT name, pid FROM netns_names WHERE name = ?', name);
    if (stale) await unlinkOurs(stale);
    database.run('INSERT INTO netns_names (name, owner, pid) VALUES (?, ?, ?)', name, owner, pid);
    for (let attempt = 0; ; attempt++) {
      try {
        await symlink(target(pid), path);
        return true;
      } catch (error) {
        if (codeOf(error) === 'ENOENT' && attempt < 3) {
          await mkdir(directory).then(() => memories.set(madeDirectory, true), () => undefined);
          continue;
        }
        database.run('DELETE FROM netns_names WHERE name = ?', name);
        if (codeOf(error) === 'EEXIST') return false;
        throw error;
      }
    }
  }

  return {
    add: async (containerId, names, pid) => {
      const made: string[] = [];
      for (const name of [...names, String(pid)]) if (await addOne(containerId, name, pid)) made.push(name);
      return made;
    },
    remove: removeAllOf,
    keepOnly: async (living) => {
      for (const { owner } of database.all<{ owner: string }>('SELECT DISTINCT owner FROM netns_names')) {
        if (!living.has(owner)) await removeAllOf(owner);
      }
    },
  };
}

/** Links in the directory that lead to a process that is gone; for leak checks. */
export async function deadNames(directory = netnsDirectory): Promise<string[]> {
  const dead: string[] = [];
  for (const name of await list(directory)) {
    const to = await readlink(`${directory}/${name}`).catch(() => undefined);
    if (to?.startsWith('/proc/') && !(await exists(to))) dead.push(name);
  }
  return dead;
}
