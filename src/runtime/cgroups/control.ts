import { readTextIfAny, writeText } from '../../host/files.ts';
import { codeOf } from '../../model/errors.ts';
import { type CgroupLayout, groupDirectories, v1Directory } from './layout.ts';

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

/** What a group uses, in bytes and nanoseconds; absent where the host has no such controller. */
export interface CgroupUsage {
  readonly memory?: number;
  readonly memoryLimit?: number;
  readonly cpuNanoseconds?: bigint;
  readonly pids?: number;
  readonly pidsLimit?: number;
  readonly oomKills?: number;
}

export async function readUsage(layout: CgroupLayout, path: string): Promise<CgroupUsage> {
  const v2 = layout.kind === 'v2';
  const at = async (controller: string, v1File: string, v2File: string): Promise<string | undefined> => {
    const directory = v2 ? layout.unified && layout.unified.mountPoint + path : v1Directory(layout, controller, path);
    return directory === undefined ? undefined : await readTextIfAny(`${directory}/${v2 ? v2File : v1File}`);
  };
  const [memory, limit, cpu, pids, pidsLimit, oom] = await Promise.all([
    at('memory', 'memory.usage_in_bytes', 'memory.current'),
    at('memory', 'memory.limit_in_bytes', 'memory.max'),
    at('cpuacct', 'cpuacct.usage', 'cpu.stat'),
    at('pids', 'pids.current', 'pids.current'),
    at('pids', 'pids.max', 'pids.max'),
    at('memory', 'memory.oom_control', 'memory.events'),
  ]);
  return {
    ...number('memory', memory), ...number('memoryLimit', limit), ...number('pids', pids), ...number('pidsLimit', pidsLimit),
    ...number('oomKills', /^oom_kill (\d+)$/m.exec(oom ?? '')?.[1]),
    ...(cpu !== undefined && { cpuNanoseconds: v2 ? BigInt(/^usage_usec (\d+)$/m.exec(cpu)?.[1] ?? 0) * 1000n : BigInt(cpu.trim()) }),
  };
}

/** `max` (no limit) and absent files give no field. */
function number<K extends keyof CgroupUsage>(key: K, text: string | undefined): Partial<CgroupUsage> {
  const value = text === undefined || text.trim() === 'max' ? Number.NaN : Number(text.trim());
  return Number.isNaN(value) ? {} : { [key]: value };
}
