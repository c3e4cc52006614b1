import type { Fields } from './shape.ts';

export const healthShape = {
  Test: 'strings',
  Interval: 'maybe-integer',
  Timeout: 'maybe-integer',
  StartPeriod: 'maybe-integer',
  StartInterval: 'maybe-integer',
  Retries: 'maybe-integer',
} as const satisfies Fields;

/** The fields of a container's configuration, as POST /containers/create and /commit take them. */
export const configShape = {
  Hostname: 'string',
  Domainname: 'string',
  User: 'string',
  AttachStdin: 'boolean',
  AttachStdout: 'boolean',
  AttachStderr: 'boolean',
  ExposedPorts: 'set',
  Tty: 'boolean',
  OpenStdin: 'boolean',
  StdinOnce: 'boolean',
  Env: 'strings',
  Cmd: 'string-or-strings',
  Healthcheck: { object: healthShape },
  ArgsEscaped: 'boolean',
  Image: 'string',
  Volumes: 'set',
  WorkingDir: 'string',
  Entrypoint: 'string-or-strings',
  NetworkDisabled: 'boolean',
  MacAddress: 'string',
  OnBuild: 'strings',
  Labels: 'texts',
  StopSignal: 'string',
  StopTimeout: 'maybe-integer',
  Shell: 'strings',
} as const satisfies Fields;

const mountShape = {
  Type: 'string',
  Source: 'string',
  Target: 'string',
  ReadOnly: 'boolean',
  Consistency: 'string',
  BindOptions: {
    object: {
      Propagation: 'string',
      NonRecursive: 'boolean',
      CreateMountpoint: 'boolean',
      ReadOnlyNonRecursive: 'boolean',
      ReadOnlyForceRecursive: 'boolean',
    },
  },
  VolumeOptions: {
    object: {
      NoCopy: 'boolean',
      Labels: 'texts',
      DriverConfig: { object: { Name: 'string', Options: 'texts' } },
      Subpath: 'string',
    },
  },
  ImageOptions: { object: { Subpath: 'string' } },
  TmpfsOptions: { object: { SizeBytes: 'integer', Mode: 'integer', Options: 'lists-of-strings' } },
} as const satisfies Fields;

const throttle = { list: { object: { Path: 'string', Rate: 'integer' } } } as const;

export const restartPolicyShape = { Name: 'string', MaximumRetryCount: 'integer' } as const satisfies Fields;

/** The limits, which POST /containers/{id}/update takes at the top of its body. */
export const resourcesShape = {
  CpuShares: 'integer',
  Memory: 'integer',
  NanoCpus: 'integer',
  CgroupParent: 'string',
  BlkioWeight: 'integer',
  BlkioWeightDevice: { list: { object: { Path: 'string', Weight: 'integer' } } },
  BlkioDeviceReadBps: throttle,
  BlkioDeviceWriteBps: throttle,
  BlkioDeviceReadIOps: throttle,
  BlkioDeviceWriteIOps: throttle,
  CpuPeriod: 'integer',
  CpuQuota: 'integer',
  CpuRealtimePeriod: 'integer',
  CpuRealtimeRuntime: 'integer',
  CpusetCpus: 'string',
  CpusetMems: 'string',
  Devices: { list: { object: { PathOnHost: 'string', PathInContainer: 'string', CgroupPermissions: 'string' } } },
  DeviceCgroupRules: 'strings',
  DeviceRequests: {
    list: {
      object: {
        Driver: 'string',
        Count: 'integer',
        DeviceIDs: 'strings',
        Capabilities: 'lists-of-strings',
        Options: 'texts',
      },
    },
  },
  KernelMemory: 'integer',
  KernelMemoryTCP: 'integer',
  MemoryReservation: 'integer',
  MemorySwap: 'integer',
  MemorySwappiness: 'maybe-integer',
  OomKillDisable: 'maybe-boolean',
  PidsLimit: 'maybe-integer',
  Ulimits: { list: { object: { Name: 'string', Hard: 'integer', Soft: 'integer' } } },
  CpuCount: 'integer',
  CpuPercent: 'integer',
  IOMaximumIOps: 'integer',
  IOMaximumBandwidth: 'integer',
} as const satisfies Fields;

/** HostConfig. */
export const hostShape = {
  ...resourcesShape,
  Binds: 'strings',
  ContainerIDFile: 'string',
  LogConfig: { object: { Type: 'string', Config: 'texts' } },
  NetworkMode: 'string',
  PortBindings: { map: { list: { object: { HostIp: 'string', HostPort: 'string' } } } },
  RestartPolicy: { object: restartPolicyShape },
  AutoRemove: 'boolean',
  VolumeDriver: 'string',
  VolumesFrom: 'strings',
  ConsoleSize: 'pair',
  Annotations: 'texts',
  Mounts: { list: { object: mountShape } },
  CapAdd: 'strings',
  CapDrop: 'strings',
  CgroupnsMode: 'string',
  Dns: 'strings',
  DnsOptions: 'strings',
  DnsSearch: 'strings',
  ExtraHosts: 'strings',
  GroupAdd: 'strings',
  IpcMode: 'string',
  Cgroup: 'string',
  Links: 'strings',
  OomScoreAdj: 'integer',
  PidMode: 'string',
  Privileged: 'boolean',
  PublishAllPorts: 'boolean',
  ReadonlyRootfs: 'boolean',
  SecurityOpt: 'strings',
  StorageOpt: 'texts',
  Tmpfs: 'texts',
  UTSMode: 'string',
  UsernsMode: 'string',
  ShmSize: 'integer',
  Sysctls: 'texts',
  Runtime: 'string',
  Isolation: 'string',
  Init: 'maybe-boolean',
  MaskedPaths: 'strings',
  ReadonlyPaths: 'strings',
} as const satisfies Fields;

/** One network of a container: in create, and in POST /networks/{id}/connect. */
export const endpointShape = {
  IPAMConfig: { object: { IPv4Address: 'string', IPv6Address: 'string', LinkLocalIPs: 'strings' } },
  Links: 'strings',
  Aliases: 'strings',
  MacAddress: 'string',
  DriverOpts: 'texts',
  GwPriority: 'integer',
} as const satisfies Fields;

/** POST /containers/create */
export const createShape = {
  ...configShape,
  HostConfig: { object: hostShape },
  NetworkingConfig: { object: { EndpointsConfig: { map: { object: endpointShape } } } },
} as const satisfies Fields;

/** POST /containers/{id}/update */
export const updateShape = { ...resourcesShape, RestartPolicy: { object: restartPolicyShape } } as const satisfies Fields;
