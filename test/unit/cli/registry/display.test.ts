import { expect, test } from 'vitest';
import { layerLine, nextState, screen, type LayerState } from '../../../../src/cli/registry/display.ts';
import { plainLine } from '../../../../src/cli/pulling.ts';

const layer = (id: string, status: string, current = 0, total = 0): LayerState => ({ id, status, current, total, since: 0, from: 0 });

test('a layer on its way has a bar, a rate and the time that is left', () => {
  expect(layerLine(layer('a1b2', 'Downloading', 3_000_000, 12_000_000), 120, 3000)).toBe(
    'a1b2: Downloading  [=======>                      ] 3MB/12MB  1MB/s  9s left',
  );
  expect(layerLine(layer('a1b2', 'Extracting', 12_000_000, 12_000_000), 120, 100)).toBe(
    'a1b2: Extracting   [==============================] 12MB/12MB',
  );
  expect(layerLine(layer('a1b2', 'Pull complete'), 120, 0)).toBe('a1b2: Pull complete');
  expect(layerLine(layer('a1b2', 'Downloading', 1, 12_000_000), 20, 3000)).toHaveLength(20);
});

test('a new status begins a new count', () => {
  const first = nextState(undefined, { id: 'a', status: 'Downloading', progressDetail: { current: 5, total: 10 } }, 100);
  expect(nextState(first, { id: 'a', status: 'Downloading', progressDetail: { current: 9, total: 10 } }, 200)).toMatchObject({ since: 100, from: 5 });
  expect(nextState(first, { id: 'a', status: 'Pull complete', progressDetail: {} }, 300)).toMatchObject({ since: 300, total: 0 });
});

test('more layers than rows: those that are through become a count', () => {
  const layers = [...Array.from({ length: 30 }, (_, at) => layer(`d${at}`, 'Pull complete')), ...Array.from({ length: 30 }, (_, at) => layer(`w${at}`, 'Waiting'))];
  const lines = screen(layers, 80, 10, 0);
  expect(lines).toHaveLength(10);
  expect(lines[0]).toBe('30 of 60 layers are through, 21 more to come');
  expect(lines[1]).toBe('w0: Waiting');
});

test('elsewhere than at a terminal, states are lines and counts are nothing', () => {
  expect(plainLine({ id: 'a', status: 'Pull complete', progressDetail: {} })).toBe('a: Pull complete\n');
  expect(plainLine({ id: 'a', status: 'Downloading', progress: '[>]' })).toBe('');
  expect(plainLine({ status: 'Digest: x' })).toBe('Digest: x\n');
  expect(plainLine({ progressDetail: {}, aux: {} })).toBe('');
});
