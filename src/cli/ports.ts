/** The PORTS column: `0.0.0.0:8080->80/tcp, 443/tcp`, neighbours drawn together as `8000-8010`. */
import type { PortSummary } from '../api/wire/docker.ts';

interface Run {
  readonly ip: string;
  readonly type: string;
  first: number;
  last: number;
  /** Of the host; 0: not published. */
  publicFirst: number;
}

export function displayPorts(ports: readonly PortSummary[]): string {
  const sorted = [...ports].sort((a, b) =>
    a.PrivatePort - b.PrivatePort || compare(a.IP ?? '', b.IP ?? '') || (a.PublicPort ?? 0) - (b.PublicPort ?? 0) ||
    compare(a.Type, b.Type));
  const runs = new Map<string, Run[]>();
  const single: Run[] = [];
  for (const port of sorted) {
    const { IP: ip = '', PrivatePort, PublicPort = 0, Type: type } = port;
    const shownIp = PublicPort > 0 ? ip : '';
    const run: Run = { ip: shownIp, type, first: PrivatePort, last: PrivatePort, publicFirst: PublicPort };
    // A range is drawn together only where outside and inside have the same numbers.
    if (PublicPort > 0 && PublicPort !== PrivatePort) {
      single.push(run);
      continue;
    }
    const group = PublicPort > 0 ? `${ip}/${type}` : type;
    const open = runs.get(group)?.at(-1);
    if (open !== undefined && open.last + 1 === PrivatePort) open.last = PrivatePort;
    else if (open === undefined || open.last !== PrivatePort) runs.set(group, [...(runs.get(group) ?? []), run]);
  }
  return [...[...runs.keys()].sort().flatMap((group) => runs.get(group) ?? []), ...single].map(show).join(', ');
}

function show({ ip, type, first, last, publicFirst }: Run): string {
  const range = (from: number): string => (last > first ? `${from}-${from + last - first}` : `${from}`);
  if (publicFirst === 0) return `${range(first)}/${type}`;
  return `${ip.includes(':') ? `[${ip}]` : ip}:${range(publicFirst)}->${range(first)}/${type}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
