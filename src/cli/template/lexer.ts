/** Cuts a Go template into text and the tokens of its actions. */

export type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'open' }
  | { readonly kind: 'close' }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  /** `.Name`; `glued` when it belongs to what stands right before it: `$x.Name`, `(…).Name`. */
  | { readonly kind: 'field'; readonly name: string; readonly glued: boolean }
  | { readonly kind: 'dot' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'word'; readonly name: string }
  | { readonly kind: 'sign'; readonly sign: '|' | '(' | ')' | ',' | ':=' | '=' };

export class TemplateError extends Error {
  constructor(message: string) {
    super(`template parsing error: ${message}`);
    this.name = 'TemplateError';
  }
}

export function lex(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  while (at < source.length) {
    const open = source.indexOf('{{', at);
    let text = source.slice(at, open < 0 ? source.length : open);
    if (trimNext) text = text.trimStart();
    if (open < 0) {
      putText(tokens, text);
      break;
    }
    at = open + 2;
    if (/^-\s/.test(source.slice(at, at + 2))) {
      text = text.trimEnd();
      at += 1;
    }
    putText(tokens, text);
    const comment = /^\s*\/\*[\s\S]*?\*\/(\s*-)?\s*\}\}/.exec(source.slice(at));
    if (comment !== null) {
      at += comment[0].length;
      trimNext = comment[1] !== undefined;
      continue;
    }
    tokens.push({ kind: 'open' });
    ({ at, trimNext } = lexAction(source, at, tokens));
    tokens.push({ kind: 'close' });
  }
  return tokens;
}

function putText(tokens: Token[], text: string): void {
  if (text !== '') tokens.push({ kind: 'text', text });
}

const patterns: readonly (readonly [RegExp, (match: RegExpExecArray, glued: boolean) => Token | undefined])[] = [
  [/\s+/y, () => undefined],
  [/"(?:[^"\\\n]|\\.)*"/y, ([text]) => ({ kind: 'literal', value: unquote(text) })],
  [/`[^`]*`/y, ([text]) => ({ kind: 'literal', value: text.slice(1, -1) })],
  [/'(?:[^'\\\n]|\\.)'/y, ([text]) => ({ kind: 'literal', value: unquote(text).codePointAt(0) ?? 0 })],
  [/[+-]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/y,
    ([text]) => ({ kind: 'literal', value: Number(text) })],
  [/\.([\p{L}_][\p{L}\p{N}_]*)/uy, ([, name = ''], glued) => ({ kind: 'field', name, glued })],
  [/\./y, () => ({ kind: 'dot' })],
  [/\$([\p{L}_][\p{L}\p{N}_]*)?/uy, ([text]) => ({ kind: 'variable', name: text })],
  [/:=|[=|(),]/y, ([sign]) => ({ kind: 'sign', sign: sign as ':=' })],
  [/[\p{L}_][\p{L}\p{N}_]*/uy, ([name]) => wordOf(name)],
];

function wordOf(name: string): Token {
  if (name === 'true' || name === 'false') return { kind: 'literal', value: name === 'true' };
  return name === 'nil' ? { kind: 'literal', value: null } : { kind: 'word', name };
}

function lexAction(source: string, from: number, tokens: Token[]): { at: number; trimNext: boolean } {
  let at = from;
  for (;;) {
    const end = /(\s-)?\}\}/y;
    end.lastIndex = at;
    const closed = end.exec(source);
    if (closed !== null) return { at: at + closed[0].length, trimNext: closed[1] !== undefined };
    if (at >= source.length) throw new TemplateError('unclosed action: expected }}');
    const next = nextToken(source, at);
    if (next === undefined) {
      throw new TemplateError(
        /["'`]/.test(source[at] ?? '') ? 'unterminated quoted string' : `unexpected "${source[at]}" in an action`,
      );
    }
    if (next.token !== undefined) tokens.push(next.token);
    at = next.end;
  }
}

function nextToken(source: string, at: number): { token: Token | undefined; end: number } | undefined {
  for (const [pattern, make] of patterns) {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match !== null) {
      return { token: make(match, /[\p{L}\p{N}_)$]/u.test(source[at - 1] ?? '')), end: at + match[0].length };
    }
  }
  return undefined;
}

const escapes: Readonly<Record<string, string>> =
  { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', '\\': '\\', '"': '"', "'": "'" };

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))/g, (_, hex, unicode, letter) => {
    if (hex !== undefined || unicode !== undefined) return String.fromCharCode(Number.parseInt(hex ?? unicode, 16));
    const escaped = escapes[letter as string];
    if (escaped === undefined) throw new TemplateError(`unknown escape \\${letter} in a string`);
    return escaped;
  });
}
