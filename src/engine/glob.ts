import { invalid } from '../model/errors.ts';

/** `web`, `web:*`, `*\/web:[0-9]*`: Go's path.Match, which Docker takes; throws `invalid` for a bad pattern. */
export function globPattern(pattern: string): RegExp {
  const bad = (): Error => invalid('syntax error in pattern');
  const parts = pattern.match(/\\[^]|\[\^?(?:\\[^]|[^\]\\])+\]|[^]/gu) ?? [];
  const source = parts.map((part) => {
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (part.length > 1 && part.startsWith('[')) return part.replaceAll('[', (_, at: number) => (at === 0 ? '[' : '\\['));
    if (part === '[' || part === '\\') throw bad();
    return part.replace(/^\\/, '').replace(/[\^$\\.*+?()[\]{}|/-]/g, '\\$&');
  });
  try {
    return new RegExp(`^${source.join('')}$`);
  } catch {
    throw bad();
  }
}
