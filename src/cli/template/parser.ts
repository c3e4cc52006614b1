/** Go template tokens → a tree. */
import { lex, TemplateError } from './lexer.ts';
import type { Token } from './lexer.ts';

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipe: Pipe }
  | { readonly kind: 'if' | 'with' | 'range'; readonly pipe: Pipe; readonly body: Node[]; readonly otherwise: Node[] }
  | { readonly kind: 'break' | 'continue' };

/** `$i, $x := first | second`: the value of each command is the last argument of the next. */
export interface Pipe {
  readonly variables: readonly string[];
  /** `=` instead of `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly (readonly Operand[])[];
}

export type Operand =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'function'; readonly name: string }
  /** A base and the fields after it; the base `.` is the cursor. */
  | { readonly kind: 'path'; readonly base: Base; readonly fields: readonly string[] };

export type Base = '.' | { readonly variable: string } | { readonly pipe: Pipe };

export function parse(source: string): Node[] {
  const parser = new Parser(lex(source));
  const nodes = parser.nodes();
  if (parser.ended !== undefined) throw new TemplateError(`unexpected {{${parser.ended}}}`);
  return nodes;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  /** The word that ended a list of nodes: `end`, `else`. */
  ended: string | undefined;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  nodes(): Node[] {
    const nodes: Node[] = [];
    this.ended = undefined;
    for (let token = this.#next(); token !== undefined; token = this.#next()) {
      if (token.kind === 'text') {
        nodes.push(token);
        continue;
      }
      const word = this.#peek();
      const name = word?.kind === 'word' ? word.name : '';
      if (name === 'end' || name === 'else') {
        this.#at++;
        this.ended = name;
        if (name === 'end') this.#close();
        return nodes;
      }
      nodes.push(this.#action(name));
    }
    return nodes;
  }

  #action(name: string): Node {
    if (name === 'if' || name === 'range' || name === 'with') {
      this.#at++;
      return this.#block(name);
    }
    if (name === 'break' || name === 'continue') {
      this.#at++;
      this.#close();
      return { kind: name };
    }
    if (name === 'define' || name === 'template' || name === 'block') {
      throw new TemplateError(`{{${name}}} is not there`);
    }
    const pipe = this.#pipe();
    this.#close();
    return { kind: 'print', pipe };
  }

  #block(kind: 'if' | 'range' | 'with'): Node {
    const pipe = this.#pipe();
    this.#close();
    const body = this.nodes();
    let otherwise: Node[] = [];
    if (this.ended === 'else') {
      const word = this.#peek();
      if (word?.kind === 'word' && (word.name === 'if' || word.name === 'with')) {
        this.#at++;
        otherwise = [this.#block(word.name)];
        return { kind, pipe, body, otherwise };
      }
      this.#close();
      otherwise = this.nodes();
    }
    if (this.ended !== 'end') throw new TemplateError(`unexpected EOF: {{${kind}}} without {{end}}`);
    this.ended = undefined;
    return { kind, pipe, body, otherwise };
  }

  #pipe(): Pipe {
    const { variables, assigns } = this.#declaration();
    const commands: Operand[][] = [];
    do commands.push(this.#command());
    while (this.#take('|'));
    return { variables, assigns, commands };
  }

  #declaration(): { variables: string[]; assigns: boolean } {
    const start = this.#at;
    const variables: string[] = [];
    for (let token = this.#peek(); token?.kind === 'variable'; token = this.#peek()) {
      variables.push(token.name);
      this.#at++;
      if (this.#take(':=')) return { variables, assigns: false };
      if (this.#take('=')) return { variables, assigns: true };
      if (!this.#take(',')) break;
    }
    this.#at = start;
    return { variables: [], assigns: false };
  }

  #command(): Operand[] {
    const operands: Operand[] = [];
    for (let operand = this.#operand(); operand !== undefined; operand = this.#operand()) operands.push(operand);
    if (operands.length === 0) throw new TemplateError('missing value for command');
    return operands;
  }

  #operand(): Operand | undefined {
    const token = this.#peek();
    if (token === undefined || token.kind === 'close' || token.kind === 'open' || token.kind === 'text') {
      return undefined;
    }
    if (token.kind === 'sign' && token.sign !== '(') {
      if (token.sign === '|' || token.sign === ')') return undefined;
      throw new TemplateError(`unexpected "${token.sign}"`);
    }
    this.#at++;
    switch (token.kind) {
      case 'literal':
        return token;
      case 'word':
        return { kind: 'function', name: token.name };
      case 'dot':
        return { kind: 'path', base: '.', fields: this.#fields() };
      case 'field':
        return { kind: 'path', base: '.', fields: [token.name, ...this.#fields()] };
      case 'variable':
        return { kind: 'path', base: { variable: token.name }, fields: this.#fields() };
      case 'sign': {
        const pipe = this.#pipe();
        if (!this.#take(')')) throw new TemplateError('unclosed left paren');
        return { kind: 'path', base: { pipe }, fields: this.#fields() };
      }
    }
  }

  #fields(): string[] {
    const fields: string[] = [];
    for (let token = this.#peek(); token?.kind === 'field' && token.glued; token = this.#peek()) {
      fields.push(token.name);
      this.#at++;
    }
    return fields;
  }

  #take(sign: string): boolean {
    const token = this.#peek();
    if (token?.kind !== 'sign' || token.sign !== sign) return false;
    this.#at++;
    return true;
  }

  #close(): void {
    if (this.#next()?.kind !== 'close') throw new TemplateError('unexpected words before }}');
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #next(): Token | undefined {
    return this.#tokens[this.#at++];
  }
}
