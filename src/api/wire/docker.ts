/**
 * The JSON of the Docker Engine API (v1.24 to v1.51), as types and nothing else. The API server writes it, the CLI
 * reads it, and neither knows more of the other.
 *
 * Field names are Docker's. In requests every field may be missing or `null` (Go's nil), and both mean "not given";
 * in responses the fields without `?` are always there. Sizes are bytes, `…Nano…` and `Timeout`-like health fields are
 * nanoseconds, `Created` in listings is Unix seconds, other times are RFC 3339 text (`0001-01-01T00:00:00Z`: never).
 * Source: the published Engine API reference and the traffic of docker 28.2.
 */
export * from './docker-config.ts';
export * from './docker-image.ts';
export * from './docker-system.ts';

import type * as model from '../../model/host-config.ts';
import type { ContainerConfig, HostConfig, NetworkingConfig, EndpointSettings } from './docker-config.ts';

/** Body of every answer ≥ 400. */
export interface ErrorResponse {
  message: string;
}

/** POST /containers/create?name=&platform= */
export type ContainerCreateRequest = ContainerConfig & {
  HostConfig?: HostConfig | null;
  NetworkingConfig?: NetworkingConfig | null;
};

export interface ContainerCreateResponse {
  Id: string;
  Warnings: string[];
}

export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

/** One row of GET /containers/json?all=&limit=&size=&filters= */
export interface ContainerSummary {
  Id: string;
  /** With a leading slash. */
  Names: string[];
  Image: string;
  ImageID: string;
  Command: string;
  Created: number;
  Ports: PortSummary[];
  SizeRw?: number;
  SizeRootFs?: number;
  Labels: Record<string, string>;
  State: ContainerStatus;
  /** In words: `Up 3 seconds`, `Exited (0) 2 minutes ago`, `Created`. */
  Status: string;
  HostConfig: { NetworkMode: string; Annotations?: Record<string, string> };
  NetworkSettings: { Networks: Record<string, EndpointSettings> };
  Mounts: MountPoint[];
}

export interface PortSummary {
  IP?: string;
  PrivatePort: number;
  PublicPort?: number;
  Type: 'tcp' | 'udp' | 'sctp';
}

export interface MountPoint {
  Type: 'bind' | 'volume' | 'tmpfs' | 'npipe' | 'cluster' | 'image';
  Name?: string;
  Source: string;
  Destination: string;
  Driver?: string;
  Mode: string;
  RW: boolean;
  Propagation: string;
}

export interface HealthState {
  Status: 'none' | 'starting' | 'healthy' | 'unhealthy';
  FailingStreak: number;
  Log: { Start: string; End: string; ExitCode: number; Output: string }[];
}

export interface ContainerState {
  Status: ContainerStatus;
  Running: boolean;
  Paused: boolean;
  Restarting: boolean;
  OOMKilled: boolean;
  Dead: boolean;
  Pid: number;
  ExitCode: number;
  Error: string;
  StartedAt: string;
  FinishedAt: string;
  Health?: HealthState;
}

export interface PortBinding {
  HostIp: string;
  HostPort: string;
}

export interface NetworkSettings {
  Bridge: string;
  SandboxID: string;
  SandboxKey: string;
  /** `80/tcp` → its bindings; null: exposed, not published. */
  Ports: Record<string, PortBinding[] | null>;
  HairpinMode: boolean;
  LinkLocalIPv6Address: string;
  LinkLocalIPv6PrefixLen: number;
  SecondaryIPAddresses: unknown;
  SecondaryIPv6Addresses: unknown;
  EndpointID: string;
  Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  IPAddress: string;
  IPPrefixLen: number;
  IPv6Gateway: string;
  MacAddress: string;
  Networks: Record<string, EndpointSettings>;
}

/** GET /containers/{id}/json?size= */
export interface ContainerInspect {
  Id: string;
  Created: string;
  Path: string;
  Args: string[];
  State: ContainerState;
  Image: string;
  ResolvConfPath: string;
  HostnamePath: string;
  HostsPath: string;
  LogPath: string;
  /** With a leading slash. */
  Name: string;
  RestartCount: number;
  Driver: string;
  Platform: string;
  MountLabel: string;
  ProcessLabel: string;
  AppArmorProfile: string;
  ExecIDs: string[] | null;
  HostConfig: model.HostConfig;
  GraphDriver: { Name: string; Data: Record<string, string> | null };
  SizeRw?: number;
  SizeRootFs?: number;
  Mounts: MountPoint[];
  Config: model.ContainerConfig;
  NetworkSettings: NetworkSettings;
}

/** GET /containers/{id}/top?ps_args= */
export interface ContainerTop {
  Titles: string[];
  Processes: string[][];
}

/**
 * POST /containers/{id}/wait?condition=not-running|next-exit|removed: the headers come at once, this body at the end.
 */
export interface ContainerWaitResponse {
  StatusCode: number;
  Error?: { Message: string } | null;
}

/** POST /containers/{id}/update */
export interface ContainerUpdateResponse {
  Warnings: string[] | null;
}

/** GET /containers/{id}/changes; Kind 0 changed, 1 added, 2 deleted. */
export interface FilesystemChange {
  Path: string;
  Kind: 0 | 1 | 2;
}

/** POST /containers/{id}/exec */
export interface ExecCreateRequest {
  AttachStdin?: boolean;
  AttachStdout?: boolean;
  AttachStderr?: boolean;
  DetachKeys?: string;
  Tty?: boolean;
  /** Rows, columns. */
  ConsoleSize?: [number, number] | null;
  Env?: string[] | null;
  Cmd?: string[] | null;
  Privileged?: boolean;
  User?: string;
  WorkingDir?: string;
}

/** POST /exec/{id}/start: hijacked unless Detach. */
export interface ExecStartRequest {
  Detach?: boolean;
  Tty?: boolean;
  ConsoleSize?: [number, number] | null;
}

/** GET /exec/{id}/json */
export interface ExecInspect {
  CanRemove: boolean;
  DetachKeys: string;
  ID: string;
  Running: boolean;
  /** null while it runs. */
  ExitCode: number | null;
  ProcessConfig: { tty: boolean; entrypoint: string; arguments: string[]; privileged: boolean; user?: string };
  OpenStdin: boolean;
  OpenStderr: boolean;
  OpenStdout: boolean;
  ContainerID: string;
  Pid: number;
}

/** POST /containers/prune */
export interface ContainersPruneResponse {
  ContainersDeleted: string[] | null;
  SpaceReclaimed: number;
}

export interface BlockCounter {
  major: number;
  minor: number;
  op: string;
  value: number;
}

export interface BlockStats {
  io_service_bytes_recursive: BlockCounter[] | null;
  io_serviced_recursive: BlockCounter[] | null;
  io_queue_recursive: BlockCounter[] | null;
  io_service_time_recursive: BlockCounter[] | null;
  io_wait_time_recursive: BlockCounter[] | null;
  io_merged_recursive: BlockCounter[] | null;
  io_time_recursive: BlockCounter[] | null;
  sectors_recursive: BlockCounter[] | null;
}

export interface MemoryStats {
  usage?: number;
  max_usage?: number;
  limit?: number;
  failcnt?: number;
  /** The lines of memory.stat. */
  stats?: Record<string, number>;
}

/** GET /containers/{id}/stats; a cgroup's numbers, `precpu_stats` those of the sample before. */
export interface ContainerStats {
  id: string;
  name: string;
  read: string;
  preread: string;
  pids_stats: { current?: number; limit?: number };
  blkio_stats: BlockStats;
  num_procs: number;
  storage_stats: object;
  cpu_stats: CpuStats;
  precpu_stats: CpuStats;
  memory_stats: MemoryStats;
  networks?: Record<string, NetworkStats>;
}

export interface CpuStats {
  /** Nanoseconds. */
  cpu_usage: { total_usage: number; usage_in_kernelmode: number; usage_in_usermode: number; percpu_usage?: number[] };
  system_cpu_usage?: number;
  online_cpus?: number;
  throttling_data: { periods: number; throttled_periods: number; throttled_time: number };
}

export interface NetworkStats {
  rx_bytes: number;
  rx_packets: number;
  rx_errors: number;
  rx_dropped: number;
  tx_bytes: number;
  tx_packets: number;
  tx_errors: number;
  tx_dropped: number;
}
