import { expect, test } from 'vitest';
import { UndoStack } from '../../../src/engine/undo.ts';

test('steps are taken back last first, and one that fails is named while the others still run', async () => {
  const undo = new UndoStack();
  const ran: string[] = [];
  undo.push('first', () => ran.push('first'));
  undo.push('second', () => {
    throw new Error('stuck');
  });
  undo.push('third', async () => void ran.push('third'));
  expect(await undo.unwind()).toEqual(['second: stuck']);
  expect(ran).toEqual(['third', 'first']);
  expect(await undo.unwind()).toEqual([]);
});
