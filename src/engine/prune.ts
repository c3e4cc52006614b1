import { parseTime } from './clock.ts';
import type { Context } from './context.ts';
import { labelsPass, untilFilter, type Filters } from './filters.ts';
import { remove } from './remove.ts';
import { sizeOf } from './system.ts';

/** Removes every container that doesn't run; with `until` only those made before it. */
export async function pruneContainers(
  context: Context,
  filters: Filters,
): Promise<{ deleted: string[]; reclaimed: number }> {
  const limit = untilFilter(filters);
  const deleted: string[] = [];
  let reclaimed = 0;
  for (const record of context.records.all()) {
    if (!['created', 'exited', 'dead'].includes(record.state.status) || !labelsPass(filters, record.config.Labels))
      continue;
    if (limit !== undefined && (parseTime(record.created) ?? 0n) >= limit) continue;
    const overlay = context.snapshots.overlay(record.id);
    reclaimed += overlay ? await sizeOf(overlay.upper) : 0;
    await remove(context, record, { force: false, volumes: false });
    deleted.push(record.id);
  }
  return { deleted, reclaimed };
}
