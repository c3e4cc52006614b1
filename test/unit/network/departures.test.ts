import { expect, test } from 'vitest';
import { openDepartures } from '../../../src/network/departures.ts';
import type { Op } from '../../../src/model/plan.ts';

const op = (path: string): Op => ({ op: 'rmdir', path });

test('links of several owners that come meanwhile go in one request', async () => {
  const requests: string[][] = [];
  const first = Promise.withResolvers<void>();
  const departures = openDepartures(async (ops) => {
    requests.push(ops.map((one) => (one as { path: string }).path));
    if (requests.length === 1) await first.promise;
  });
  const gone: string[] = [];
  for (const owner of ['a', 'b', 'c']) departures.add(owner, [op(owner)], () => gone.push(owner));
  await Promise.resolve();
  expect(gone).toEqual([]);
  expect(departures.pending('c')).toBe(true);
  first.resolve();
  await departures.gone('c');
  expect(gone).toEqual(['a', 'b', 'c']);
  await departures.gone();
  expect(departures.pending()).toBe(false);
  expect(requests.length).toBeLessThan(3);
  expect(requests.flat()).toEqual(['a', 'b', 'c']);
});

test('a link that can not be taken down frees its address, and whoever waits for it is told', async () => {
  const departures = openDepartures(() => Promise.reject(new Error('no such luck')));
  let freed = false;
  departures.add('a', [op('a')], () => (freed = true));
  await expect(departures.gone('a')).rejects.toThrow('no such luck');
  expect(freed).toBe(true);
  departures.add('a', [op('a')], () => undefined);
  await expect(departures.gone()).rejects.toThrow('no such luck');
});
