import { totalmem } from 'node:os';
import * as files from '../host/files.ts';
import { isAlive, type ContainerRecord } from '../model/container.ts';
import { readUsage, type CgroupUsage } from '../runtime/cgroups.ts';
import { cgroupPath } from './cgroups.ts';
import { now } from './clock.ts';
import type { Context } from './context.ts';

export interface InterfaceCounters {
  rx_bytes: number;
  rx_packets: number;
  rx_errors: number;
  rx_dropped: number;
  tx_bytes: number;
  tx_packets: number;
  tx_errors: number;
  tx_dropped: number;
}

export interface StatsSample {
  /** RFC 3339 with nanoseconds. */
  readonly read: string;
  readonly usage: CgroupUsage;
  /** Nanoseconds of CPU time of the whole host. */
  readonly hostCpu: number;
  readonly cpus: number;
  readonly networks: Record<string, InterfaceCounters>;
  readonly hostMemory: number;
}

/** The host's CPU time, read once for all who ask within a moment: a thousand followers cost one read. */
export class HostCpu {
  #read: Promise<number> | undefined;
  #at = 0;

  nanoseconds(): Promise<number> {
    if (!this.#read || performance.now() - this.#at > 50) {
      this.#at = performance.now();
      this.#read = files.readText('/proc/stat').then(hostNanoseconds);
    }
    return this.#read;
  }
}

/** user, nice, system, idle, iowait, irq and softirq, as Docker sums them. */
function hostNanoseconds(stat: string): number {
  const fields = (/^cpu\s+(.*)$/m.exec(stat)?.[1] ?? '').split(' ').slice(0, 7);
  return fields.reduce((sum, text) => sum + Number(text), 0) * 10_000_000;
}

/** One look at a container's cgroup; undefined where it doesn't run. */
export async function sample(context: Context, record: ContainerRecord): Promise<StatsSample | undefined> {
  if (!isAlive(record.state)) return undefined;
  const path = cgroupPath(context, record.id, record.hostConfig.CgroupParent);
  const ownNetwork = record.hostConfig.NetworkMode !== 'host';
  const [usage, hostCpu, dev] = await Promise.all([
    readUsage(context.host.cgroups, path),
    context.hostCpu.nanoseconds(),
    ownNetwork ? files.readTextIfAny(`/proc/${record.state.pid}/net/dev`).catch(() => undefined) : undefined,
  ]);
  return {
    read: now(),
    usage,
    hostCpu,
    cpus: context.host.cpus.length,
    networks: interfaces(dev ?? ''),
    hostMemory: totalmem(),
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
