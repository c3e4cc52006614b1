import { randomBytes } from 'node:crypto';
import type { Database } from '../host/database.ts';

/** What marks the kernel objects of this data root's engines: 12 hex digits, drawn once. */
export function engineIdOf(database: Database): string {
  database.define('CREATE TABLE IF NOT EXISTS engine (id TEXT NOT NULL) STRICT');
  const known = database.get<{ id: string }>('SELECT id FROM engine');
  if (known) return known.id;
  const id = randomBytes(6).toString('hex');
  database.run('INSERT INTO engine (id) VALUES (?)', id);
  return id;
}
