/** Signals that the command gets go to the container: `--sig-proxy`. */
import type { Client } from './client.ts';
import { ApiError } from './errors.ts';

const passed: readonly NodeJS.Signals[] = [
  'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGCONT', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU',
];

/**
 * Catches signals from now on, for as long as the command lives. Call what it returns when the container runs: that
 * sends what came before.
 */
export function proxySignals(client: Client, container: string): () => void {
  const waiting: NodeJS.Signals[] = [];
  let isOpen = false;
  const send = (signal: NodeJS.Signals): void => {
    client.post(`/containers/${container}/kill`, { signal: signal.slice(3) }).catch((error: unknown) => {
      // It may have ended meanwhile: then there is nobody to tell.
      if (!(error instanceof ApiError)) process.stderr.write(`berth: ${(error as Error).message}\n`);
    });
  };
  const take = (signal: NodeJS.Signals): void => {
    if (isOpen) send(signal);
    else waiting.push(signal);
  };
  for (const signal of passed) process.on(signal, take);
  return () => {
    isOpen = true;
    for (const signal of waiting.splice(0)) send(signal);
  };
}
