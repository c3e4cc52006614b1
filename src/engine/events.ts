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

export function eventPasses(event: EngineEvent, filters: Filters): boolean {
  const named =
    (type: EventType) =>
    (value: string): boolean =>
      event.type === type ? event.id.startsWith(value) || event.attributes.name === value : false;
  const action = (value: string): boolean => event.action === value || event.action.startsWith(`${value}:`);
  return (
    passes(filters, 'type', (value) => event.type === value) &&
    passes(filters, 'event', action) &&
    passes(
      filters,
      'container',
      (value) => named('container')(value) || event.attributes.container?.startsWith(value) === true,
    ) &&
    passes(
      filters,
      'image',
      (value) =>
        (event.type === 'image' && (event.id === value || event.attributes.name === value)) ||
        event.attributes.image === value,
    ) &&
    passes(filters, 'volume', named('volume')) &&
    passes(filters, 'network', named('network')) &&
    passes(filters, 'daemon', named('daemon')) &&
    passes(filters, 'scope', (value) => value === 'local') &&
    labelsPass(filters, event.attributes)
  );
}
