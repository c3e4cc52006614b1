/**
 * What a user asks of a container, in the field names of Docker's Engine API, because `inspect` echoes it
 * field by field. Numbers: memory in bytes, CPU times in microseconds, NanoCpus in 1e-9 CPUs, timeouts in seconds.
 */
export interface HealthConfig {
  /** [] inherits the image's, ['NONE'] disables; ['CMD', …] or ['CMD-SHELL', line]. */
  Test?: string[];
  /** Nanoseconds, as the three that follow. */
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

export interface ContainerConfig {
  Hostname: string;
  Domainname: string;
  /** `user`, `uid`, `user:group`, `uid:gid`. */
  User: string;
  AttachStdin: boolean;
  AttachStdout: boolean;
  AttachStderr: boolean;
  /** `80/tcp` → {}. */
  ExposedPorts?: Record<string, object>;
  Tty: boolean;
  OpenStdin: boolean;
  /** Close stdin when the first attached client leaves. */
  StdinOnce: boolean;
  /** `NAME=value`; in create also `NAME` alone: remove it from the image's. */
  Env: string[];
  Cmd: string[] | null;
  Healthcheck?: HealthConfig;
  ArgsEscaped?: boolean;
  Image: string;
  /** Path → {}: anonymous volumes. */
  Volumes: Record<string, object> | null;
  WorkingDir: string;
  Entrypoint: string[] | null;
  NetworkDisabled?: boolean;
  /** Before API 1.44; afterwards in the endpoint. */
  MacAddress?: string;
  OnBuild: string[] | null;
  Labels: Record<string, string>;
  StopSignal?: string;
  StopTimeout?: number;
  Shell?: string[];
}

export interface PortBinding {
  HostIp: string;
  /** A number, a range `8000-8010`, or empty: chosen at random. */
  HostPort: string;
}

export type Propagation = '' | 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';

export interface MountRequest {
  Type: 'bind' | 'volume' | 'tmpfs' | 'npipe' | 'cluster' | 'image';
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  Consistency?: string;
  BindOptions?: {
    Propagation?: Propagation;
    NonRecursive?: boolean;
    CreateMountpoint?: boolean;
    ReadOnlyNonRecursive?: boolean;
    ReadOnlyForceRecursive?: boolean;
  };
  VolumeOptions?: {
    NoCopy?: boolean;
    Labels?: Record<string, string>;
    DriverConfig?: { Name?: string; Options?: Record<string, string> };
    Subpath?: string;
  };
  ImageOptions?: { Subpath?: string };
  TmpfsOptions?: { SizeBytes?: number; Mode?: number; Options?: string[][] };
}

export interface WeightDevice {
  Path: string;
  Weight: number;
}

/** Rate: bytes or operations a second. */
export interface ThrottleDevice {
  Path: string;
  Rate: number;
}

export interface DeviceMapping {
  PathOnHost: string;
  PathInContainer: string;
  /** Out of `rwm`. */
  CgroupPermissions: string;
}

/** A wish for hardware by what it can do (`--gpus`). */
export interface DeviceRequest {
  Driver: string;
  Count: number;
  DeviceIDs: string[] | null;
  Capabilities: string[][] | null;
  Options: Record<string, string> | null;
}

export interface Ulimit {
  Name: string;
  /** -1: unlimited. */
  Soft: number;
  Hard: number;
}

export interface RestartPolicy {
  Name: '' | 'no' | 'on-failure' | 'always' | 'unless-stopped';
  MaximumRetryCount: number;
}

export interface LogConfig {
  /** '': the engine's default. */
  Type: string;
  Config: Record<string, string>;
}

/** The limits: what `update` may change too, most of it while the container runs. */
export interface Resources {
  CpuShares: number;
  Memory: number;
  /** 1e9 is one CPU. */
  NanoCpus: number;
  CgroupParent: string;
  /** 10 to 1000; 0: none. */
  BlkioWeight: number;
  BlkioWeightDevice: WeightDevice[] | null;
  BlkioDeviceReadBps: ThrottleDevice[] | null;
  BlkioDeviceWriteBps: ThrottleDevice[] | null;
  BlkioDeviceReadIOps: ThrottleDevice[] | null;
  BlkioDeviceWriteIOps: ThrottleDevice[] | null;
  CpuPeriod: number;
  CpuQuota: number;
  CpuRealtimePeriod: number;
  CpuRealtimeRuntime: number;
  CpusetCpus: string;
  CpusetMems: string;
  Devices: DeviceMapping[] | null;
  /** `c 1:3 rwm`. */
  DeviceCgroupRules: string[] | null;
  DeviceRequests: DeviceRequest[] | null;
  /** Gone from newer kernels and from newer versions of the API. */
  KernelMemory: number;
  KernelMemoryTCP: number;
  MemoryReservation: number;
  /** Memory and swap together. 0: twice the memory; -1: no limit. */
  MemorySwap: number;
  /** 0 to 100; -1 or null: the kernel's. */
  MemorySwappiness: number | null;
  OomKillDisable: boolean | null;
  /** 0, -1 or null: none. */
  PidsLimit: number | null;
  Ulimits: Ulimit[] | null;
  /** These four mean something on Windows alone. */
  CpuCount: number;
  CpuPercent: number;
  IOMaximumIOps: number;
  IOMaximumBandwidth: number;
}

export interface HostConfig extends Resources {
  /** `src:dst[:opts]`; src an absolute path or a volume's name. */
  Binds: string[] | null;
  ContainerIDFile: string;
  LogConfig: LogConfig;
  /** `default`, `bridge`, `none`, `host`, `container:ID` or a network's name. */
  NetworkMode: string;
  PortBindings: Record<string, PortBinding[] | null> | null;
  RestartPolicy: RestartPolicy;
  AutoRemove: boolean;
  VolumeDriver: string;
  VolumesFrom: string[] | null;
  /** Rows, columns. */
  ConsoleSize: [number, number];
  Annotations?: Record<string, string>;
  Mounts?: MountRequest[];
  CapAdd: string[] | null;
  CapDrop: string[] | null;
  /** `private`, `host` or empty. */
  CgroupnsMode: string;
  Dns: string[] | null;
  DnsOptions: string[] | null;
  DnsSearch: string[] | null;
  /** `name:address`. */
  ExtraHosts: string[] | null;
  GroupAdd: string[] | null;
  IpcMode: string;
  Cgroup: string;
  Links: string[] | null;
  OomScoreAdj: number;
  PidMode: string;
  Privileged: boolean;
  PublishAllPorts: boolean;
  ReadonlyRootfs: boolean;
  SecurityOpt: string[] | null;
  StorageOpt?: Record<string, string>;
  /** Target → mount options. */
  Tmpfs?: Record<string, string>;
  UTSMode: string;
  UsernsMode: string;
  ShmSize: number;
  Sysctls?: Record<string, string>;
  Runtime: string;
  Isolation: string;
  Init?: boolean;
  /** null: the engine's default lists; []: none. */
  MaskedPaths: string[] | null;
  ReadonlyPaths: string[] | null;
}

export interface EndpointIpamConfig {
  IPv4Address?: string;
  IPv6Address?: string;
  LinkLocalIPs?: string[];
}

export interface EndpointRequest {
  IPAMConfig?: EndpointIpamConfig | null;
  Links?: string[] | null;
  Aliases?: string[] | null;
  MacAddress?: string;
  DriverOpts?: Record<string, string> | null;
  GwPriority?: number;
}

export interface NetworkingConfig {
  /** Network's name → endpoint. */
  EndpointsConfig: Record<string, EndpointRequest>;
}
