import { nowNs, parseMoment } from '../../engine/clock.ts';
import { eventFilters, eventPasses, type EngineEvent } from '../../engine/events.ts';
import { parseFilters } from '../../engine/filters.ts';
import { invalid } from '../../model/errors.ts';
import { jsonLines } from '../ndjson.ts';
import type { Call } from '../request.ts';
import type { Route } from '../server.ts';

/** Unread events after which a follower is hung up on: it can't fill the memory. */
const backlog = 4096;
/** What a timer can count, in ms. */
const longest = 2 ** 31 - 1;

/** As a line of JSON; the nanoseconds have more digits than a JavaScript number, so they are put in as text. */
function eventLine({ type, action, id, attributes, time }: EngineEvent): string {
  const old = type === 'container' || type === 'image';
  const line = JSON.stringify({
    ...(old
      ? { status: action, id, ...(type === 'container' && attributes.image ? { from: attributes.image } : {}) }
      : {}),
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: attributes },
    scope: 'local',
    time: Number(time / 1_000_000_000n),
  });
  return `${line.slice(0, -1)},"timeNano":${time}}`;
}

function moment(call: Call, name: 'since' | 'until'): bigint | undefined {
  const text = call.query.text(name);
  if (!text) return undefined;
  const parsed = parseMoment(text);
  if (parsed === undefined) throw invalid(`invalid value for "${name}": ${text.slice(0, 60)}`);
  return parsed;
}

/** The past from `since` on, then what comes, to `until` or until the client goes. */
async function eventsHandler(call: Call): Promise<void> {
  const { events, closing } = call.engine.context;
  const filters = parseFilters(call.query.text('filters'), eventFilters);
  const since = moment(call, 'since');
  const until = moment(call, 'until');
  if (since !== undefined && until !== undefined && until < since) {
    const seconds = (ns: bigint): bigint => ns / 1_000_000_000n;
    throw invalid(`\`since\` time (${seconds(since)}) cannot be after \`until\` time (${seconds(until)})`);
  }
  const wanted = (event: EngineEvent): boolean =>
    (until === undefined || event.time <= until) && eventPasses(event, filters);
  const out = jsonLines(call);
  const queue = since === undefined && until === undefined ? [] : events.past(since, until).filter(wanted);
  const over = new AbortController();
  let wake: () => void = () => {};
  const end = (): void => {
    over.abort();
    wake();
  };
  const leave = events.listen((event) => {
    if (over.signal.aborted || !wanted(event)) return;
    if (queue.push(event) > backlog) {
      end();
      call.response?.destroy();
    }
    wake();
  });
  call.gone.addEventListener('abort', end, { once: true });
  closing.addEventListener('abort', end, { once: true });
  const left = until === undefined ? undefined : Math.min(Number((until - nowNs()) / 1_000_000n), longest);
  const timer = left === undefined ? undefined : setTimeout(end, Math.max(0, left));
  try {
    while (!over.signal.aborted || queue.length > 0) {
      for (const event of queue.splice(0)) await out.write(eventLine(event));
      if (!over.signal.aborted && queue.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    leave();
    clearTimeout(timer);
    closing.removeEventListener('abort', end);
  }
  out.end();
}

export const eventRoutes: readonly Route[] = [{ method: 'GET', path: '/events', handler: eventsHandler }];
