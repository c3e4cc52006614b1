import { expect, test } from 'vitest';
import { EventBus, eventFilters, eventPasses, type EngineEvent } from '../../../src/engine/events.ts';
import { parseFilters } from '../../../src/engine/filters.ts';

const event: EngineEvent = {
  type: 'container',
  action: 'exec_create: sh',
  id: 'abc123',
  time: 1n,
  attributes: { name: 'web', image: 'busybox', tier: 'front' },
};
const pass = (filters: object): boolean => eventPasses(event, parseFilters(JSON.stringify(filters), eventFilters));

test.each([
  [{}, true],
  [{ type: ['container'] }, true],
  [{ type: ['image'] }, false],
  [{ event: ['exec_create'] }, true],
  [{ event: ['exec_start'] }, false],
  [{ container: ['abc'] }, true],
  [{ container: ['web'] }, true],
  [{ container: ['we'] }, true],
  [{ container: ['eb'] }, false],
  [{ event: ['exec_create: s'] }, false],
  [{ event: ['exec_create', 'exec_create: s'] }, true],
  [{ event: ['exec'] }, false],
  [{ image: ['busybox'] }, true],
  [{ image: ['redis'] }, false],
  [{ label: ['tier=front'] }, true],
  [{ label: ['tier=back'] }, false],
  [{ type: ['image', 'container'], event: ['exec_create'] }, true],
  [{ volume: ['v'] }, false],
  [{ network: ['x'] }, false],
  [{ scope: ['local'] }, true],
  [{ scope: ['swarm'] }, false],
  [{ image: ['busybox:latest'] }, false],
])('the filter %j passes: %s', (filters, expected) => {
  expect(pass(filters)).toBe(expected);
});

test('listeners hear what comes, and nothing after they left', () => {
  const bus = new EventBus();
  const heard: string[] = [];
  const leave = bus.listen(({ action }) => heard.push(action));
  bus.emit('container', 'start', 'x');
  leave();
  bus.emit('container', 'die', 'x');
  expect(heard).toEqual(['start']);
  expect(bus.listeners).toBe(0);
});

test('the past is kept in order and within bounds', () => {
  const bus = new EventBus();
  for (let i = 0; i < 5000; i += 1) bus.emit('container', String(i), 'x');
  const past = bus.past(undefined, undefined);
  expect(past.length).toBeLessThanOrEqual(2048);
  expect(past.at(-1)?.action).toBe('4999');
  expect(bus.past(past.at(-2)!.time, past.at(-2)!.time).map(({ action }) => action)).toContain('4998');
});
