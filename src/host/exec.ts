import { execa } from 'execa';

/** How a command ended. A failed command is a value: the caller reads `exitCode`, never prose. */
export interface CommandResult {
  /** The command as a person would type it. */
  readonly command: string;
  /** The exit code; 127 where the program doesn't exist, 128+n where signal n ended it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** Absent where it couldn't be started. */
  readonly pid?: number;
}

export interface CommandOptions {
  /** Text for standard input. */
  readonly input?: string;
  /** Milliseconds until the command is killed; 30 000 unless told. */
  readonly timeout?: number;
  readonly cwd?: string;
  readonly env?: Record<string, string>;
}

/** Runs one of the host's programs to its end. Never a shell. Throws nothing. */
export async function run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const child = execa(program, args, {
    reject: false,
    stripFinalNewline: false,
    timeout: options.timeout ?? 30_000,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const { pid } = child;
  const result = await child;
  return {
    command: [program, ...args].join(' '),
    exitCode: result.exitCode ?? (result.code === 'ENOENT' ? 127 : 128),
    stdout: result.stdout,
    stderr: result.code === 'ENOENT' ? `${program}: not found` : result.stderr,
    timedOut: result.timedOut,
    ...(pid === undefined ? {} : { pid }),
  };
}
