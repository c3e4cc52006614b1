/**
 * What differs between any two runs is replaced by a word in angle brackets, and blocks of JSON become one line per
 * field, so that two engines' answers can be compared line by line. Pure.
 */
export interface Names {
  /** Directories of this run, longest first: path → the word to put there. */
  readonly directories: ReadonlyMap<string, string>;
  /** Digests of the images that both engines were given: 64 hex digits → the word. */
  readonly digests: ReadonlyMap<string, string>;
}

/** Values of these fields differ from machine to machine, or are sizes of what the engines store in their own ways. */
const placeholders: readonly (readonly [RegExp, string])[] = [
  [/(^|\.)(State\.Pid|Pid)$/, 'pid'],
  [/(^|\.)(Size|VirtualSize|SizeRw|SizeRootFs|LayersSize|SharedSize|SpaceReclaimed)$/, 'size'],
  [/(^|\.)(Created|CreatedAt|created|time|timeNano|LastTagTime)$/, 'time'],
  [/(^|\.)(SandboxKey|LogPath|GraphDriver\.Data\.\w+)$/, 'path'],
];

/** Lists that are sets. */
const sets = /(^|\.)(MaskedPaths|ReadonlyPaths|Ports|Mounts|\[0\]\.Mounts)$/;

export function normalise(text: string, names: Names): string {
  const out: string[] = [];
  let json: string[] | undefined;
  for (const line of text.split('\n')) {
    if (line === '<<json') json = [];
    else if (line === 'json>>' && json) {
      out.push(...fieldsOf(json.join('\n')));
      json = undefined;
    } else (json ?? out).push(line);
  }
  return words(out.join('\n'), names).replace(/\s+$/, '') + '\n';
}

/** Every field of a JSON text as `path = value`, sorted; a stream of several documents is numbered. */
function fieldsOf(text: string): string[] {
  try {
    return flatten('', JSON.parse(text));
  } catch {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    try {
      return lines.flatMap((line, index) => flatten(`line ${index + 1}`, JSON.parse(line)));
    } catch {
      return lines;
    }
  }
}

function flatten(path: string, value: unknown): string[] {
  if (typeof value === 'object' && value !== null) {
    if (Array.isArray(value)) {
      if (value.length === 0) return [`${path} = []`];
      const items = sets.test(path) ? value.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : value;
      return items.flatMap((item, index) => flatten(`${path}[${sets.test(path) && typeof item !== 'object' ? '' : index}]`, item));
    }
    const keys = Object.keys(value).sort();
    if (keys.length === 0) return [`${path} = {}`];
    return keys.flatMap((key) => flatten(path === '' ? key : `${path}.${key}`, (value as Record<string, unknown>)[key]));
  }
  const word = placeholders.find(([pattern]) => pattern.test(path))?.[1];
  const hidden = word !== undefined && value !== 0 && value !== -1 && value !== '' && value !== null
    && !(typeof value === 'string' && value.startsWith('0001-01-01'));
  return [`${path} = ${hidden ? `<${word}>` : JSON.stringify(value)}`];
}

function words(text: string, { directories, digests }: Names): string {
  let out = text;
  for (const [path, word] of directories) out = out.replaceAll(path, word);
  return out
    .replace(/\b[0-9a-f]{64}\b/g, (digits) => digests.get(digits) ?? '<id>')
    .replace(/\b[0-9a-f]{12}\b/g, (digits) => {
      for (const [digest, word] of digests) if (digest.startsWith(digits)) return word;
      return /^\d+$/.test(digits) ? digits : '<id>';
    })
    // Files of a container or volume: where the engine keeps them is its own matter, what they are called isn't.
    .replace(/<root>(?:\/[^\s",:;]*)?\/([^\s/",:;]+)/g, '<root>/…/$1')
    .replace(/\b(?!0001-)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)/g, '<time>')
    .replace(/\b(?!0001-)\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [+-]\d{4} [A-Z]+/g, '<time>')
    .replace(/\b1[5-9]\d{17}\b/g, '<time>')
    .replace(/\b1[5-9]\d{8}\b/g, '<time>')
    .replace(/(?:Less than a second|About an? (?:minute|hour)|\d+ (?:second|minute|hour|day|week|month|year)s?)(?= ago| \(|\b)/g, '<ago>')
    .replace(/\b\d+(?:\.\d+)?[kMG]?i?B\b/g, '<size>')
    // Ports that the engine chose: 49153 and up by Docker, from the kernel's range by others.
    .replace(/(?<=[:\s"])(?:3[3-9]|4\d|5\d|6[0-5])\d{3}(?=->|"|\n|\s|$)/g, '<port>');
}
