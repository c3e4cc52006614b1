import { setTimeout as delay } from 'node:timers/promises';
import { sample } from '../../engine/stats.ts';
import { isAlive } from '../../model/container.ts';
import { jsonLines } from '../ndjson.ts';
import type { Call } from '../request.ts';
import type { Route } from '../server.ts';
import { statsBody } from '../wire/stats.ts';

const everySecond = 1000;

/**
 * A sample a second until the client or the container goes; one alone with `stream=0`, after a second, so that there
 * is a sample before it, unless `one-shot` asks for it at once.
 */
async function statsHandler(call: Call): Promise<void> {
  const { context } = call.engine;
  const { id, state } = call.engine.find(call.params.id ?? '');
  const once = !call.query.flag('stream', true);
  const compared = once && !call.query.flag('one-shot') && isAlive(state);
  const out = jsonLines(call);
  const record = (): ReturnType<typeof context.records.get> => context.records.get(id);
  const pause = (): Promise<void> =>
    delay(everySecond, undefined, { signal: AbortSignal.any([call.gone, context.closing]) }).catch(() => undefined);
  let before: Awaited<ReturnType<typeof sample>>;
  for (let first = compared; !call.gone.aborted && !context.closing.aborted; first = false) {
    const current = record();
    if (!current) break;
    const now = await sample(context, current);
    if (!first) await out.write(statsBody(current, now, before));
    before = now;
    if (once && !first) break;
    await pause();
  }
  out.end();
}

export const statsRoutes: readonly Route[] = [
  { method: 'GET', path: '/containers/:id/stats', handler: statsHandler },
];
