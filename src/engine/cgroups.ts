import { posix } from 'node:path';
import { freezeOps, killGroup, removeOps, removeParentOps } from '../runtime/cgroups.ts';
import { isAlive } from '../model/container.ts';
import type { Context } from './context.ts';

/** The group of a container from the root of every tree: `<parent>/<id>`. */
export function cgroupPath(context: Context, id: string, parent: string): string {
  return posix.join('/', parent || context.options.cgroupParent, id);
}

export async function removeCgroups(context: Context, id: string, parent: string): Promise<void> {
  const path = cgroupPath(context, id, parent);
  // A process that was just killed leaves its group a moment after its keeper saw it end.
  for (let attempt = 0; ; attempt += 1) {
    try {
      await context.helper.apply(removeOps(context.host.cgroups, path));
      return;
    } catch (error) {
      if (attempt >= 20) throw error;
      if (attempt === 2) await killCgroup(context, id, parent);
      await new Promise((resolve) => setTimeout(resolve, 2 * 2 ** Math.min(attempt, 6)));
    }
  }
}

/** With the last container's group the engine's own parent goes too; `except` is the one that is going. */
export async function removeIdleParent(context: Context, except?: string): Promise<void> {
  const busy = context.records
    .all()
    .some(({ id, state }) => id !== except && (isAlive(state) || context.live.of(id).starting !== undefined));
  if (!busy) await context.helper.apply(removeParentOps(context.host.cgroups));
}

/** SIGKILL to every process of the container, whoever its parent is. */
export async function killCgroup(context: Context, id: string, parent: string): Promise<void> {
  await killGroup(context.host.cgroups, cgroupPath(context, id, parent), (pid) => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended meanwhile
    }
  });
}

export async function freeze(context: Context, id: string, parent: string): Promise<void> {
  await context.helper.apply(freezeOps(context.host.cgroups, cgroupPath(context, id, parent), true));
}

export async function thaw(context: Context, id: string, parent: string): Promise<void> {
  await context.helper.apply(freezeOps(context.host.cgroups, cgroupPath(context, id, parent), false));
}
