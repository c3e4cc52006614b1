import * as files from '../host/files.ts';
import type { ContainerRecord } from '../model/container.ts';
import { processesOf } from '../runtime/cgroups.ts';
import { cgroupPath } from './cgroups.ts';
import type { Context } from './context.ts';

/** Kills a process of a container and all that it started, as far as they are still its children's children. */
export async function killTree(context: Context, record: ContainerRecord, root: number): Promise<void> {
  const group = cgroupPath(context, record.id, record.hostConfig.CgroupParent);
  const parents = new Map<number, number>();
  for (const pid of await processesOf(context.host.cgroups, group)) {
    const stat = await files.readTextIfAny(`/proc/${pid}/stat`).catch(() => undefined);
    if (stat !== undefined) parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  if (!parents.has(root)) return;
  const tree = new Set([root]);
  for (let size = 0; size < tree.size;) {
    size = tree.size;
    for (const [pid, parent] of parents) if (tree.has(parent)) tree.add(pid);
  }
  for (const pid of tree) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended meanwhile
    }
  }
}
