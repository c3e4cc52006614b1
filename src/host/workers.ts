import { availableParallelism } from 'node:os';
import { parentPort, Worker } from 'node:worker_threads';
import { BerthError, codeOf, messageOf, unavailable, type ErrorKind } from '../model/errors.ts';

/**
 * Work that would hold the event loop up, done in threads. A job goes to one worker, with a stream of bytes if it
 * needs one, and gives one result:
 *
 * ```
 *  pool                               worker (src/unpack-worker.ts)
 *    │ start {request, streams} ────────►│
 *    │ chunk … end | fail ──────────────►│   at most `ahead` chunks unanswered
 *    │◄──────────────────── more, told … │
 *    │ abort ───────────────────────────►│
 *    │◄───────────────── done | failed ──│
 * ```
 */
type ToWorker =
  | { readonly type: 'start'; readonly request: unknown; readonly streams: boolean }
  | { readonly type: 'chunk'; readonly bytes: Uint8Array }
  | { readonly type: 'end' }
  | { readonly type: 'abort' };
type FromWorker =
  | { readonly type: 'more' }
  | { readonly type: 'told'; readonly value: unknown }
  | { readonly type: 'done'; readonly result: unknown }
  | { readonly type: 'failed'; readonly message: string; readonly kind?: ErrorKind; readonly code?: string };

export interface Job {
  /** Plain data. */
  readonly request: object;
  /** Bytes that come while the job runs. */
  readonly stream?: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
  /** What the job tells on its way. */
  readonly told?: (value: unknown) => void;
}

export interface WorkerPool {
  run<Result>(job: Job): Promise<Result>;
  /** Has workers started for jobs that will come soon. */
  warm(): void;
}

const ahead = 4;
const idleTime = 5000;

/** The bundle's worker lies beside it, the source's above this folder. */
const entry = new URL(import.meta.url.endsWith('.mjs') ? './unpack-worker.mjs' : '../unpack-worker.ts', import.meta.url);

/**
 * One worker more than there are processors, but no more than those for jobs of either kind: jobs whose bytes are slow
 * to come never keep the others waiting.
 */
export function openWorkers(size = availableParallelism() + 1): WorkerPool {
  const idle: Worker[] = [];
  const waiting: { readonly streams: boolean; readonly go: () => void }[] = [];
  const timers = new Map<Worker, NodeJS.Timeout>();
  const busy = { all: 0, streams: 0 };

  const most = Math.max(1, size - 1);
  const mayStart = (streams: boolean): boolean =>
    busy.all < size && (streams ? busy.streams < most : busy.all - busy.streams < most);
  const enter = (streams: boolean): void => {
    busy.all++;
    if (streams) busy.streams++;
  };
  const leave = (streams: boolean): void => {
    busy.all--;
    if (streams) busy.streams--;
    const next = waiting.findIndex((one) => mayStart(one.streams));
    if (next >= 0) waiting.splice(next, 1)[0]!.go();
  };
  const turn = async (streams: boolean): Promise<void> => {
    if (!mayStart(streams)) await new Promise<void>((resolve) => waiting.push({ streams, go: () => (enter(streams), resolve()) }));
    else enter(streams);
  };
  const start = (): Worker => {
    // A small young generation: what a job throws away is buffers, which lie outside of it.
    const worker = new Worker(entry, { execArgv: [], name: 'unpack', resourceLimits: { maxYoungGenerationSizeMb: 4 } });
    const drop = (): void => void (idle.includes(worker) && idle.splice(idle.indexOf(worker), 1));
    return worker.on('error', drop).on('exit', drop);
  };
  const take = (): Worker => {
    const worker = idle.pop() ?? start();
    clearTimeout(timers.get(worker));
    worker.ref();
    return worker;
  };
  const giveBack = (worker: Worker): void => {
    worker.unref();
    idle.push(worker);
    const timer = setTimeout(() => {
      timers.delete(worker);
      if (!idle.includes(worker)) return;
      idle.splice(idle.indexOf(worker), 1);
      void worker.terminate();
    }, idleTime);
    timers.set(worker, timer.unref());
  };

  return {
    warm() {
      for (let count = idle.length + busy.all; count < most; count++) giveBack(start());
    },
    async run<Result>(job: Job) {
      const streams = job.stream !== undefined;
      await turn(streams);
      try {
        job.signal?.throwIfAborted();
        const worker = take();
        const result = await runOn(worker, job, () => giveBack(worker));
        return result as Result;
      } finally {
        leave(streams);
      }
    },
  };
}

/** @param whole called when the worker is fit for another job */
async function runOn(worker: Worker, { request, stream, signal, told }: Job, whole: () => void): Promise<unknown> {
  const post = (message: ToWorker, transfer: readonly ArrayBuffer[] = []): void => worker.postMessage(message, transfer);
  const credit = { left: ahead };
  let wake: () => void = () => {};
  let streamError: unknown;
  const over = Promise.withResolvers<unknown>();
  const ended = { yet: false };
  const onMessage = (message: FromWorker): void => {
    if (message.type === 'more') {
      credit.left++;
      wake();
    } else if (message.type === 'told') told?.(message.value);
    else {
      whole();
      if (message.type === 'done') over.resolve(message.result);
      else over.reject(streamError ?? errorOf(message));
    }
  };
  const onError = (error: unknown): void => over.reject(unavailable(`worker ended: ${messageOf(error)}`, error));
  const onExit = (): void => onError(new Error('it is gone'));
  const onAbort = (): void => {
    wake();
    post({ type: 'abort' });
  };
  worker.on('message', onMessage).on('error', onError).on('exit', onExit);
  signal?.addEventListener('abort', onAbort, { once: true });
  const isOver = (): boolean => ended.yet || signal?.aborted === true;
  const pump = async (bytes: AsyncIterable<Uint8Array>): Promise<void> => {
    try {
      for await (const chunk of bytes) {
        while (credit.left === 0 && !isOver()) await new Promise<void>((resolve) => (wake = resolve));
        if (isOver()) return;
        credit.left--;
        // A copy: the chunk may be a part of a buffer that others use.
        const copy = new Uint8Array(chunk);
        post({ type: 'chunk', bytes: copy }, [copy.buffer]);
      }
      post({ type: 'end' });
    } catch (error) {
      streamError = error;
      post({ type: 'abort' });
    }
  };
  try {
    post({ type: 'start', request, streams: stream !== undefined });
    if (signal?.aborted) onAbort();
    if (stream) void pump(stream);
    return await over.promise;
  } finally {
    ended.yet = true;
    wake();
    worker.off('message', onMessage).off('error', onError).off('exit', onExit);
    signal?.removeEventListener('abort', onAbort);
  }
}

function errorOf({ message, kind, code }: FromWorker & { type: 'failed' }): Error {
  if (kind) return new BerthError(kind, message);
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

export interface WorkerCall<Request> {
  readonly request: Request;
  /** The bytes that come with the job, if any do. */
  readonly chunks: AsyncIterable<Buffer> | undefined;
  readonly signal: AbortSignal;
  tell(value: unknown): void;
}

/** In a worker: does the jobs that the pool sends, one after another. */
export function serveJobs<Request>(work: (call: WorkerCall<Request>) => Promise<unknown>): void {
  const port = parentPort;
  if (!port) throw new Error('no worker');
  const post = (message: FromWorker): void => port.postMessage(message);
  const queue: (Uint8Array | 'end')[] = [];
  let wake: () => void = () => {};
  let abort = new AbortController();

  const incoming = async function* (signal: AbortSignal): AsyncGenerator<Buffer> {
    for (;;) {
      while (queue.length === 0 && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      signal.throwIfAborted();
      const next = queue.shift()!;
      if (next === 'end') return;
      post({ type: 'more' });
      yield Buffer.from(next.buffer as ArrayBuffer, next.byteOffset, next.byteLength);
    }
  };
  const start = async (request: Request, streams: boolean): Promise<void> => {
    queue.length = 0;
    abort = new AbortController();
    const { signal } = abort;
    try {
      const tell = (value: unknown): void => post({ type: 'told', value });
      const result = await work({ request, chunks: streams ? incoming(signal) : undefined, signal, tell });
      post({ type: 'done', result });
    } catch (error) {
      const code = codeOf(error);
      post({
        type: 'failed', message: messageOf(error), ...(error instanceof BerthError ? { kind: error.kind } : {}),
        ...(code === undefined ? {} : { code }),
      });
    }
  };
  port.on('message', (message: ToWorker) => {
    if (message.type === 'start') void start(message.request as Request, message.streams);
    else if (message.type === 'abort') abort.abort(new BerthError('unavailable', 'given up'));
    else queue.push(message.type === 'end' ? 'end' : message.bytes);
    wake();
  });
}
