/** Signals that the command gets go to the container: `--sig-proxy`. */
import type { Client } from './client.ts';
import { ApiError } from './errors.ts';

const passed: readonly NodeJS.Signals[] = [
  'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGCONT', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU',
];

export interface SignalProxy {
  /** The container runs: send what came before, and from now on at once. */
  open(): void;
  close(): void;
}

/** Catches signals from now on. Those that come before `open` wait for it. */
export function proxySignals(client: Client, container: string): SignalProxy {
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
  return {
    open() {
      isOpen = true;
      for (const signal of waiting.splice(0)) send(signal);
    },
    close() {
      for (const signal of passed) process.off(signal, take);
    },
  };
}
