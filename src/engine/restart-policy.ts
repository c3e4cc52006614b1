import { invalid } from '../model/errors.ts';
import type { HostConfig, RestartPolicy } from '../model/host-config.ts';

const firstDelay = 100;
const longestDelay = 60_000;
/** A run that lasted this long (ms) was healthy: the next delay starts over. */
const healthyAfter = 10_000;

/**
 * Whether a container that ended by itself starts again. `restarts`: how often it was restarted since a person started
 * it.
 */
export function wantsRestart(
  policy: RestartPolicy,
  exitCode: number,
  restarts: number,
  stoppedByHand: boolean,
): boolean {
  if (stoppedByHand) return false;
  switch (policy.Name) {
    case '':
    case 'no':
      return false;
    case 'always':
    case 'unless-stopped':
      return true;
    case 'on-failure':
      return exitCode !== 0 && (policy.MaximumRetryCount === 0 || restarts < policy.MaximumRetryCount);
    default:
      policy.Name satisfies never;
      return false;
  }
}

/**
 * Milliseconds to wait before the next start: 100, doubling up to a minute, from the start again after a healthy run.
 */
export function nextDelay(previous: number, ranFor: number): number {
  if (previous === 0 || ranFor >= healthyAfter) return firstDelay;
  return Math.min(previous * 2, longestDelay);
}

/** Whether a container that has no process when the daemon comes up is started. */
export function startsWithDaemon(policy: RestartPolicy, stoppedByHand: boolean, wasRunning: boolean): boolean {
  if (policy.Name === 'always') return true;
  if (policy.Name === 'unless-stopped') return !stoppedByHand;
  return policy.Name === 'on-failure' && wasRunning && !stoppedByHand;
}

export function checkRestartPolicy(hostConfig: Pick<HostConfig, 'RestartPolicy' | 'AutoRemove'>): void {
  const { Name: name, MaximumRetryCount: retries } = hostConfig.RestartPolicy;
  if (!['', 'no', 'always', 'unless-stopped', 'on-failure'].includes(name))
    throw invalid(`invalid restart policy '${name}'`);
  if (name !== '' && name !== 'on-failure' && retries !== 0)
    throw invalid(`maximum retry count cannot be used with restart policy '${name}'`);
  if (retries < 0) throw invalid(`maximum retry count cannot be negative`);
  if (hostConfig.AutoRemove && name !== '' && name !== 'no') {
    throw invalid(`can't create 'AutoRemove' container with restart policy`);
  }
}
