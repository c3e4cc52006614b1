import { labelsPass, passes, type Filters } from './filters.ts';
import { nowNs } from './clock.ts';

export type EventType = 'container' | 'image' | 'volume' | 'network' | 'daemon';

export interface EngineEvent {
  readonly type: EventType;
  /** `start`, `die`, `exec_create: sh` … in Docker's words. */
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
}

export const eventFilters = [
  'config',
  'container',
  'daemon',
  'event',
  'image',
  'label',
  'label!',
  'network',
  'node',
  'plugin',
  'scope',
  'secret',
  'service',
  'type',
  'volume',
];

/** How many past events `since` can bring back. */
const kept = 1024;

/**
 * What happened, told to whoever listens. Events are hints: state is asked of the records. A follower that
 * doesn't read is cut off at `backlog` unread events, so that it can't fill the memory.
 */
export class EventBus {
  #past: EngineEvent[] = [];
  #listeners = new Set<(event: EngineEvent) => void>();

  emit(type: EventType, action: string, id: string, attributes: Record<string, string> = {}): void {
    const event: EngineEvent = { type, action, id, attributes, time: nowNs() };
    this.#past.push(event);
    if (this.#past.length > 2 * kept) this.#past = this.#past.slice(-kept);
    for (const listener of this.#listeners) listener(event);
  }

  past(since: bigint | undefined, until: bigint | undefined): EngineEvent[] {
    return this.#past.filter(
      (event) => (since === undefined || event.time >= since) && (until === undefined || event.time <= until),
    );
  }

  /** Calls `listener` for each event from now on; returns how to end it. */
  listen(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}

/**
 * Docker's reading of the filters: a container, volume, network or daemon by a beginning of its id or name, an image by
 * its id or name with or without the tag, the rest exactly. A filter of one type leaves out what has no such name.
 */
export function eventPasses(event: EngineEvent, filters: Filters): boolean {
  const { type, action, id, attributes } = event;
  const named = (value: string): boolean => id.startsWith(value) || (attributes.name ?? '').startsWith(value);
  const image = (type === 'image' ? attributes.name : attributes.image) ?? '';
  const images = new Set([id, image, withoutTag(id), withoutTag(image)]);
  // One of these among the wanted, and all are taken for beginnings.
  const beginnings = filters.get('event')?.some((value) => ['health_status', 'exec_create', 'exec_start'].includes(value));
  return (
    passes(filters, 'type', (value) => type === value) &&
    passes(filters, 'event', (value) => (beginnings ? action.startsWith(value) : action === value)) &&
    passes(filters, 'container', named) &&
    passes(filters, 'image', (value) => images.has(value)) &&
    passes(filters, 'volume', named) &&
    passes(filters, 'network', named) &&
    passes(filters, 'daemon', named) &&
    passes(filters, 'plugin', named) &&
    passes(filters, 'scope', (value) => value === 'local') &&
    ['config', 'node', 'secret', 'service'].every((other) => passes(filters, other, named)) &&
    labelsPass(filters, attributes)
  );
}

/** The repository of `name:tag`; a port's colon is followed by a slash. */
function withoutTag(name: string): string {
  const at = name.lastIndexOf(':');
  return at < 0 || name.includes('/', at) ? name : name.slice(0, at);
}
