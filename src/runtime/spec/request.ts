import type { OciDeviceRule, OciRlimit, OciThrottleDevice } from '../../model/oci.ts';

/**
 * What a container is to be, in plain words, after the engine has looked everything up: users are numbers, volumes
 * are host directories, devices are numbers. `buildSpec` turns it into an OCI spec.
 */
export interface SpecRequest {
  readonly id: string;
  /** `path`: the empty host directory on which the root is mounted (see `Placement.overlay`). */
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly process: ProcessRequest;
  /** `--init`: host path of a small init to run the command under. */
  readonly initProgram?: string;
  readonly hostname: string;
  readonly domainname?: string;
  /** In any order: buildSpec sorts by depth. Include /etc/hosts, /etc/hostname and /etc/resolv.conf as binds. */
  readonly mounts: readonly MountRequest[];
  /** Bytes of /dev/shm; 64 MiB where absent. */
  readonly shmSize?: number;
  /** A host directory to bind at /dev/shm instead (`--ipc host`: `/dev/shm`). */
  readonly shmSource?: string;
  /** No /dev/shm at all (`--ipc none`). */
  readonly noShm?: boolean;
  readonly namespaces: NamespacesRequest;
  readonly resources: ResourcesRequest;
  readonly privileged: boolean;
  /** Names with or without `CAP_`, or `ALL`. */
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  /** A profile as parsed from JSON: Docker's form (with includes and excludes) or the OCI spec's. */
  readonly seccomp: 'default' | 'unconfined' | SeccompProfile;
  /** Dots or slashes as separators. The defaults for the network namespace are added. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly devices: readonly DeviceRequest[];
  /** Docker's defaults where absent; [] for none. */
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
  /** `/berth/<id>`: from the root of each cgroup hierarchy. */
  readonly cgroupsPath: string;
}

/** What an exec can say too. */
export interface ProcessRequest {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids: readonly number[] };
  readonly tty: boolean;
  readonly noNewPrivileges: boolean;
  /** `type` with or without `RLIMIT_`; soft and hard in the limit's own unit, -1 for unlimited. */
  readonly rlimits: readonly OciRlimit[];
  readonly oomScoreAdj?: number;
}

export type NamespaceRequest =
  | { readonly mode: 'private' }
  | { readonly mode: 'host' }
  /** That of a running process. */
  | { readonly mode: 'join'; readonly pid: number };

export interface NamespacesRequest {
  /** `none` is private with no network operations. */
  readonly network: NamespaceRequest;
  readonly pid: NamespaceRequest;
  readonly ipc: NamespaceRequest;
  readonly uts: NamespaceRequest;
  /** Where absent: private on cgroup v2, the host's elsewhere, as Docker. */
  readonly cgroup?: NamespaceRequest;
}

export type Propagation = 'private' | 'rprivate' | 'slave' | 'rslave' | 'shared' | 'rshared';

export type MountRequest =
  | {
      readonly kind: 'bind';
      /** An absolute host path that exists. */
      readonly source: string;
      readonly target: string;
      readonly readonly: boolean;
      /** `rprivate` where absent. */
      readonly propagation?: Propagation;
      /** A path inside `source` that is bound instead of it; a symlink in it may not lead out. */
      readonly subpath?: string;
      /** Bind the one mount without its submounts (`--mount bind-recursive=disabled`). */
      readonly nonRecursive?: boolean;
      /** Read-only without its submounts (`bind-recursive=writable`). */
      readonly nonRecursiveReadonly?: boolean;
    }
  | {
      readonly kind: 'tmpfs';
      readonly target: string;
      /** mount(8) words as Docker's `--tmpfs` takes: `size=64m`, `mode=1770`, `exec`, `ro`, … */
      readonly options: readonly string[];
    };

export interface DeviceRequest {
  /** In the container. */
  readonly path: string;
  readonly type: 'c' | 'b' | 'p';
  readonly major: number;
  readonly minor: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Some of `rwm`. */
  readonly access: string;
}

/** Zero or absent: no limit, as in Docker's API. */
export interface ResourcesRequest {
  /** Bytes. */
  readonly memory?: number;
  /** Bytes of memory and swap together; -1 unlimited; 0 or absent: twice `memory`. */
  readonly memorySwap?: number;
  readonly memoryReservation?: number;
  /** 0 to 100; absent or -1: as the host. */
  readonly memorySwappiness?: number;
  readonly oomKillDisable?: boolean;
  readonly cpuShares?: number;
  /** Microseconds. */
  readonly cpuQuota?: number;
  readonly cpuPeriod?: number;
  /** Billionths of a CPU (`--cpus` times 10^9); not together with quota. */
  readonly nanoCpus?: number;
  readonly cpuRealtimeRuntime?: number;
  readonly cpuRealtimePeriod?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  /** -1 unlimited. */
  readonly pidsLimit?: number;
  /** 10 to 1000. */
  readonly blkioWeight?: number;
  readonly blkioWeightDevice?: readonly { readonly major: number; readonly minor: number; readonly weight: number }[];
  readonly deviceReadBps?: readonly OciThrottleDevice[];
  readonly deviceWriteBps?: readonly OciThrottleDevice[];
  readonly deviceReadIops?: readonly OciThrottleDevice[];
  readonly deviceWriteIops?: readonly OciThrottleDevice[];
  /** Beyond those of `devices`. */
  readonly deviceRules?: readonly OciDeviceRule[];
  /** net_cls class, 0xAAAABBBB for AAAA:BBBB. */
  readonly netClass?: number;
}

/** A seccomp profile file: the OCI form, with Docker's conditions and its `archMap`. */
export interface SeccompProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly architectures?: readonly string[];
  readonly archMap?: readonly { readonly architecture: string; readonly subArchitectures: readonly string[] }[];
  readonly flags?: readonly string[];
  readonly syscalls?: readonly SeccompProfileRule[];
}

export interface SeccompProfileRule {
  readonly name?: string;
  readonly names?: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly {
    readonly index: number;
    readonly value: number | bigint;
    readonly valueTwo?: number | bigint;
    readonly op: string;
  }[] | null;
  /** All must hold for the rule to count. */
  readonly includes?: SeccompCondition | null;
  /** None may hold. */
  readonly excludes?: SeccompCondition | null;
}

export interface SeccompCondition {
  readonly caps?: readonly string[];
  /** Go's names: amd64, x86, x32, arm64, arm, … */
  readonly arches?: readonly string[];
  /** `4.8`: this or newer. */
  readonly minKernel?: string;
}
