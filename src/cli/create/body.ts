/** The flags of `create` and `run` → the body of POST /containers/create. */
import type { ContainerCreateRequest, HealthConfig, HostConfig, RestartPolicy, Ulimit } from '../../api/wire/docker.ts';
import { UsageError } from '../errors.ts';
import { environmentOf, labelsOf } from './environment.ts';
import type { ContainerOptions } from './flags.ts';
import { tmpfsOf, volumesOf } from './mounts.ts';
import { networkOf, parsePair, portsOf } from './network.ts';
import { capabilitiesOf, checkModes, securityOf } from './security.ts';

/** What the body depends on beside the line. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** Rows, columns; [0, 0] without a terminal. */
  readonly consoleSize: [number, number];
}

/** `args`: the image and the command. Throws UsageError for what can't be right. */
export function createBody(
  options: ContainerOptions,
  args: readonly string[],
  around: Surroundings,
): ContainerCreateRequest {
  checkModes(options);
  const [image = '', ...command] = args;
  const health = healthOf(options);
  const ports = portsOf(options);
  const network = networkOf(options);
  const { binds, volumes } = volumesOf(options.volume, around.workingDirectory);
  const labels = labelsOf(options.labelFile, options.label);
  const environment = environmentOf(options.envFile, options.env, around.environment);
  if (network.mode.startsWith('container:')) checkShared(options);
  return {
    ...namesOf(options),
    ...streamsOf(options),
    Tty: options.tty,
    Env: environment.length === 0 ? null : environment,
    Cmd: command.length === 0 ? null : command,
    Image: image,
    Volumes: volumes,
    WorkingDir: options.workdir,
    Entrypoint: options.entrypoint === undefined ? null : [options.entrypoint],
    OnBuild: null,
    Labels: labels,
    ...(ports.ExposedPorts === undefined ? {} : { ExposedPorts: ports.ExposedPorts }),
    ...(health === undefined ? {} : { Healthcheck: health }),
    ...(options.stopSignal === '' ? {} : { StopSignal: options.stopSignal }),
    ...(options.stopTimeout === undefined ? {} : { StopTimeout: options.stopTimeout }),
    HostConfig: {
      ...placeOf(options, around),
      Binds: binds.length === 0 ? null : binds,
      NetworkMode: network.mode,
      PortBindings: ports.PortBindings,
      ...resourcesOf(options),
    },
    NetworkingConfig: network.networking,
  };
}

function namesOf(options: ContainerOptions): Partial<ContainerCreateRequest> {
  return { Hostname: options.hostname, Domainname: options.domainname, User: options.user };
}

/** Stdout and stderr unless `-a` says otherwise; `run -d` takes them all back. */
function streamsOf({ attach, interactive }: ContainerOptions): Partial<ContainerCreateRequest> {
  const all = attach.length === 0;
  const stdin = interactive || attach.includes('stdin');
  return {
    AttachStdin: stdin,
    AttachStdout: all || attach.includes('stdout'),
    AttachStderr: all || attach.includes('stderr'),
    OpenStdin: interactive,
    StdinOnce: interactive && stdin,
  };
}

function checkShared(options: ContainerOptions): void {
  const conflicting = ([
    ['--hostname', options.hostname !== ''],
    ['--dns', options.dns.length > 0],
    ['--add-host', options.addHost.length > 0],
    ['--mac-address', options.macAddress !== ''],
    ['--publish', options.publish.length > 0 || options.publishAll],
    ['--expose', options.expose.length > 0],
  ] as const).find(([, given]) => given);
  if (conflicting === undefined) return;
  throw new UsageError(`conflicting options: ${conflicting[0]} and --network container:NAME: give that to NAME`);
}

function healthOf(options: ContainerOptions): HealthConfig | undefined {
  const { healthCmd, healthInterval, healthTimeout, healthStartPeriod, healthStartInterval, healthRetries } = options;
  const times = [healthInterval, healthTimeout, healthStartPeriod, healthStartInterval, healthRetries];
  const given = healthCmd !== '' || times.some((value) => value !== undefined);
  if (options.noHealthcheck) {
    if (given) throw new UsageError('--no-healthcheck conflicts with --health-* options');
    return { Test: ['NONE'] };
  }
  if (!given) return undefined;
  if (times.some((value) => (value ?? 0) < 0)) {
    throw new UsageError('the times and retries of --health-* cannot be negative');
  }
  const optional = (name: keyof HealthConfig, value: number | undefined): HealthConfig =>
    (value ? { [name]: value } : {});
  return {
    ...(healthCmd === '' ? {} : { Test: ['CMD-SHELL', healthCmd] }),
    ...optional('Interval', healthInterval),
    ...optional('Timeout', healthTimeout),
    ...optional('StartPeriod', healthStartPeriod),
    ...optional('StartInterval', healthStartInterval),
    ...optional('Retries', healthRetries),
  };
}

/** `on-failure:5`. */
export function parseRestart(value: string): RestartPolicy {
  const [name = '', count, ...rest] = value.split(':');
  const bad = (wanted: string): UsageError => new UsageError(`invalid restart policy "${value}": ${wanted}`);
  if (!['', 'no', 'always', 'unless-stopped', 'on-failure'].includes(name) || rest.length > 0) {
    throw bad('expected no, on-failure[:n], always or unless-stopped');
  }
  if (count === undefined) return { Name: name as RestartPolicy['Name'] & string, MaximumRetryCount: 0 };
  if (!/^\d{1,9}$/.test(count)) throw bad('maximum retry count must be an integer');
  if (name !== 'on-failure' && count !== '0') throw bad("a retry count goes with 'on-failure' alone");
  return { Name: name as RestartPolicy['Name'] & string, MaximumRetryCount: Number(count) };
}

/** Where and how it stands on the host: everything but limits, mounts and network. */
function placeOf(options: ContainerOptions, { consoleSize }: Surroundings): HostConfig {
  const security = securityOf(options.securityOpt);
  const capabilities = capabilitiesOf(options);
  const someOrNull = (values: string[]): string[] | null => (values.length === 0 ? null : values);
  const tmpfs = tmpfsOf(options.tmpfs);
  return {
    ContainerIDFile: options.cidfile,
    LogConfig: {
      Type: options.logDriver,
      Config: Object.fromEntries(options.logOpt.map((opt) => pairOf('--log-opt', opt))),
    },
    RestartPolicy: parseRestart(options.restart),
    AutoRemove: options.rm,
    VolumeDriver: options.volumeDriver,
    VolumesFrom: someOrNull(options.volumesFrom),
    ConsoleSize: consoleSize,
    CapAdd: someOrNull(capabilities.add),
    CapDrop: someOrNull(capabilities.drop),
    CgroupnsMode: options.cgroupns,
    Dns: options.dns,
    DnsOptions: options.dnsOption,
    DnsSearch: options.dnsSearch,
    ExtraHosts: someOrNull(options.addHost),
    GroupAdd: someOrNull(options.groupAdd),
    IpcMode: options.ipc,
    Cgroup: '',
    Links: someOrNull(options.link),
    OomScoreAdj: options.oomScoreAdj ?? 0,
    PidMode: options.pid,
    Privileged: options.privileged,
    PublishAllPorts: options.publishAll,
    ReadonlyRootfs: options.readOnly,
    SecurityOpt: security.options,
    UTSMode: options.uts,
    UsernsMode: options.userns,
    ShmSize: options.shmSize ?? 0,
    Isolation: '',
    MaskedPaths: security.unmasked ? [] : null,
    ReadonlyPaths: security.unmasked ? [] : null,
    ...(options.annotation.length === 0 ? {} : { Annotations: Object.fromEntries(options.annotation) }),
    ...(options.init === undefined ? {} : { Init: options.init }),
    ...(options.mount.length === 0 ? {} : { Mounts: options.mount }),
    ...(options.runtime === '' ? {} : { Runtime: options.runtime }),
    ...(options.storageOpt.length === 0
      ? {}
      : { StorageOpt: Object.fromEntries(options.storageOpt.map((opt) => pairOf('--storage-opt', opt))) }),
    ...(options.sysctl.length === 0 ? {} : { Sysctls: Object.fromEntries(options.sysctl) }),
    ...(options.tmpfs.length === 0 ? {} : { Tmpfs: tmpfs }),
  };
}

function pairOf(flag: string, value: string): readonly [string, string] {
  if (!value.includes('=')) throw new UsageError(`invalid argument "${value}" for "${flag}" flag: expected NAME=value`);
  return parsePair(value);
}

/** The last of each name, in the order of the names. */
function ulimitsOf(ulimits: readonly Ulimit[]): Ulimit[] {
  const byName = new Map(ulimits.map((ulimit) => [ulimit.Name, ulimit]));
  return [...byName.keys()].sort().flatMap((name) => byName.get(name) ?? []);
}

function resourcesOf(options: ContainerOptions): HostConfig {
  const swappiness = options.memorySwappiness ?? -1;
  if (swappiness < -1 || swappiness > 100) {
    throw new UsageError(`invalid value: ${swappiness}. Valid memory swappiness range is 0-100`);
  }
  return {
    CpuShares: options.cpuShares ?? 0,
    Memory: options.memory ?? 0,
    NanoCpus: options.cpus ?? 0,
    CgroupParent: options.cgroupParent,
    BlkioWeight: options.blkioWeight ?? 0,
    BlkioWeightDevice: options.blkioWeightDevice,
    BlkioDeviceReadBps: options.deviceReadBps,
    BlkioDeviceWriteBps: options.deviceWriteBps,
    BlkioDeviceReadIOps: options.deviceReadIops,
    BlkioDeviceWriteIOps: options.deviceWriteIops,
    CpuPeriod: options.cpuPeriod ?? 0,
    CpuQuota: options.cpuQuota ?? 0,
    CpuRealtimePeriod: options.cpuRtPeriod ?? 0,
    CpuRealtimeRuntime: options.cpuRtRuntime ?? 0,
    CpusetCpus: options.cpusetCpus,
    CpusetMems: options.cpusetMems,
    Devices: options.device,
    DeviceCgroupRules: options.deviceCgroupRule.length === 0 ? null : options.deviceCgroupRule,
    DeviceRequests: null,
    MemoryReservation: options.memoryReservation ?? 0,
    MemorySwap: options.memorySwap ?? 0,
    MemorySwappiness: swappiness,
    OomKillDisable: options.oomKillDisable,
    PidsLimit: options.pidsLimit ?? 0,
    Ulimits: ulimitsOf(options.ulimit),
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
  };
}
