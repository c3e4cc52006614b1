import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, type ContainerRecord, type HealthResult } from '../model/container.ts';
import { messageOf } from '../model/errors.ts';
import type { ContainerId } from '../model/ids.ts';
import { attachKeeper } from '../runtime/launch.ts';
import { now, parseTime, nowNs } from './clock.ts';
import { tell, type Context } from './context.ts';
import { settlesWithin } from './deadline.ts';
import { createExec, startExec } from './exec.ts';
import { goDuration, healthCheckOf, judge, nextCheck, starting, unwatched, type HealthCheck } from './health.ts';
import type { PendingAttach } from './live.ts';
import { killTree } from './process-tree.ts';

/** Bytes of a check's output that are kept. */
const outputLimit = 4096;

/**
 * Begins to look after a container that runs: `fresh` at its start, else where an engine before this one, or a pause,
 * left off. Nothing where its configuration has no check.
 */
export function watchHealth(context: Context, record: ContainerRecord, { fresh }: { fresh: boolean }): void {
  const check = healthCheckOf(record.config);
  if (!check) return;
  if (fresh || !record.health) context.records.update(record.id, { health: starting(record.health) });
  const live = context.live.of(record.id);
  live.health?.abort();
  const over = new AbortController();
  live.health = over;
  follow(context, record.id, check, over.signal).catch((error: unknown) => {
    if (!over.signal.aborted) context.options.log(`container ${record.id}: its health check: ${messageOf(error)}`);
  });
}

/** Ends the looking, and a check that runs. */
export function unwatchHealth(context: Context, id: ContainerId): void {
  const live = context.live.of(id);
  live.health?.abort();
  live.health = undefined;
  const health = context.records.get(id)?.health;
  if (health && health.status !== 'unhealthy') context.records.update(id, { health: unwatched(health) });
}

async function follow(context: Context, id: ContainerId, check: HealthCheck, over: AbortSignal): Promise<void> {
  // How old the run is by the wall, once; from here on by the monotonic clock.
  const startedAt = parseTime(context.records.get(id)?.state.startedAt ?? '') ?? 0n;
  const begin = performance.now() - Math.max(0, Number((nowNs() - startedAt) / 1_000_000n));
  for (;;) {
    const before = context.records.get(id)?.health;
    if (!before) return;
    await delay(nextCheck(before, check, performance.now() - begin), undefined, { signal: over, ref: false });
    const result = await runCheck(context, id, check, over);
    const record = context.records.get(id);
    if (over.aborted || !result || !record?.health) return;
    const health = judge(record.health, result, check, performance.now() - begin);
    const changed = context.records.update(id, { health });
    if (health.status !== record.health.status) tell(context, changed, `health_status: ${health.status}`);
  }
}

/** Runs a check as an exec; undefined where the container doesn't run any more. */
async function runCheck(
  context: Context,
  id: ContainerId,
  check: HealthCheck,
  over: AbortSignal,
): Promise<HealthResult | undefined> {
  const record = context.records.get(id);
  if (!record || record.state.status !== 'running') return undefined;
  const start = now();
  const output = new Output();
  let exec: string | undefined;
  try {
    exec = createExec(context, record, {
      args: check.args,
      env: [],
      user: '',
      cwd: '',
      tty: false,
      privileged: false,
      attachStdin: false,
      attachStdout: true,
      attachStderr: true,
      detachKeys: '',
    });
    const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
    over.addEventListener('abort', () => stop(), { once: true });
    const ended = startExec(context, exec, { client: output }).then(() => context.execs.live.get(exec ?? '')?.ended);
    const inTime = await settlesWithin(Promise.race([ended, stopped]), check.timeout);
    if (!inTime || over.aborted) {
      await endExec(context, exec);
      const late = `Health check exceeded timeout (${goDuration(check.timeout)})`;
      return { start, end: now(), exitCode: -1, output: late };
    }
    await ended;
    await settlesWithin(output.ended, 200);
    return { start, end: now(), exitCode: context.execs.get(exec)?.exitCode ?? -1, output: output.text() };
  } catch (error) {
    const current = context.records.get(id);
    if (!current || !isAlive(current.state)) return undefined;
    return { start, end: now(), exitCode: -1, output: messageOf(error) };
  } finally {
    output.drop();
    if (exec !== undefined) forget(context, exec);
  }
}

/** A check that hangs is ended with all that it started. */
async function endExec(context: Context, exec: string): Promise<void> {
  const { pid = 0, container } = context.execs.get(exec) ?? {};
  const record = container && context.records.get(container);
  if (record && pid > 0) await killTree(context, record, pid);
  await context.execs.live.get(exec)?.keeper?.signal(9).catch(() => {});
}

/** Checks don't fill the list of execs; one that still ends is forgotten when it has. */
function forget(context: Context, exec: string): void {
  const ended = context.execs.live.get(exec)?.ended ?? Promise.resolve();
  void settlesWithin(ended, 10_000).then(() => context.closing.aborted || context.execs.forget(exec));
}

/** The beginning of what a check writes, both streams in one. */
class Output implements PendingAttach {
  readonly ended: Promise<void>;
  readonly #end: () => void;
  #stream: Duplex | undefined;
  #parts: Buffer[] = [];
  #size = 0;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#end = resolve;
  }

  async join(socket: string): Promise<void> {
    const attached = await attachKeeper(socket, { stdin: false, stdout: true, stderr: true });
    if (!attached) return this.#end();
    this.#stream = attached.stream;
    attached.stream
      .on('data', (chunk: Buffer) => {
        // Frames of eight bytes are taken off at the end; a few more bytes than the limit make up for them.
        if (this.#size < 4 * outputLimit) this.#parts.push(chunk);
        this.#size += chunk.length;
      })
      .on('error', () => this.#end())
      .on('close', () => this.#end())
      .on('end', () => this.#end())
      .resume()
      .end();
  }

  drop(): void {
    this.#end();
    this.#stream?.destroy();
  }

  text(): string {
    const wire = Buffer.concat(this.#parts);
    const data: Buffer[] = [];
    for (let at = 0; at + 8 <= wire.length; at += 8 + wire.readUInt32BE(at + 4))
      data.push(wire.subarray(at + 8, at + 8 + wire.readUInt32BE(at + 4)));
    const whole = Buffer.concat(data);
    return whole.length > outputLimit ? `${whole.subarray(0, outputLimit).toString()}...` : whole.toString();
  }
}
