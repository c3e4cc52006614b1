import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

export type SqlValue = SQLInputValue;
export type Row = Record<string, unknown>;

/**
 * The records of one data root: a SQLite database in WAL mode. Each room that keeps records creates its own
 * tables with `define` and reads and writes them with its own SQL. Calls are synchronous and short; a
 * mutation and its intent go into one `transaction`.
 */
export interface Database {
  /** Runs DDL (`CREATE TABLE IF NOT EXISTS …`). */
  define(sql: string): void;
  run(sql: string, ...values: SqlValue[]): void;
  get<T = Row>(sql: string, ...values: SqlValue[]): T | undefined;
  all<T = Row>(sql: string, ...values: SqlValue[]): T[];
  /** All or nothing; a nested call joins the outer transaction. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** Opens (and creates) the database at `path`; `:memory:` for tests. */
export function openDatabase(path: string): Database {
  const db = new DatabaseSync(path);
  // WAL + NORMAL: a commit survives the death of the process; after a power cut the last commits may be
  // missing but the database is whole, and reconcile() settles the difference with the kernel.
  db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000;');
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (!statement) statements.set(sql, (statement = db.prepare(sql)));
    return statement;
  };
  return {
    define: (sql) => db.exec(sql),
    run: (sql, ...values) => void prepare(sql).run(...values),
    get: <T>(sql: string, ...values: SqlValue[]) => prepare(sql).get(...values) as T | undefined,
    all: <T>(sql: string, ...values: SqlValue[]) => prepare(sql).all(...values) as T[],
    transaction: (work) => {
      if (db.isTransaction) return work();
      db.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        db.exec('COMMIT');
        return result;
      } catch (error) {
        db.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => db.close(),
  };
}
