import { readTextIfAny, writeText } from '../../host/files.ts';
import { codeOf } from '../../model/errors.ts';
import { type CgroupLayout, groupDirectories } from './layout.ts';

/** Process ids of a group, its members in every tree, children groups left out. Empty where the group is gone. */
export async function processesOf(layout: CgroupLayout, path: string): Promise<number[]> {
  const lists = await Promise.all(groupDirectories(layout, path).map((directory) => readTextIfAny(`${directory}/cgroup.procs`)));
  return [...new Set(lists.flatMap((text) => (text ?? '').split('\n').filter(Boolean).map(Number)))];
}

/**
 * Kills whatever is in the group, in one step by cgroup.kill where there is a cgroup2 tree that knows it (Linux 5.14),
 * then whoever is still listed. `kill` sends SIGKILL to one pid.
 */
export async function killGroup(layout: CgroupLayout, path: string, kill: (pid: number) => void): Promise<void> {
  if (layout.unified) {
    try {
      await writeText(`${layout.unified.mountPoint}${path}/cgroup.kill`, '1');
    } catch (error) {
      if (!['ENOENT', 'EACCES', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENODEV'].includes(codeOf(error) ?? '')) throw error;
    }
  }
  // v1 alone, or processes that the cgroup2 tree doesn't know: again until a fork that raced us is caught too.
  for (let round = 0; round < 50; round++) {
    const pids = await processesOf(layout, path);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
    await new Promise((resolve) => setTimeout(resolve, 2 * (round + 1)));
  }
}
