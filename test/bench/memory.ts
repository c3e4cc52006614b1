import { readdirSync, readFileSync } from 'node:fs';
import { childrenOf, type Peer } from './peers.ts';

/** All that exists because of an engine: what it started, and whoever names its directory, with their descendants. */
export function processesOf(peer: Peer): number[] {
  const found = new Set(peer.processes());
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(peer.directory)) found.add(pid);
    } catch {
      // gone meanwhile
    }
  }
  for (const pid of [...found]) for (const child of childrenOf(pid)) found.add(child);
  return [...found];
}

/** Bytes of memory that are these processes' share (PSS). */
export function pssOf(pids: readonly number[]): number {
  let sum = 0;
  for (const pid of pids) {
    try {
      const line = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
      sum += Number(line?.[1] ?? 0) * 1024;
    } catch {
      // gone meanwhile, or a kernel thread
    }
  }
  return sum;
}
