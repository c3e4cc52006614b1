import { constants } from 'node:os';
import { invalid } from '../model/errors.ts';

const realtimeMin = 34;
const realtimeMax = 64;

/** The number of a signal given as `TERM`, `SIGTERM`, `15`, `RTMIN+3` or `SIGRTMAX-1`. */
export function parseSignal(text: string): number {
  const name = text.trim().toUpperCase();
  if (/^\d+$/.test(name)) {
    const number = Number(name);
    if (number >= 1 && number <= realtimeMax) return number;
  }
  const full = name.startsWith('SIG') ? name : `SIG${name}`;
  const known = (constants.signals as Record<string, number>)[full];
  if (known !== undefined) return known;
  const realtime = /^SIGRT(MIN|MAX)(?:([+-])(\d+))?$/.exec(full);
  if (realtime) {
    const base = realtime[1] === 'MIN' ? realtimeMin : realtimeMax;
    const number = base + (realtime[2] === '-' ? -1 : 1) * Number(realtime[3] ?? 0);
    if (number >= realtimeMin && number <= realtimeMax) return number;
  }
  throw invalid(`Invalid signal: ${text}`);
}
