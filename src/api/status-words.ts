import type { ContainerState, Health } from '../model/container.ts';
import { parseTime } from '../engine/clock.ts';

/** Go's units.HumanDuration, in which Docker tells ages: seconds below a minute, "About an hour", and so on. */
export function humanDuration(seconds: number): string {
  if (seconds < 1) return 'Less than a second';
  if (seconds < 2) return '1 second';
  if (seconds < 60) return `${Math.floor(seconds)} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.floor(seconds / 3600 + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 14) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 60) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}

const healthWords = (health: Health['status'] | undefined): string =>
  health === undefined ? '' : ` (${health === 'starting' ? 'health: starting' : health})`;

/** The STATUS column: `Up 3 seconds`, `Exited (0) 2 minutes ago`, `Created`. `now`: nanoseconds since 1970. */
export function statusWords(state: ContainerState, now: bigint, health?: Health['status']): string {
  const ago = (time: string): string => humanDuration(Number((now - (parseTime(time) ?? now)) / 1_000_000n) / 1000);
  switch (state.status) {
    case 'running':
      return `Up ${ago(state.startedAt)}${healthWords(health)}`;
    case 'paused':
      return `Up ${ago(state.startedAt)} (Paused)`;
    case 'restarting':
      return `Restarting (${state.exitCode}) ${ago(state.finishedAt)} ago`;
    case 'created':
      return 'Created';
    case 'exited':
      return state.finishedAt.startsWith('0001')
        ? 'Created'
        : `Exited (${state.exitCode}) ${ago(state.finishedAt)} ago`;
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    default:
      return state satisfies never;
  }
}
