/** The engine starts by itself: when nothing answers at the default socket, a daemon is set off and waited for. */
import { spawn } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connectTo } from './client.ts';
import { UnreachableError } from './errors.ts';

const patienceMs = 10_000;
const stepMs = 5;

/**
 * Starts `berth daemon` in a session of its own and resolves when its socket answers. When two commands do so at once,
 * the daemons settle it by their lock; both commands only care that the socket answers.
 */
export async function startEngine(socketPath: string, daemonArguments: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) {
    const typed = process.argv.slice(2).join(' ');
    throw new UnreachableError(`no engine runs at ${socketPath}, and starting one needs root: try sudo berth ${typed}`);
  }
  const runDirectory = dirname(socketPath);
  const logPath = join(runDirectory, 'daemon.log');
  mkdirSync(runDirectory, { recursive: true, mode: 0o711 });
  const log = openSync(logPath, 'a', 0o600);
  chmodSync(logPath, 0o600);
  const entry = process.argv[1] ?? '';
  const daemon = spawn(process.execPath, [...process.execArgv, entry, 'daemon', ...daemonArguments], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
  });
  closeSync(log);
  daemon.unref();
  const ended = new Promise<string>((resolve) => {
    daemon.once('error', (error) => resolve(error.message));
    daemon.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });

  const deadline = performance.now() + patienceMs;
  let goneWhy: string | undefined;
  let goneAt = Infinity;
  void ended.then((why) => {
    goneWhy = why;
    goneAt = performance.now();
  });
  for (;;) {
    try {
      (await connectTo({ kind: 'unix', path: socketPath })).destroy();
      return;
    } catch {
      const now = performance.now();
      // Ours may have lost the race for the lock; the winner needs a moment until it listens.
      if (now > deadline || now > goneAt + 2_000) break;
      await new Promise((resolve) => setTimeout(resolve, stepMs));
    }
  }
  const state = goneWhy === undefined ? `it did not answer in ${patienceMs / 1000} s` : `it ended (${goneWhy})`;
  throw new UnreachableError(`the engine could not be started: ${state}: ${lastLine(logPath)} (see ${logPath})`);
}

function lastLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  } catch {
    return '';
  }
}
