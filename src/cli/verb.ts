/** One verb of the command line: what it is called with, what it says of itself, what it does. */
import { Command, Option } from 'commander';
import type { Cli } from './context.ts';
import { UsageError } from './errors.ts';
import { namesOf, normalise } from './flags.ts';
import type { Flag, Flags, Values } from './flags.ts';

export interface Verb<F extends Flags = Flags> {
  /** After the verb: `[OPTIONS] CONTAINER [CONTAINER...]`. */
  readonly usage: string;
  readonly about: string;
  /** Lines to type, without `berth`, and what each does. */
  readonly examples: readonly (readonly [line: string, about: string])[];
  readonly flags: F;
  /** The flags end at the first argument: what follows belongs to the container. */
  readonly stopAtFirst?: boolean;
  /** How many arguments it takes. */
  readonly least?: number;
  readonly most?: number;
  /** What an error of the engine ends it with, where that isn't 1. */
  readonly failure?: number;
  /** Resolves to the exit code. */
  run(cli: Cli, options: Values<F>, args: string[]): Promise<number>;
}

export function verb<F extends Flags>(definition: Verb<F>): Verb<F> {
  return definition;
}

/** Reads the line and does what it says; resolves to the exit code. */
export async function runVerb(cli: Cli, name: string, definition: Verb, argv: readonly string[]): Promise<number> {
  try {
    const { options, operands, help } = readLine(name, definition, argv);
    if (help) {
      cli.write(commandFor(name, definition).helpInformation());
      return 0;
    }
    checkCount(name, definition, operands.length);
    return await definition.run(cli, options, operands);
  } catch (error) {
    if (error instanceof UsageError && !error.message.endsWith('.')) {
      throw new UsageError(`${error.message}. See 'berth ${name} --help'.`, error.exitCode);
    }
    throw error;
  }
}

/** The line's flags and arguments; throws UsageError for a flag that isn't there or a value that can't be. */
export function readLine<F extends Flags>(name: string, definition: Verb<F>, argv: readonly string[]): Line<F> {
  const { flags, operands, help } = normalise(argv, definition.flags, definition.stopAtFirst ?? false);
  const command = commandFor(name, definition);
  command.parse([...flags, '--', ...operands], { from: 'user' });
  return { options: command.opts() as Values<F>, operands, help };
}

interface Line<F extends Flags> {
  readonly options: Values<F>;
  readonly operands: string[];
  readonly help: boolean;
}

/** The verb as commander knows it: for reading the values and writing the help. */
export function commandFor(name: string, definition: Verb): Command {
  const command = new Command(`berth ${name}`)
    .usage(definition.usage)
    .description(definition.about)
    .helpOption(false)
    .allowExcessArguments()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .configureHelp({
      optionTerm: shownTerm,
      optionDescription: (option) => option.description,
      sortOptions: true,
      visibleArguments: () => [],
      helpWidth: 110,
    });
  for (const [key, flag] of Object.entries(definition.flags)) command.addOption(optionFor(key, flag));
  const examples = definition.examples.map(([line, about]) => `  berth ${line}\n      ${about}`).join('\n');
  const options = command.helpInformation.bind(command);
  command.helpInformation = () => (examples === '' ? options() : `${options()}\nExamples:\n${examples}\n`);
  return command;
}

function optionFor(key: string, flag: Flag<unknown>): Option {
  const { shown } = namesOf(flag);
  const option = new Option(`${shown} [value]`, `${flag.about}${describeInitial(flag.initial)}`);
  // Docker's `--no-trunc` is a flag of its own, not the opposite of a `--trunc`.
  option.negate = false;
  option.attributeName = () => key;
  option.default(flag.initial);
  option.argParser((value: string, previous: unknown) => {
    try {
      return flag.read(value, previous);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(`invalid argument "${value}" for "${shown}" flag: ${(error as Error).message}`);
    }
  });
  (option as Option & { term?: string }).term = flag.spec;
  return option;
}

function shownTerm(option: Option): string {
  const term = (option as Option & { term?: string }).term ?? option.flags;
  return term.startsWith('--') ? `    ${term}` : term;
}

function describeInitial(initial: unknown): string {
  return initial === true || (typeof initial === 'string' && initial !== '') ? ` (default ${initial})` : '';
}

function checkCount(name: string, { least = 0, most = Infinity }: Verb, count: number): void {
  const fail = (wanted: string): never => {
    throw new UsageError(`'berth ${name}' ${wanted}`, 1);
  };
  const plural = (n: number): string => `${n} argument${n === 1 ? '' : 's'}`;
  if (count < least) fail(least === most ? `requires ${plural(least)}` : `requires at least ${plural(least)}`);
  if (count > most) fail(most === 0 ? 'accepts no arguments' : `accepts at most ${plural(most)}`);
}
