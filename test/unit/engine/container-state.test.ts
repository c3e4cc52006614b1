import { expect, test } from 'vitest';
import { canBecome, type Status } from '../../../src/model/container.ts';

const all: Status[] = ['created', 'running', 'paused', 'restarting', 'exited', 'removing', 'dead'];

test('only what was made or has ended starts to run, or what was paused', () => {
  expect(all.filter((from) => canBecome(from, 'running'))).toEqual(['created', 'paused', 'restarting', 'exited']);
});

test('only what runs is paused', () => {
  expect(all.filter((from) => canBecome(from, 'paused'))).toEqual(['running']);
});

test('from removing there is no way back', () => {
  expect(all.filter((to) => canBecome('removing', to))).toEqual(['dead']);
  expect(all.filter((to) => canBecome('dead', to))).toEqual(['removing']);
});
