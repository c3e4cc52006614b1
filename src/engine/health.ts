import type { Health, HealthResult } from '../model/container.ts';
import { invalid } from '../model/errors.ts';
import type { ContainerConfig, HealthConfig } from '../model/host-config.ts';

/** A check to be run again and again. Times in milliseconds. */
export interface HealthCheck {
  readonly args: readonly string[];
  readonly interval: number;
  readonly timeout: number;
  /** A failure within it doesn't count. */
  readonly startPeriod: number;
  /** In place of the interval while the start period lasts and no check has passed. */
  readonly startInterval: number;
  readonly retries: number;
}

const perMillisecond = 1e6;
const second = 1000;
/** How many results are remembered. */
const remembered = 5;

/** The check that a container's configuration asks for, with Docker's defaults; undefined for none. */
export function healthCheckOf(config: Pick<ContainerConfig, 'Healthcheck' | 'Shell'>): HealthCheck | undefined {
  const { Healthcheck: asked, Shell: shell } = config;
  const [kind, ...words] = asked?.Test ?? [];
  if (!asked || (kind !== 'CMD' && kind !== 'CMD-SHELL')) return undefined;
  const milliseconds = (nanoseconds: number | undefined, otherwise: number): number =>
    nanoseconds ? nanoseconds / perMillisecond : otherwise;
  return {
    args: kind === 'CMD' ? words : [...(shell?.length ? shell : ['/bin/sh', '-c']), ...words],
    interval: milliseconds(asked.Interval, 30 * second),
    timeout: milliseconds(asked.Timeout, 30 * second),
    startPeriod: milliseconds(asked.StartPeriod, 0),
    startInterval: milliseconds(asked.StartInterval, 5 * second),
    retries: asked.Retries || 3,
  };
}

/** Refuses times that can't be meant, in Docker's words. */
export function checkHealthConfig(asked: HealthConfig | undefined): void {
  for (const name of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval'] as const) {
    const nanoseconds = asked?.[name] ?? 0;
    if (nanoseconds !== 0 && nanoseconds < perMillisecond)
      throw invalid(`${name} in Healthcheck cannot be less than 1ms`);
  }
  if ((asked?.Retries ?? 0) < 0) throw invalid('Retries in Healthcheck cannot be negative');
}

/** How a run begins; results of the run before are still told. */
export const starting = (before: Health | undefined): Health => ({
  status: 'starting',
  failingStreak: 0,
  log: before?.log ?? [],
});

/** Nobody looks any more (paused, stopped): Docker says unhealthy then. */
export const unwatched = (before: Health): Health => ({ ...before, status: 'unhealthy' });

/** What a result makes of a container's health. `age`: milliseconds since its start. */
export function judge(before: Health, result: HealthResult, check: HealthCheck, age: number): Health {
  const log = [...before.log, result].slice(-remembered);
  if (result.exitCode === 0) return { status: 'healthy', failingStreak: 0, log };
  if (before.status === 'starting' && age < check.startPeriod) return { ...before, log };
  const failingStreak = before.failingStreak + 1;
  return { status: failingStreak >= check.retries ? 'unhealthy' : before.status, failingStreak, log };
}

/** Milliseconds until the next check. */
export const nextCheck = (health: Health, check: HealthCheck, age: number): number =>
  health.status === 'starting' && age < check.startPeriod ? check.startInterval : check.interval;

/** As Go writes durations: `1s`, `1m30s`, `250ms`. */
export function goDuration(milliseconds: number): string {
  if (milliseconds < second) return `${milliseconds}ms`;
  const hours = Math.floor(milliseconds / 3_600_000);
  const minutes = Math.floor(milliseconds / 60_000) % 60;
  const seconds = `${(milliseconds % 60_000) / second}s`;
  return hours > 0 ? `${hours}h${minutes}m${seconds}` : minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
