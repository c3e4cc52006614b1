import type { ContainerId, ImageId } from './ids.ts';
import type { ContainerConfig, HostConfig, NetworkingConfig } from './host-config.ts';
import type { MountPoint } from './mounts.ts';

export type Status = 'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'removing' | 'dead';

/** What is remembered of the last run, whatever the status. Times are RFC 3339 with nanoseconds, `zeroTime` before the first. */
interface LastRun {
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly exitCode: number;
  /** Why the last start failed, or ''. */
  readonly error: string;
  readonly oomKilled: boolean;
}

/**
 * A container's state. Only a running or paused one has a process; `startTime` (clock ticks since boot) tells
 * that process from a later one with the same pid.
 */
export type ContainerState = LastRun &
  (
    | { readonly status: 'created' | 'restarting' | 'exited' | 'removing' | 'dead' }
    | { readonly status: 'running' | 'paused'; readonly pid: number; readonly startTime: string }
  );

export const zeroTime = '0001-01-01T00:00:00Z';

export const neverRun: ContainerState = {
  status: 'created', startedAt: zeroTime, finishedAt: zeroTime, exitCode: 0, error: '', oomKilled: false,
};

const legal: Record<Status, readonly Status[]> = {
  created: ['created', 'running', 'removing', 'exited'],
  running: ['paused', 'exited', 'restarting', 'removing'],
  paused: ['running', 'exited', 'restarting', 'removing'],
  restarting: ['running', 'exited', 'restarting', 'removing'],
  exited: ['exited', 'running', 'restarting', 'removing'],
  removing: ['dead'],
  dead: ['removing'],
};

export function canBecome(from: Status, to: Status): boolean {
  return legal[from].includes(to);
}

/** Has a process now. */
export function isAlive(state: ContainerState): state is ContainerState & { status: 'running' | 'paused' } {
  return state.status === 'running' || state.status === 'paused';
}

/** The container's place on a network, while it runs; '' and 0 where a family isn't there. */
export interface EndpointRecord {
  readonly networkId: string;
  readonly endpointId: string;
  readonly gateway: string;
  readonly address: string;
  readonly prefixLength: number;
  readonly mac: string;
  readonly gateway6: string;
  readonly address6: string;
  readonly prefixLength6: number;
}

export interface PublishedPort {
  /** `80/tcp`. */
  readonly port: string;
  readonly hostIp: string;
  readonly hostPort: number;
}

/** How one health check went. */
export interface HealthResult {
  /** RFC 3339 with nanoseconds. */
  readonly start: string;
  readonly end: string;
  /** 0 healthy; -1 where it couldn't be run, or took too long. */
  readonly exitCode: number;
  /** The first 4096 bytes of what it wrote. */
  readonly output: string;
}

export interface Health {
  readonly status: 'starting' | 'healthy' | 'unhealthy';
  /** Failures in a row. */
  readonly failingStreak: number;
  /** The last five, the oldest first. */
  readonly log: readonly HealthResult[];
}

export interface ContainerRecord {
  readonly id: ContainerId;
  /** Without the slash that Docker shows. */
  readonly name: string;
  /** RFC 3339 with nanoseconds. */
  readonly created: string;
  /** The name the user gave for the image. */
  readonly image: string;
  readonly imageId: ImageId;
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly networkingConfig: NetworkingConfig;
  readonly mounts: readonly MountPoint[];
  readonly state: ContainerState;
  /** From its first start on, where it has a health check. */
  readonly health?: Health;
  readonly restartCount: number;
  /** Grows with every start, stop and restart; a restart that was planned under an older number is void. */
  readonly generation: number;
  /** A person stopped it: `unless-stopped` and `always` leave it alone until a person starts it. */
  readonly stoppedByHand: boolean;
  /** Network name → endpoint; empty while it doesn't run. */
  readonly endpoints: Record<string, EndpointRecord>;
  readonly ports: readonly PublishedPort[];
}
