import type { Database } from '../host/database.ts';
import { notFound } from '../model/errors.ts';
import type { ContainerId } from '../model/ids.ts';
import type { Keeper } from '../runtime/launch.ts';
import type { PendingAttach } from './live.ts';

export interface ExecConfig {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly user: string;
  readonly cwd: string;
  readonly tty: boolean;
  readonly privileged: boolean;
  readonly attachStdin: boolean;
  readonly attachStdout: boolean;
  readonly attachStderr: boolean;
  readonly detachKeys: string;
  /** Rows, columns of the terminal at its start. */
  readonly consoleSize?: readonly [number, number];
}

export interface ExecRecord {
  /** 64 hex digits. */
  readonly id: string;
  readonly container: ContainerId;
  readonly config: ExecConfig;
  readonly status: 'created' | 'running' | 'exited';
  readonly pid: number;
  readonly exitCode: number | null;
  /** Milliseconds since 1970. */
  readonly endedAt?: number;
}

/** A running exec, as long as the engine lives. */
export interface LiveExec {
  keeper?: Keeper;
  ended?: Promise<void>;
  readonly pending: Set<PendingAttach>;
}

/**
 * Execs asked for: kept until their container goes, so that an exit code can be asked for after a restart of the
 * engine.
 */
export class Execs {
  readonly #database: Database;
  readonly #byId = new Map<string, ExecRecord>();
  readonly live = new Map<string, LiveExec>();

  constructor(database: Database) {
    this.#database = database;
    database.define(
      'CREATE TABLE IF NOT EXISTS execs (id TEXT PRIMARY KEY, container TEXT NOT NULL, record TEXT NOT NULL) STRICT',
    );
    for (const { record } of database.all<{ record: string }>('SELECT record FROM execs')) {
      const exec = JSON.parse(record) as ExecRecord;
      this.#byId.set(exec.id, exec);
    }
  }

  put(exec: ExecRecord): ExecRecord {
    this.#database.run('INSERT OR REPLACE INTO execs VALUES (?, ?, ?)', exec.id, exec.container, JSON.stringify(exec));
    this.#byId.set(exec.id, exec);
    return exec;
  }

  find(reference: string): ExecRecord {
    const exec =
      this.#byId.get(reference) ??
      (/^[0-9a-f]{6,63}$/.test(reference)
        ? [...this.#byId.values()].find(({ id }) => id.startsWith(reference))
        : undefined);
    if (!exec) throw notFound(`No such exec instance: ${reference}`);
    return exec;
  }

  get(id: string): ExecRecord | undefined {
    return this.#byId.get(id);
  }

  all(): ExecRecord[] {
    return [...this.#byId.values()];
  }

  /** Those that run or wait to run, as inspect lists them. */
  idsOf(container: ContainerId): string[] {
    return this.all()
      .filter((exec) => exec.container === container && exec.status !== 'exited')
      .map(({ id }) => id);
  }

  forget(id: string): void {
    this.#database.run('DELETE FROM execs WHERE id = ?', id);
    this.#byId.delete(id);
    this.live.delete(id);
  }

  forgetContainer(container: ContainerId): void {
    this.#database.run('DELETE FROM execs WHERE container = ?', container);
    for (const exec of this.all()) {
      if (exec.container !== container) continue;
      this.#byId.delete(exec.id);
      this.live.delete(exec.id);
    }
  }
}
