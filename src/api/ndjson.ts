import type { Call } from './request.ts';
import { serverHeaders } from './version.ts';

/** A stream of JSON lines; the headers go out at once. `write` waits for a slow client. */
export function jsonLines(call: Call): { write(value: unknown): Promise<void>; end(): void } {
  const { response, gone } = call;
  response?.writeHead(200, { ...serverHeaders, 'Content-Type': 'application/json' });
  response?.flushHeaders();
  return {
    write: async (value) => {
      if (!response || gone.aborted) return;
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      if (response.write(`${text}\n`)) return;
      await new Promise<void>((resolve) => {
        response.once('drain', resolve);
        gone.addEventListener('abort', () => resolve(), { once: true });
      });
    },
    end: () => void response?.end(),
  };
}
