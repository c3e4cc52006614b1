/** Runs a template's tree over a value. */
import { functions } from './functions.ts';
import { TemplateError } from './lexer.ts';
import { parse } from './parser.ts';
import type { Node, Operand, Pipe } from './parser.ts';
import { show, truth, Value } from './values.ts';

/** A parsed template: call it with a value to get the text. */
export type Template = (data: unknown) => string;

export function compile(source: string): Template {
  const nodes = parse(source);
  checkFunctions(nodes);
  return (data) => {
    const root = data instanceof Value ? data : new Value(data);
    const scope = new Scope(undefined);
    scope.declare('$', root);
    const out: string[] = [];
    run(nodes, root, scope, out);
    return out.join('');
  };
}

class Scope {
  readonly #outer: Scope | undefined;
  readonly #values = new Map<string, Value>();

  constructor(outer: Scope | undefined) {
    this.#outer = outer;
  }

  declare(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  assign(name: string, value: Value): void {
    if (this.#values.has(name)) this.#values.set(name, value);
    else if (this.#outer === undefined) throw new TemplateError(`undefined variable "${name}"`);
    else this.#outer.assign(name, value);
  }

  get(name: string): Value {
    const value = this.#values.get(name) ?? this.#outer?.get(name);
    if (value === undefined) throw new TemplateError(`undefined variable "${name}"`);
    return value;
  }
}

type Outcome = 'break' | 'continue' | undefined;

function run(nodes: readonly Node[], dot: Value, scope: Scope, out: string[]): Outcome {
  for (const node of nodes) {
    const outcome = step(node, dot, scope, out);
    if (outcome !== undefined) return outcome;
  }
  return undefined;
}

function step(node: Node, dot: Value, scope: Scope, out: string[]): Outcome {
  switch (node.kind) {
    case 'text':
      out.push(node.text);
      return undefined;
    case 'print': {
      const value = evaluate(node.pipe, dot, scope);
      bind(node.pipe, [value], scope);
      if (node.pipe.variables.length === 0) out.push(show(value));
      return undefined;
    }
    case 'if':
    case 'with': {
      const inner = new Scope(scope);
      const value = evaluate(node.pipe, dot, inner);
      bind(node.pipe, [value], inner);
      if (!truth(value.raw)) return run(node.otherwise, dot, inner, out);
      return run(node.body, node.kind === 'with' ? value : dot, inner, out);
    }
    case 'range':
      return runRange(node, dot, scope, out);
    case 'break':
    case 'continue':
      return node.kind;
  }
}

function runRange(node: Node & { kind: 'if' | 'with' | 'range' }, dot: Value, scope: Scope, out: string[]): Outcome {
  const items = itemsOf(evaluate(node.pipe, dot, scope));
  if (items.length === 0) return run(node.otherwise, dot, new Scope(scope), out);
  for (const [key, value] of items) {
    const inner = new Scope(scope);
    bind(node.pipe, node.pipe.variables.length > 1 ? [new Value(key), value] : [value], inner);
    if (run(node.body, value, inner, out) === 'break') break;
  }
  return undefined;
}

/** Lists in their order, maps by their keys' order, a number as that many turns. */
function itemsOf(value: Value): [unknown, Value][] {
  const { raw } = value;
  if (raw === null || raw === undefined) return [];
  if (Array.isArray(raw)) return raw.map((item, at) => [at, new Value(item)]);
  if (typeof raw === 'number') return Array.from({ length: raw }, (_, at) => [at, new Value(at)]);
  if (typeof raw !== 'object') throw new TemplateError(`range can't iterate over ${show(value)}`);
  return Object.keys(raw).sort().map((key) => [key, value.field(key) ?? new Value(null)]);
}

function bind(pipe: Pipe, values: readonly Value[], scope: Scope): void {
  pipe.variables.forEach((name, at) => {
    const value = values[at] ?? new Value(null);
    if (pipe.assigns) scope.assign(name, value);
    else scope.declare(name, value);
  });
}

function evaluate(pipe: Pipe, dot: Value, scope: Scope): Value {
  let piped: Value | undefined;
  for (const command of pipe.commands) piped = call(command, piped, dot, scope);
  return piped ?? new Value(null);
}

function call(command: readonly Operand[], piped: Value | undefined, dot: Value, scope: Scope): Value {
  const [head, ...rest] = command as [Operand, ...Operand[]];
  const args = (): Value[] => {
    const values = rest.map((operand) => operandValue(operand, dot, scope));
    return piped === undefined ? values : [...values, piped];
  };
  if (head.kind === 'function') return wrap((functions[head.name] as (args: readonly Value[]) => unknown)(args()));
  const value = operandValue(head, dot, scope);
  if (typeof value.raw === 'function') {
    return wrap((value.raw as (...args: unknown[]) => unknown)(...args().map(({ raw }) => raw)));
  }
  if (args().length > 0) throw new TemplateError(`can't give argument to non-function ${describe(head)}`);
  return value;
}

function operandValue(operand: Operand, dot: Value, scope: Scope): Value {
  if (operand.kind === 'literal') return new Value(operand.value);
  if (operand.kind === 'function') return wrap((functions[operand.name] as (args: readonly Value[]) => unknown)([]));
  let value = dot;
  if (operand.base !== '.') {
    value = 'pipe' in operand.base ? evaluate(operand.base.pipe, dot, scope) : scope.get(operand.base.variable);
  }
  for (const name of operand.fields) value = fieldOf(value, name, operand);
  return value;
}

function fieldOf(value: Value, name: string, operand: Operand): Value {
  const field = value.field(name);
  if (field !== undefined) return field;
  const { raw, isMap } = value;
  if (isMap && raw !== null) return new Value(null);
  if (raw === null || raw === undefined) {
    throw new TemplateError(`executing at <${describe(operand)}>: nil data; no entry for key "${name}"`);
  }
  if (typeof raw !== 'object' || Array.isArray(raw)) {
    throw new TemplateError(`executing at <${describe(operand)}>: can't evaluate field ${name} in ${show(value)}`);
  }
  throw new TemplateError(`executing at <${describe(operand)}>: map has no entry for key "${name}"`);
}

function describe(operand: Operand): string {
  if (operand.kind === 'literal') return JSON.stringify(operand.value);
  if (operand.kind === 'function') return operand.name;
  const base = operand.base === '.' ? '' : 'pipe' in operand.base ? '(…)' : operand.base.variable;
  return `${base}.${operand.fields.join('.')}`;
}

function wrap(value: unknown): Value {
  return value instanceof Value ? value : new Value(value);
}

/** As Go does, an unknown function is an error of the template, not of its run. */
function checkFunctions(nodes: readonly Node[]): void {
  const checkPipe = ({ commands }: Pipe): void => {
    for (const operand of commands.flat()) {
      if (operand.kind === 'function' && !Object.hasOwn(functions, operand.name)) {
        throw new TemplateError(`function "${operand.name}" not defined`);
      }
      if (operand.kind === 'path' && operand.base !== '.' && 'pipe' in operand.base) checkPipe(operand.base.pipe);
    }
  };
  for (const node of nodes) {
    if ('pipe' in node) checkPipe(node.pipe);
    if ('body' in node) {
      checkFunctions(node.body);
      checkFunctions(node.otherwise);
    }
  }
}
