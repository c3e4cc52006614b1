/** What a command works with: the engine, and the terminal it was typed at. */
import type { Client } from './client.ts';
import { drained } from './http.ts';

export class Cli {
  readonly client: Client;
  readonly debug: boolean;

  constructor(client: Client, debug: boolean) {
    this.client = client;
    this.debug = debug;
  }

  write(text: string): void {
    process.stdout.write(text);
  }

  line(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  warn(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** Docker's question before something is removed for good; anything but `y` is no. */
  async confirm(warning: string): Promise<boolean> {
    this.write(`${warning}\nAre you sure you want to continue? [y/N] `);
    let line = '';
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
      line += chunk.toString('utf8');
      if (line.includes('\n')) break;
    }
    process.stdin.unref();
    return /^y(es)?$/i.test(line.split('\n')[0]?.trim() ?? '');
  }

  /** Writes as fast as the reader takes it. */
  async put(stream: NodeJS.WriteStream, data: Uint8Array): Promise<void> {
    if (!stream.write(data)) await drained(stream);
  }

  get stdin(): NodeJS.ReadStream {
    return process.stdin;
  }

  get stdout(): NodeJS.WriteStream {
    return process.stdout;
  }

  get stderr(): NodeJS.WriteStream {
    return process.stderr;
  }
}

/**
 * Does `act` for each name, in turn; prints the name when it worked and the reason when not, and goes on. Docker's way
 * for stop, rm, kill and the like. Resolves to the exit code.
 */
export async function each(
  cli: Cli,
  names: readonly string[],
  act: (name: string) => Promise<void | 'quiet'>,
): Promise<number> {
  let code = 0;
  for (const name of names) {
    try {
      if ((await act(name)) !== 'quiet') cli.line(name);
    } catch (error) {
      cli.warn((error as Error).message);
      code = 1;
    }
  }
  return code;
}
