import { parseMoment, parseTime, nowNs } from './clock.ts';
import type { Context } from './context.ts';
import { labelsPass, type Filters } from './filters.ts';
import { remove } from './remove.ts';
import { sizeOf } from './system.ts';
import { invalid } from '../model/errors.ts';

/** Removes every container that doesn't run; with `until` only those made before it. */
export async function pruneContainers(
  context: Context,
  filters: Filters,
): Promise<{ deleted: string[]; reclaimed: number }> {
  const limit = untilOf(filters);
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

/** A time, or an age as Go writes durations (`24h`, `1h30m`). */
function untilOf(filters: Filters): bigint | undefined {
  const text = filters.get('until')?.[0];
  if (text === undefined) return undefined;
  const moment = parseMoment(text);
  if (moment !== undefined) return moment;
  const units = { h: 3600, m: 60, s: 1 } as const;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text)
    throw invalid(`invalid filter 'until=${text.slice(0, 50)}'`);
  const seconds = parts.reduce((sum, [, number, unit]) => sum + Number(number) * units[unit as keyof typeof units], 0);
  return nowNs() - BigInt(Math.round(seconds * 1000)) * 1_000_000n;
}
