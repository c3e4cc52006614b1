import type { Database } from '../host/database.ts';

/** Small facts about what we changed on the host, kept so that a later engine can put it back. */
export interface Memories {
  get<T>(key: string): T | undefined;
  set(key: string, value: unknown): void;
}

export function openMemories(database: Database): Memories {
  database.define('CREATE TABLE IF NOT EXISTS network_memory (key TEXT PRIMARY KEY, value TEXT NOT NULL)');
  return {
    get: <T>(key: string) => {
      const row = database.get<{ value: string }>('SELECT value FROM network_memory WHERE key = ?', key);
      return row ? JSON.parse(row.value) as T : undefined;
    },
    set: (key, value) => value === undefined
      ? database.run('DELETE FROM network_memory WHERE key = ?', key)
      : database.run('INSERT OR REPLACE INTO network_memory (key, value) VALUES (?, ?)', key, JSON.stringify(value)),
  };
}
