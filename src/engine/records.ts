import type { Database } from '../host/database.ts';
import { canBecome, type ContainerRecord, type ContainerState } from '../model/container.ts';
import { BerthError, conflict, invalid, notFound } from '../model/errors.ts';
import type { ContainerId } from '../model/ids.ts';

/**
 * The containers' records: held in memory, written through to SQLite, so that a listing costs no query and a crash
 * loses nothing. A record is replaced whole; nobody changes one in place.
 */
export class Records {
  readonly #database: Database;
  readonly #byId = new Map<string, ContainerRecord>();
  readonly #byName = new Map<string, ContainerRecord>();

  constructor(database: Database) {
    this.#database = database;
    database.define(`
      CREATE TABLE IF NOT EXISTS containers (
        id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, record TEXT NOT NULL
      ) STRICT;
      CREATE TABLE IF NOT EXISTS removed_exits (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, exit_code INTEGER NOT NULL, sequence INTEGER NOT NULL
      ) STRICT;
    `);
    for (const row of database.all<{ record: string }>('SELECT record FROM containers')) {
      this.#keep(JSON.parse(row.record) as ContainerRecord);
    }
  }

  #keep(record: ContainerRecord): void {
    this.#byId.set(record.id, record);
    this.#byName.set(record.name, record);
  }

  /** Newest first. */
  all(): ContainerRecord[] {
    return [...this.#byId.values()].sort((a, b) => (a.created < b.created ? 1 : a.created > b.created ? -1 : 0));
  }

  get(id: string): ContainerRecord | undefined {
    return this.#byId.get(id);
  }

  hasName(name: string): boolean {
    return this.#byName.has(name);
  }

  /** By whole id, by name (with or without Docker's slash), then by the unique beginning of an id. */
  find(reference: string): ContainerRecord {
    const name = reference.replace(/^\//, '');
    const exact = this.#byId.get(reference) ?? this.#byName.get(name);
    if (exact) return exact;
    const matches = /^[0-9a-f]{1,63}$/.test(reference)
      ? [...this.#byId.values()].filter((r) => r.id.startsWith(reference))
      : [];
    if (matches.length > 1) throw invalid(`multiple IDs found with provided prefix: ${reference}`);
    if (!matches[0]) throw notFound(`No such container: ${reference}`);
    return matches[0];
  }

  /** Takes the name and writes the record in one step. */
  insert(record: ContainerRecord): void {
    const other = this.#byName.get(record.name);
    if (other) throw nameTaken(record.name, other.id);
    this.#database.run(
      'INSERT INTO containers (id, name, record) VALUES (?, ?, ?)',
      record.id,
      record.name,
      JSON.stringify(record),
    );
    this.#keep(record);
  }

  update(
    id: ContainerId,
    changes: Partial<Omit<ContainerRecord, 'id' | 'created' | 'state'>> & { state?: ContainerState },
  ): ContainerRecord {
    const old = this.#byId.get(id);
    if (!old) throw notFound(`No such container: ${id}`);
    if (
      changes.state &&
      changes.state.status !== old.state.status &&
      !canBecome(old.state.status, changes.state.status)
    ) {
      throw new BerthError('internal', `container ${id} can't go from ${old.state.status} to ${changes.state.status}`);
    }
    const next: ContainerRecord = { ...old, ...changes };
    if (next.name !== old.name) {
      const other = this.#byName.get(next.name);
      if (other) throw nameTaken(next.name, other.id);
    }
    this.#database.run('UPDATE containers SET name = ?, record = ? WHERE id = ?', next.name, JSON.stringify(next), id);
    this.#byName.delete(old.name);
    this.#keep(next);
    return next;
  }

  /** Forgets a container; with an exit code, `wait` can still be answered for the last thousand of them. */
  delete(id: ContainerId, exitCode?: number): void {
    const old = this.#byId.get(id);
    if (!old) return;
    this.#database.transaction(() => {
      this.#database.run('DELETE FROM containers WHERE id = ?', id);
      if (exitCode !== undefined) {
        this.#database.run(
          `INSERT OR REPLACE INTO removed_exits
             VALUES (?, ?, ?, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM removed_exits))`,
          id,
          old.name,
          exitCode,
        );
        this.#database.run(
          'DELETE FROM removed_exits WHERE sequence <= (SELECT MAX(sequence) - 1000 FROM removed_exits)',
        );
      }
    });
    this.#byId.delete(id);
    this.#byName.delete(old.name);
  }

  /** The exit code of a container that removed itself. */
  removedExit(reference: string): number | undefined {
    return this.#database.get<{ exit_code: number }>(
      'SELECT exit_code FROM removed_exits WHERE id = ? OR name = ? ORDER BY sequence DESC LIMIT 1',
      reference,
      reference.replace(/^\//, ''),
    )?.exit_code;
  }
}

function nameTaken(name: string, owner: string): BerthError {
  return conflict(
    `Conflict. The container name "/${name}" is already in use by container "${owner}". ` +
      'You have to remove (or rename) that container to be able to reuse that name.',
  );
}
