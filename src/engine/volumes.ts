import { conflict } from '../model/errors.ts';
import { codeOf, BerthError } from '../model/errors.ts';
import type { Context } from './context.ts';
import { booleanFilter, labelsPass, passes, type Filters } from './filters.ts';
import { sizeOf } from './system.ts';

export const volumeFilters = ['dangling', 'driver', 'label', 'label!', 'name'];

type Volume = ReturnType<Context['volumes']['get']>;

const usersOf = (context: Context, name: string): string[] =>
  context.records
    .all()
    .filter((record) => record.mounts.some((mount) => mount.name === name))
    .map(({ id }) => id);

export function listVolumes(context: Context, filters: Filters): Volume[] {
  const dangling = booleanFilter(filters, 'dangling');
  return context.volumes
    .list()
    .filter(
      (volume) =>
        passes(filters, 'name', (value) => volume.name.includes(value)) &&
        passes(filters, 'driver', (value) => value === volume.driver) &&
        (dangling === undefined || dangling === (usersOf(context, volume.name).length === 0)) &&
        labelsPass(filters, volume.labels ?? {}),
    );
}

export async function removeVolume(context: Context, name: string, force: boolean, except?: string): Promise<void> {
  const users = usersOf(context, name).filter((user) => user !== except);
  if (users.length > 0) throw conflict(`remove ${name}: volume is in use - [${users.join(', ')}]`);
  try {
    await context.volumes.remove(name);
  } catch (error) {
    if (force && error instanceof BerthError && error.kind === 'not-found') return;
    if (codeOf(error) === 'EBUSY') throw conflict(`remove ${name}: volume is in use`);
    throw error;
  }
  context.events.emit('volume', 'destroy', name, { driver: 'local' });
}

/** Containers know their volumes by name and by path, so that none may use it meanwhile. */
export async function renameVolume(context: Context, name: string, to: string): Promise<Volume> {
  const users = usersOf(context, name);
  if (users.length > 0) throw conflict(`rename ${name}: volume is in use - [${users.join(', ')}]`);
  const volume = await context.volumes.inTurn(name, () => context.volumes.rename(name, to));
  context.events.emit('volume', 'rename', to, { driver: 'local', oldName: name });
  return volume;
}

/**
 * Volumes that no container uses: the anonymous ones, with `all` the named too.
 *
 * @param otherwiseAll what holds where the filter `all` isn't given: before API 1.42 all of them went
 */
export async function pruneVolumes(
  context: Context,
  filters: Filters,
  otherwiseAll: boolean,
): Promise<{ deleted: string[]; reclaimed: number }> {
  const all = booleanFilter(filters, 'all') ?? otherwiseAll;
  const deleted: string[] = [];
  let reclaimed = 0;
  for (const volume of context.volumes.list()) {
    if ((!all && !volume.anonymous) || usersOf(context, volume.name).length > 0 || !labelsPass(filters, volume.labels ?? {}))
      continue;
    reclaimed += await sizeOf(volume.mountpoint);
    await removeVolume(context, volume.name, true);
    deleted.push(volume.name);
  }
  return { deleted, reclaimed };
}
