/** An archive from the engine into a file, or to stdout where that isn't a terminal. */
import { createWriteStream, rmSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Cli } from './context.ts';
import { ExitError } from './errors.ts';
import type { HttpResponse } from './http.ts';

/** `output` '' means stdout. What comes only in part doesn't stay. */
export async function saveTo(cli: Cli, output: string, what: string, ask: () => Promise<HttpResponse>): Promise<void> {
  if (output === '' && cli.stdout.isTTY) {
    throw new ExitError(`cowardly refusing to ${what} to a terminal: use the -o flag or redirect`, 1);
  }
  const { body } = await ask();
  if (output === '') {
    for await (const chunk of body) await cli.put(cli.stdout, chunk);
    return;
  }
  try {
    await pipeline(body, createWriteStream(output, { mode: 0o600 }));
  } catch (error) {
    rmSync(output, { force: true });
    throw error;
  }
}
