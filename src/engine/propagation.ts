import { posix } from 'node:path';

interface HostMount {
  readonly point: string;
  /** `shared:7`, `master:3` … */
  readonly fields: readonly string[];
}

/** Octal escapes stand for what would break the line. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** The mount that a path of the host lies on, by the text of /proc/self/mountinfo (proc(5)); the last of equals counts. */
export function mountOf(path: string, mountinfo: string): HostMount {
  let found: HostMount = { point: '/', fields: [] };
  for (const line of mountinfo.split('\n')) {
    const words = line.split(' ');
    const point = unescaped(words[4] ?? '');
    if (point === '' || point.length < found.point.length) continue;
    if (path !== point && point !== '/' && !path.startsWith(`${point}/`)) continue;
    found = { point, fields: words.slice(6, words.indexOf('-', 6)) };
  }
  return found;
}

/** Why a bind can't have this propagation, in Docker's words: what isn't shared on the host can't be shared with it. */
export function propagationFault(source: string, propagation: string, mountinfo: string): string | undefined {
  const kind = propagation.replace(/^r/, '');
  if (kind !== 'shared' && kind !== 'slave') return undefined;
  const { point, fields } = mountOf(posix.normalize(source), mountinfo);
  const shared = fields.some((field) => field.startsWith('shared:'));
  if (shared || (kind === 'slave' && fields.some((field) => field.startsWith('master:')))) return undefined;
  return `path ${source} is mounted on ${point} but it is not a shared${kind === 'slave' ? ' or slave' : ''} mount`;
}
