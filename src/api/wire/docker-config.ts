/** What describes a container: the bodies that `create` takes and `inspect` echoes. See docker.ts. */

/** The portable half: what would make sense on any host. */
export interface ContainerConfig {
  Hostname?: string;
  Domainname?: string;
  /** `user`, `uid`, `user:group`, `uid:gid`. */
  User?: string;
  AttachStdin?: boolean;
  AttachStdout?: boolean;
  AttachStderr?: boolean;
  /** `80/tcp` → {}. */
  ExposedPorts?: Record<string, Record<string, never>> | null;
  Tty?: boolean;
  OpenStdin?: boolean;
  /** Close stdin when the first attached client leaves. */
  StdinOnce?: boolean;
  /** `NAME=value`; in create also `NAME` alone: remove it from the image's. */
  Env?: string[] | null;
  Cmd?: string[] | string | null;
  ArgsEscaped?: boolean;
  Healthcheck?: HealthConfig | null;
  Image?: string;
  /** Path → {}: anonymous volumes. */
  Volumes?: Record<string, Record<string, never>> | null;
  WorkingDir?: string;
  /** null: the image's; [] or ['']: none. */
  Entrypoint?: string[] | string | null;
  NetworkDisabled?: boolean;
  /** Before API 1.44; afterwards in the endpoint. */
  MacAddress?: string;
  OnBuild?: string[] | null;
  Labels?: Record<string, string> | null;
  StopSignal?: string;
  /** Seconds; null: the engine's 10. */
  StopTimeout?: number | null;
  Shell?: string[] | null;
}

/** Times in nanoseconds; Test [] inherits the image's, ['NONE'] disables. */
export interface HealthConfig {
  Test?: string[] | null;
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

export interface PortBindingRequest {
  HostIp?: string;
  /** A number, a range `8000-8010`, or empty: chosen at random. */
  HostPort?: string;
}

export interface RestartPolicy {
  Name?: '' | 'no' | 'always' | 'unless-stopped' | 'on-failure';
  MaximumRetryCount?: number;
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

export interface Ulimit {
  Name: string;
  /** -1: unlimited. */
  Soft: number;
  Hard: number;
}

export interface DeviceRequest {
  Driver?: string;
  Count?: number;
  DeviceIDs?: string[] | null;
  Capabilities?: string[][] | null;
  Options?: Record<string, string> | null;
}

export type Propagation = '' | 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';

export interface Mount {
  Type?: 'bind' | 'volume' | 'tmpfs' | 'npipe' | 'cluster' | 'image';
  Source?: string;
  Target?: string;
  ReadOnly?: boolean;
  Consistency?: string;
  BindOptions?: {
    Propagation?: Propagation;
    NonRecursive?: boolean;
    CreateMountpoint?: boolean;
    ReadOnlyNonRecursive?: boolean;
    ReadOnlyForceRecursive?: boolean;
  } | null;
  VolumeOptions?: {
    NoCopy?: boolean;
    Labels?: Record<string, string> | null;
    Subpath?: string;
    DriverConfig?: { Name?: string; Options?: Record<string, string> | null } | null;
  } | null;
  ImageOptions?: { Subpath?: string } | null;
  TmpfsOptions?: { SizeBytes?: number; Mode?: number; Options?: string[][] | null } | null;
}

export interface LogConfig {
  /** Empty: the engine's default. */
  Type?: string;
  Config?: Record<string, string> | null;
}

/** The half that depends on this host. */
export interface HostConfig {
  /** `src:dst[:opts]`; src an absolute path or a volume's name. */
  Binds?: string[] | null;
  ContainerIDFile?: string;
  LogConfig?: LogConfig | null;
  /** `default`, `bridge`, `none`, `host`, `container:ID` or a network's name. */
  NetworkMode?: string;
  PortBindings?: Record<string, PortBindingRequest[] | null> | null;
  RestartPolicy?: RestartPolicy | null;
  AutoRemove?: boolean;
  VolumeDriver?: string;
  VolumesFrom?: string[] | null;
  ConsoleSize?: [number, number] | null;
  Annotations?: Record<string, string> | null;
  CapAdd?: string[] | null;
  CapDrop?: string[] | null;
  /** `private`, `host` or empty. */
  CgroupnsMode?: string;
  Dns?: string[] | null;
  DnsOptions?: string[] | null;
  DnsSearch?: string[] | null;
  /** `name:address`. */
  ExtraHosts?: string[] | null;
  GroupAdd?: string[] | null;
  IpcMode?: string;
  Cgroup?: string;
  Links?: string[] | null;
  OomScoreAdj?: number;
  PidMode?: string;
  Privileged?: boolean;
  PublishAllPorts?: boolean;
  ReadonlyRootfs?: boolean;
  SecurityOpt?: string[] | null;
  StorageOpt?: Record<string, string> | null;
  /** Path → mount options. */
  Tmpfs?: Record<string, string> | null;
  UTSMode?: string;
  UsernsMode?: string;
  ShmSize?: number;
  Sysctls?: Record<string, string> | null;
  Runtime?: string;
  Isolation?: string;
  CpuShares?: number;
  Memory?: number;
  /** 1e9 is one CPU. */
  NanoCpus?: number;
  CgroupParent?: string;
  BlkioWeight?: number;
  BlkioWeightDevice?: WeightDevice[] | null;
  BlkioDeviceReadBps?: ThrottleDevice[] | null;
  BlkioDeviceWriteBps?: ThrottleDevice[] | null;
  BlkioDeviceReadIOps?: ThrottleDevice[] | null;
  BlkioDeviceWriteIOps?: ThrottleDevice[] | null;
  /** Microseconds, as CpuQuota and the realtime ones. */
  CpuPeriod?: number;
  CpuQuota?: number;
  CpuRealtimePeriod?: number;
  CpuRealtimeRuntime?: number;
  CpusetCpus?: string;
  CpusetMems?: string;
  Devices?: DeviceMapping[] | null;
  DeviceCgroupRules?: string[] | null;
  DeviceRequests?: DeviceRequest[] | null;
  KernelMemory?: number;
  KernelMemoryTCP?: number;
  MemoryReservation?: number;
  /** Memory and swap together; -1: no limit of swap. */
  MemorySwap?: number;
  /** 0 to 100; -1 or null: the kernel's. */
  MemorySwappiness?: number | null;
  OomKillDisable?: boolean | null;
  /** 0, -1 or null: none. */
  PidsLimit?: number | null;
  Ulimits?: Ulimit[] | null;
  CpuCount?: number;
  CpuPercent?: number;
  IOMaximumIOps?: number;
  IOMaximumBandwidth?: number;
  Mounts?: Mount[] | null;
  /** null: the engine's default lists; [] (privileged): none. */
  MaskedPaths?: string[] | null;
  ReadonlyPaths?: string[] | null;
  /** null: the image's or the engine's default. */
  Init?: boolean | null;
}

export interface EndpointIpamConfig {
  IPv4Address?: string;
  IPv6Address?: string;
  LinkLocalIPs?: string[] | null;
}

/** One network of a container: asked for in create, told in inspect. */
export interface EndpointSettings {
  IPAMConfig?: EndpointIpamConfig | null;
  Links?: string[] | null;
  Aliases?: string[] | null;
  MacAddress?: string;
  DriverOpts?: Record<string, string> | null;
  GwPriority?: number;
  NetworkID?: string;
  EndpointID?: string;
  Gateway?: string;
  IPAddress?: string;
  IPPrefixLen?: number;
  IPv6Gateway?: string;
  GlobalIPv6Address?: string;
  GlobalIPv6PrefixLen?: number;
  DNSNames?: string[] | null;
}

export interface NetworkingConfig {
  /** Network's name → endpoint. */
  EndpointsConfig?: Record<string, EndpointSettings | null> | null;
}

/** POST /containers/{id}/update */
export interface ContainerUpdateRequest
  extends Pick<
    HostConfig,
    | 'CpuShares' | 'Memory' | 'NanoCpus' | 'CgroupParent' | 'BlkioWeight' | 'BlkioDeviceReadBps' | 'BlkioDeviceWriteBps'
    | 'BlkioDeviceReadIOps' | 'BlkioDeviceWriteIOps' | 'CpuPeriod' | 'CpuQuota' | 'CpusetCpus' | 'CpusetMems'
    | 'MemoryReservation' | 'MemorySwap' | 'PidsLimit' | 'RestartPolicy'
  > {}
