/**
 * The command line: `berth [-H ADDRESS] [--debug] VERB …`. It speaks the Engine API and knows no other way in.
 */
import { defaultSocket, parseEngineAddress } from './address.ts';
import { Client } from './client.ts';
import { Cli } from './context.ts';
import { ApiError, ExitError, UsageError } from './errors.ts';
import { normalise, text, toggle } from './flags.ts';
import type { Flags } from './flags.ts';
import { runVerb } from './verb.ts';
import type { Verb } from './verb.ts';
import { findVerb, verbs } from './verbs.ts';
import { version } from './version.ts';

/** The verbs that are programs of their own; given by whoever puts the whole together. */
export interface OtherPrograms {
  daemon(argv: string[]): Promise<number>;
  proxy(argv: string[]): Promise<number>;
}

const globalFlags = {
  host: text('-H, --host <address>', 'Where the engine listens: unix:///path or tcp://address:port'),
  debug: toggle('-D, --debug', 'Show every request on stderr, and where an error came from'),
  version: toggle('-v, --version', 'Print the version'),
} satisfies Flags;

/** Resolves to the exit code. `argv` is what was typed after `berth`. */
export async function main(argv: readonly string[], programs: OtherPrograms): Promise<number> {
  const [first = ''] = argv;
  if (first === 'daemon') return programs.daemon(argv.slice(1));
  if (first === 'proxy') return programs.proxy(argv.slice(1));
  quietOnBrokenPipe();
  let name = '';
  let debug = false;
  let definition: Verb | undefined;
  try {
    const line = normalise(argv, globalFlags, true);
    const given = new Map(line.flags.map((flag) => flag.split(/=(.*)/s, 2) as [string, string]));
    debug = given.get('--debug') === 'true';
    if (given.get('--version') === 'true') {
      process.stdout.write(`Berth version ${version}\n`);
      return 0;
    }
    const wantsHelp = line.help || line.operands[0] === 'help' || line.operands.length === 0;
    const words = line.operands[0] === 'help' ? line.operands.slice(1) : line.operands;
    const found = findVerb(words);
    if (wantsHelp && words.length === 0) {
      process.stdout.write(overview());
      return 0;
    }
    if (found === undefined) throw new UsageError(`unknown command: berth ${words[0]}. See 'berth --help'.`, 1);
    name = found.name;
    definition = (await verbs[name]?.load())?.default as Verb;
    const cli = new Cli(new Client(clientOptions(given.get('--host'), debug)), debug);
    return await runVerb(cli, name, definition, wantsHelp ? ['--help'] : words.slice(found.words));
  } catch (error) {
    return report(error, name, definition?.failure ?? 1, debug);
  }
}

function clientOptions(host: string | undefined, debug: boolean): ConstructorParameters<typeof Client>[0] {
  const asked = host ?? (process.env['BERTH_HOST'] || undefined);
  const address = parseEngineAddress(asked ?? `unix://${defaultSocket}`);
  // BERTH_AUTOSTART: an engine at another address starts by itself too, with these options of `berth daemon`.
  const autostart = process.env['BERTH_AUTOSTART'];
  const show = (line: string): void => void process.stderr.write(`debug: ${line}\n`);
  const options = { address, ...(debug ? { debug: show } : {}) };
  if (address.kind !== 'unix' || (asked !== undefined && autostart === undefined)) return options;
  const daemonArguments = (autostart ?? '').split(' ').filter((word) => word !== '');
  const socket = address.path;
  if (asked !== undefined) daemonArguments.push('--host', asked);
  return {
    ...options,
    startEngine: async () => (await import('./engine-start.ts')).startEngine(socket, daemonArguments),
  };
}

function report(error: unknown, name: string, failure: number, debug: boolean): number {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  // Docker's own words come first on the line for all verbs but run: scripts match on them.
  const plain = error instanceof ApiError && name !== 'run';
  if (message !== '') process.stderr.write(`${plain ? '' : 'berth: '}${message}\n`);
  if (debug) process.stderr.write(`${stack}\n`);
  if (error instanceof UsageError || error instanceof ExitError) return error.exitCode;
  return failure;
}

/** `berth ps | head -1` ends when its reader does, silently, as a program that SIGPIPE ends. */
function quietOnBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 141 : 1));
  }
}

function overview(): string {
  const width = Math.max(...Object.keys(verbs).map((verb) => verb.length), 'daemon'.length) + 2;
  const rows = Object.entries(verbs).map(([verb, { about }]) => [verb, about] as const);
  const own = [
    ['daemon', 'Run the engine in the foreground (it starts by itself otherwise)'],
    ['proxy', 'Carry one published port, as a process of its own'],
  ] as const;
  const show = (list: readonly (readonly [string, string])[]): string =>
    list.map(([verb, about]) => `  ${verb.padEnd(width)}${about}\n`).join('');
  return `Usage: berth [OPTIONS] COMMAND

A container engine that you can read, embed and see through

Commands:
${show(rows)}
The engine itself:
${show(own)}
Options:
  -H, --host <address>   Where the engine listens: unix:///path or tcp://address:port
                         (default: BERTH_HOST, then unix://${defaultSocket})
  -D, --debug            Show every request on stderr, and where an error came from
  -v, --version          Print the version
      --help             Print this

Examples:
  berth load -i web.tar
      Load an image that docker, podman or skopeo saved
  berth run -d --name site -p 10080:80 web
      Start it and publish its port 80 as 10080
  berth ps
      See it run
  berth rm -f site
      Stop and remove it

'berth COMMAND --help' says more of a command.
`;
}
