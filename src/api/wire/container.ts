import { shortId } from '../../model/ids.ts';
import { isAlive, zeroTime, type ContainerRecord, type Health } from '../../model/container.ts';
import { parseTime } from '../../engine/clock.ts';
import { commandOf } from '../../engine/image-config.ts';
import { logDriver } from '../../engine/log-driver.ts';
import { shownPaths } from '../../engine/security.ts';
import { shownLink } from '../../engine/links.ts';
import { statusWords } from '../status-words.ts';
import type {
  ContainerInspect,
  ContainerSummary,
  EndpointSettings,
  HealthState,
  MountPoint,
  NetworkSettings,
  PortBinding,
  PortSummary,
} from './docker.ts';

/** Where a container's files are, as inspect tells. */
export interface InspectPaths {
  readonly hosts: string;
  readonly hostname: string;
  readonly resolvConf: string;
  readonly jsonLog: string;
  /** The overlay's directories. */
  readonly graph: Readonly<Record<string, string>>;
}

const unixSeconds = (time: string): number => Number((parseTime(time) ?? 0n) / 1_000_000_000n);

const mountPoints = (record: ContainerRecord): MountPoint[] =>
  record.mounts.filter(({ unlisted }) => !unlisted).map(mountPoint);

export function mountPoint(mount: ContainerRecord['mounts'][number]): MountPoint {
  return {
    Type: mount.type,
    ...(mount.name ? { Name: mount.name } : {}),
    Source: mount.source,
    Destination: mount.destination,
    ...(mount.driver ? { Driver: mount.driver } : {}),
    Mode: mount.mode,
    RW: mount.readWrite,
    Propagation: mount.propagation,
  };
}

function endpoints(record: ContainerRecord): Record<string, EndpointSettings> {
  const live = Object.entries(record.endpoints);
  const named: [string, EndpointSettings][] = live.map(([name, endpoint]) => [
    name,
    {
      ...blankEndpoint(record, name),
      MacAddress: endpoint.mac,
      NetworkID: endpoint.networkId,
      EndpointID: endpoint.endpointId,
      Gateway: endpoint.gateway,
      IPAddress: endpoint.address,
      IPPrefixLen: endpoint.prefixLength,
      IPv6Gateway: endpoint.gateway6,
      GlobalIPv6Address: endpoint.address6,
      GlobalIPv6PrefixLen: endpoint.prefixLength6,
      DNSNames: dnsNames(record, name),
    },
  ]);
  if (named.length > 0 || record.hostConfig.NetworkMode.startsWith('container:')) return Object.fromEntries(named);
  const asked = Object.keys(record.networkingConfig.EndpointsConfig);
  const names = asked.length > 0 ? asked : [record.hostConfig.NetworkMode];
  return Object.fromEntries(names.map((name) => [name, blankEndpoint(record, name)]));
}

/** By which names a user-defined network knows the container. */
function dnsNames(record: ContainerRecord, network: string): string[] | null {
  if (['bridge', 'host', 'none'].includes(network)) return null;
  const aliases = record.networkingConfig.EndpointsConfig[network]?.Aliases ?? [];
  return [...new Set([record.name, ...aliases, shortId(record.id), record.config.Hostname].filter(Boolean))];
}

const hasRun = (record: ContainerRecord): boolean => record.state.startedAt !== zeroTime;

function blankEndpoint(record: ContainerRecord, network: string): EndpointSettings {
  const asked = record.networkingConfig.EndpointsConfig[network];
  return {
    IPAMConfig: asked?.IPAMConfig ?? null,
    Links: asked?.Links ?? null,
    Aliases: asked?.Aliases ?? null,
    MacAddress: '',
    DriverOpts: asked?.DriverOpts ?? null,
    GwPriority: asked?.GwPriority ?? 0,
    NetworkID: '',
    EndpointID: '',
    Gateway: '',
    IPAddress: '',
    IPPrefixLen: 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: null,
  };
}

function portMap(record: ContainerRecord): Record<string, PortBinding[] | null> {
  if (!isAlive(record.state)) return {};
  const ports: Record<string, PortBinding[] | null> = {};
  for (const port of Object.keys(record.config.ExposedPorts ?? {}))
    ports[port.includes('/') ? port : `${port}/tcp`] = null;
  for (const { port, hostIp, hostPort } of record.ports)
    (ports[port] ??= []).push({ HostIp: hostIp, HostPort: String(hostPort) });
  return ports;
}

export function portList(record: ContainerRecord): PortSummary[] {
  if (!isAlive(record.state)) return [];
  return Object.entries(portMap(record)).flatMap(([key, bindings]): PortSummary[] => {
    const [number = '0', protocol = 'tcp'] = key.split('/');
    const common = { PrivatePort: Number(number), Type: protocol as PortSummary['Type'] };
    return bindings === null || bindings.length === 0
      ? [common]
      : bindings.map(({ HostIp, HostPort }) => ({
          IP: HostIp,
          PrivatePort: common.PrivatePort,
          PublicPort: Number(HostPort),
          Type: common.Type,
        }));
  });
}

/** Words with blanks in quotes, as the COMMAND column has them. */
const shown = (words: readonly string[]): string =>
  words.map((word) => (/\s/.test(word) ? `'${word}'` : word)).join(' ');

export function summary(record: ContainerRecord, now: bigint, image: string): ContainerSummary {
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: image,
    ImageID: record.imageId,
    Command: shown(commandOf(record.config)),
    Created: unixSeconds(record.created),
    Ports: portList(record),
    Labels: record.config.Labels,
    State: record.state.status,
    Status: statusWords(record.state, now, record.health?.status),
    HostConfig: {
      NetworkMode: record.hostConfig.NetworkMode,
      ...(record.hostConfig.Annotations ? { Annotations: record.hostConfig.Annotations } : {}),
    },
    NetworkSettings: { Networks: endpoints(record) },
    Mounts: mountPoints(record),
  };
}

const healthState = (health: Health): HealthState => ({
  Status: health.status,
  FailingStreak: health.failingStreak,
  Log: health.log.map(({ start, end, exitCode, output }) => ({
    Start: start,
    End: end,
    ExitCode: exitCode,
    Output: output,
  })),
});

export function inspect(record: ContainerRecord, paths: InspectPaths, execIds: readonly string[]): ContainerInspect {
  const { state } = record;
  const [path = '', ...args] = commandOf(record.config);
  return {
    Id: record.id,
    Created: record.created,
    Path: path,
    Args: args,
    State: {
      Status: state.status,
      Running: isAlive(state) || state.status === 'restarting',
      Paused: state.status === 'paused',
      Restarting: state.status === 'restarting',
      OOMKilled: state.oomKilled,
      Dead: state.status === 'dead',
      Pid: isAlive(state) ? state.pid : 0,
      ExitCode: state.exitCode,
      Error: state.error,
      StartedAt: state.startedAt,
      FinishedAt: state.finishedAt || zeroTime,
      ...(record.health ? { Health: healthState(record.health) } : {}),
    },
    Image: record.imageId,
    // These files are made when it starts.
    ResolvConfPath: hasRun(record) ? paths.resolvConf : '',
    HostnamePath: hasRun(record) ? paths.hostname : '',
    HostsPath: hasRun(record) ? paths.hosts : '',
    LogPath: hasRun(record) && logDriver(record) === 'json-file' ? paths.jsonLog : '',
    Name: `/${record.name}`,
    RestartCount: record.restartCount,
    Driver: 'overlay2',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: execIds.length > 0 ? [...execIds] : null,
    HostConfig: hostConfigOf(record),
    GraphDriver: { Name: 'overlay2', Data: { ...paths.graph } },
    Mounts: mountPoints(record),
    Config: record.config,
    NetworkSettings: networkSettings(record),
  };
}

/** -1 and 0 stand for "no limit" in what clients send, and null in what they are told. */
function hostConfigOf({ hostConfig, name }: ContainerRecord): ContainerInspect['HostConfig'] {
  const { MemorySwappiness: swappiness, PidsLimit: pids } = hostConfig;
  return {
    ...hostConfig,
    // On user-defined networks they are the endpoint's, and shown there.
    Links: (hostConfig.NetworkMode === 'bridge' && hostConfig.Links?.map((link) => shownLink(link, name))) || null,
    MemorySwappiness: swappiness === -1 ? null : swappiness,
    PidsLimit: pids !== null && pids <= 0 ? null : pids,
    ...shownPaths(hostConfig),
  } as ContainerInspect['HostConfig'];
}

function networkSettings(record: ContainerRecord): NetworkSettings {
  const bridge = record.endpoints.bridge;
  return {
    Bridge: '',
    SandboxID: hasRun(record) ? record.id : '',
    SandboxKey: isAlive(record.state) ? `/proc/${record.state.pid}/ns/net` : hasRun(record) ? `/run/netns/${record.name}` : '',
    Ports: portMap(record),
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: bridge?.endpointId ?? '',
    Gateway: bridge?.gateway ?? '',
    GlobalIPv6Address: bridge?.address6 ?? '',
    GlobalIPv6PrefixLen: bridge?.prefixLength6 ?? 0,
    IPAddress: bridge?.address ?? '',
    IPPrefixLen: bridge?.prefixLength ?? 0,
    IPv6Gateway: bridge?.gateway6 ?? '',
    MacAddress: bridge?.mac ?? '',
    Networks: endpoints(record),
  };
}
