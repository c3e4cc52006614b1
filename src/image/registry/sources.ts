import type { Database } from '../../host/database.ts';
import type { Digest } from '../../model/ids.ts';

/** A blob that some repository of a registry is known to have, and what it unpacks to. */
export interface Source {
  readonly diffId: Digest;
  readonly blob: Digest;
  /** Bytes. */
  readonly size: number;
  readonly mediaType: string;
  readonly registry: string;
  readonly repository: string;
}

/** Where layers came from and went to: so that a push sends nothing that a registry has. Hints; registries are asked. */
export interface Sources {
  add(sources: readonly Source[]): void;
  /** What is known of a layer at one registry, the newest first. */
  of(diffId: Digest, registry: string): Source[];
}

const keptOfEach = 30;

export function openSources(database: Database): Sources {
  database.define(`CREATE TABLE IF NOT EXISTS layer_sources (
      diff_id TEXT NOT NULL, blob TEXT NOT NULL, size INTEGER NOT NULL, media_type TEXT NOT NULL,
      registry TEXT NOT NULL, repository TEXT NOT NULL, PRIMARY KEY (diff_id, blob, registry, repository)
    ) STRICT;`);
  return {
    add: (sources) =>
      database.transaction(() => {
        for (const { diffId, blob, size, mediaType, registry, repository } of sources) {
          database.run(
            'INSERT OR REPLACE INTO layer_sources VALUES (?, ?, ?, ?, ?, ?)', diffId, blob, size, mediaType, registry, repository,
          );
          database.run(
            `DELETE FROM layer_sources WHERE diff_id = ? AND rowid NOT IN
               (SELECT rowid FROM layer_sources WHERE diff_id = ? ORDER BY rowid DESC LIMIT ?)`,
            diffId, diffId, keptOfEach,
          );
        }
      }),
    of: (diffId, registry) =>
      database.all<Source>(
        `SELECT diff_id AS diffId, blob, size, media_type AS mediaType, registry, repository FROM layer_sources
           WHERE diff_id = ? AND registry = ? ORDER BY rowid DESC`,
        diffId, registry,
      ),
  };
}
