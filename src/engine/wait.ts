import { isAlive } from '../model/container.ts';
import { invalid, notFound } from '../model/errors.ts';
import type { Context } from './context.ts';
import type { WaitResult } from './live.ts';

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

export function parseCondition(text: string | undefined | null): WaitCondition {
  if (!text || text === 'not-running') return 'not-running';
  if (text === 'next-exit' || text === 'removed') return text;
  throw invalid(`invalid condition: "${text}"`);
}

/**
 * Registers the wait at once (an unknown container throws here, before any header is sent) and gives the promise
 * of its answer. A container that removed itself still answers with its exit code.
 */
export function wait(
  context: Context,
  reference: string,
  condition: WaitCondition,
  signal: AbortSignal,
): { result: Promise<WaitResult> } {
  let record;
  try {
    record = context.records.find(reference);
  } catch (error) {
    const exitCode = context.records.removedExit(reference);
    if (exitCode === undefined) throw error;
    return { result: Promise.resolve({ exitCode }) };
  }
  const { state } = record;
  if (
    condition === 'not-running' &&
    !isAlive(state) &&
    state.status !== 'restarting' &&
    !context.live.of(record.id).starting
  ) {
    return { result: Promise.resolve({ exitCode: state.exitCode, ...(state.error ? { error: state.error } : {}) }) };
  }
  const live = context.live.of(record.id);
  const set = condition === 'removed' ? live.onRemoved : live.onExit;
  const { promise, resolve, reject } = Promise.withResolvers<WaitResult>();
  set.add(resolve);
  signal.addEventListener(
    'abort',
    () => {
      set.delete(resolve);
      reject(notFound('the client went away'));
    },
    { once: true },
  );
  promise.catch(() => {}); // a client that left is nobody's error
  return { result: promise };
}
