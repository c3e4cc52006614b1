import * as files from '../host/files.ts';
import { isAlive, type ContainerRecord } from '../model/container.ts';
import { readUsage, type CgroupUsage } from '../runtime/cgroups.ts';
import { cgroupPath } from './cgroups.ts';
import type { Context } from './context.ts';

export interface StatsSample {
  readonly read: string;
  readonly usage: CgroupUsage;
  /** Nanoseconds of CPU time of the whole host. */
  readonly hostCpu: number;
  readonly cpus: number;
  /** Interface → counters. */
  readonly networks: Record<
    string,
    {
      rx_bytes: number;
      rx_packets: number;
      rx_errors: number;
      rx_dropped: number;
      tx_bytes: number;
      tx_packets: number;
      tx_errors: number;
      tx_dropped: number;
    }
  >;
  readonly hostMemory: number;
}

/** One look at a container's cgroup; undefined where it doesn't run. */
export async function sample(
  context: Context,
  record: ContainerRecord,
  read: string,
): Promise<StatsSample | undefined> {
  if (!isAlive(record.state)) return undefined;
  const path = cgroupPath(context, record.id, record.hostConfig.CgroupParent);
  const [usage, stat, dev, memory] = await Promise.all([
    readUsage(context.host.cgroups, path),
    files.readText('/proc/stat'),
    files.readTextIfAny(`/proc/${record.state.pid}/net/dev`),
    files.readText('/proc/meminfo'),
  ]);
  const jiffies = (/^cpu\s+(.*)$/m.exec(stat)?.[1] ?? '')
    .split(' ')
    .slice(0, 8)
    .reduce((sum, text) => sum + Number(text), 0);
  return {
    read,
    usage,
    hostCpu: jiffies * 10_000_000,
    cpus: context.host.cpus.length,
    networks: record.hostConfig.NetworkMode === 'host' ? {} : interfaces(dev ?? ''),
    hostMemory: Number(/^MemTotal:\s+(\d+)/m.exec(memory)?.[1] ?? 0) * 1024,
  };
}

function interfaces(text: string): StatsSample['networks'] {
  const found: StatsSample['networks'] = {};
  for (const line of text.split('\n').slice(2)) {
    const [name, rest] = line.split(':');
    const n = (rest ?? '').trim().split(/\s+/).map(Number);
    if (!name || name.trim() === 'lo' || n.length < 12) continue;
    found[name.trim()] = {
      rx_bytes: n[0] ?? 0,
      rx_packets: n[1] ?? 0,
      rx_errors: n[2] ?? 0,
      rx_dropped: n[3] ?? 0,
      tx_bytes: n[8] ?? 0,
      tx_packets: n[9] ?? 0,
      tx_errors: n[10] ?? 0,
      tx_dropped: n[11] ?? 0,
    };
  }
  return found;
}
