import type { CreateRequest } from '../../engine/create.ts';
import { invalid } from '../../model/errors.ts';
import type {
  ContainerConfig,
  DeviceMapping,
  EndpointRequest,
  HealthConfig,
  HostConfig,
  MountRequest,
  PortBinding,
  RestartPolicy,
  ThrottleDevice,
  Ulimit,
  WeightDevice,
} from '../../model/host-config.ts';
import { configShape, healthShape, hostShape, mountShape } from './create-shapes.ts';
import { checkShape, type Kind } from './shape.ts';

const list = <T>(value: unknown): T[] => (value as T[] | undefined) ?? [];
const orNull = <T>(value: unknown): T[] | null => (value as T[] | undefined) ?? null;
const words = (value: unknown): string[] | null =>
  typeof value === 'string' ? [value] : ((value as string[] | undefined) ?? null);
const given = (fields: Record<string, unknown>, ...names: string[]): Record<string, unknown> =>
  Object.fromEntries(names.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name]]));

/** Docker's body of POST /containers/create, checked and with Go's zero values where nothing was said. */
export function parseCreate(body: unknown, name: string | undefined): CreateRequest {
  if (body === undefined) throw invalid("invalid body: a container's configuration is expected");
  const fields = checkShape(body, { ...configShape, HostConfig: 'object', NetworkingConfig: 'object' }, '');
  return {
    ...(name ? { name } : {}),
    config: parseConfig(fields),
    hostConfig: parseHostConfig(fields.HostConfig),
    networkingConfig: parseNetworking(fields.NetworkingConfig),
  };
}

export function parseConfig(body: unknown): ContainerConfig {
  const f = checkShape(body, configShape, '');
  return {
    Hostname: f.Hostname as string,
    Domainname: f.Domainname as string,
    User: f.User as string,
    AttachStdin: f.AttachStdin as boolean,
    AttachStdout: f.AttachStdout as boolean,
    AttachStderr: f.AttachStderr as boolean,
    Tty: f.Tty as boolean,
    OpenStdin: f.OpenStdin as boolean,
    StdinOnce: f.StdinOnce as boolean,
    Env: list(f.Env),
    Cmd: words(f.Cmd),
    Image: f.Image as string,
    Volumes: (f.Volumes as ContainerConfig['Volumes']) ?? null,
    WorkingDir: f.WorkingDir as string,
    Entrypoint: words(f.Entrypoint),
    OnBuild: orNull(f.OnBuild),
    Labels: (f.Labels as Record<string, string>) ?? {},
    ...(f.Healthcheck ? { Healthcheck: checkShape(f.Healthcheck, healthShape, 'Healthcheck') as HealthConfig } : {}),
    ...(f.StopSignal ? { StopSignal: f.StopSignal as string } : {}),
    ...(f.MacAddress ? { MacAddress: f.MacAddress as string } : {}),
    ...(f.NetworkDisabled ? { NetworkDisabled: true } : {}),
    ...given(f, 'ExposedPorts', 'StopTimeout', 'Shell'),
  };
}

export function parseHostConfig(body: unknown): HostConfig {
  const f = checkShape(body, hostShape, 'HostConfig');
  const logs = checkShape(f.LogConfig, { Type: 'string', Config: 'texts' }, 'HostConfig.LogConfig');
  return {
    ...(f as unknown as HostConfig),
    Binds: orNull(f.Binds),
    LogConfig: { Type: logs.Type as string, Config: (logs.Config as Record<string, string>) ?? {} },
    PortBindings: parsePortBindings(f.PortBindings),
    RestartPolicy: parseRestartPolicy(f.RestartPolicy),
    VolumesFrom: orNull(f.VolumesFrom),
    ConsoleSize: (f.ConsoleSize as [number, number]) ?? [0, 0],
    ...(f.Mounts ? { Mounts: list<unknown>(f.Mounts).map(parseMountRequest) } : {}),
    CapAdd: orNull(f.CapAdd),
    CapDrop: orNull(f.CapDrop),
    Dns: list(f.Dns),
    DnsOptions: list(f.DnsOptions),
    DnsSearch: list(f.DnsSearch),
    ExtraHosts: orNull(f.ExtraHosts),
    GroupAdd: orNull(f.GroupAdd),
    Links: orNull(f.Links),
    SecurityOpt: orNull(f.SecurityOpt),
    BlkioWeightDevice:
      orNull<unknown>(f.BlkioWeightDevice)?.map(
        (item) =>
          checkShape(
            item,
            { Path: 'string', Weight: 'integer' },
            'HostConfig.BlkioWeightDevice',
          ) as unknown as WeightDevice,
      ) ?? null,
    BlkioDeviceReadBps: throttle(f, 'BlkioDeviceReadBps'),
    BlkioDeviceWriteBps: throttle(f, 'BlkioDeviceWriteBps'),
    BlkioDeviceReadIOps: throttle(f, 'BlkioDeviceReadIOps'),
    BlkioDeviceWriteIOps: throttle(f, 'BlkioDeviceWriteIOps'),
    Devices: list<unknown>(f.Devices).map(
      (item) =>
        checkShape(
          item,
          { PathOnHost: 'string', PathInContainer: 'string', CgroupPermissions: 'string' },
          'HostConfig.Devices',
        ) as unknown as DeviceMapping,
    ),
    DeviceCgroupRules: orNull(f.DeviceCgroupRules),
    DeviceRequests: orNull(f.DeviceRequests),
    MemorySwappiness: (f.MemorySwappiness as number | undefined) ?? null,
    OomKillDisable: (f.OomKillDisable as boolean | undefined) ?? null,
    PidsLimit: (f.PidsLimit as number | undefined) ?? null,
    Ulimits:
      orNull<unknown>(f.Ulimits)?.map(
        (item) =>
          checkShape(
            item,
            { Name: 'string', Soft: 'integer', Hard: 'integer' },
            'HostConfig.Ulimits',
          ) as unknown as Ulimit,
      ) ?? null,
    MaskedPaths: orNull(f.MaskedPaths),
    ReadonlyPaths: orNull(f.ReadonlyPaths),
  };
}

const throttle = (fields: Record<string, unknown>, name: string): ThrottleDevice[] | null =>
  orNull<unknown>(fields[name])?.map(
    (item) => checkShape(item, { Path: 'string', Rate: 'integer' }, `HostConfig.${name}`) as unknown as ThrottleDevice,
  ) ?? null;

export function parseRestartPolicy(body: unknown): RestartPolicy {
  return checkShape(
    body,
    { Name: 'string', MaximumRetryCount: 'integer' },
    'HostConfig.RestartPolicy',
  ) as unknown as RestartPolicy;
}

function parsePortBindings(body: unknown): Record<string, PortBinding[] | null> {
  return Object.fromEntries(
    Object.entries((body ?? {}) as Record<string, unknown>).map(([port, bindings]) => {
      if (bindings === null) return [port, null];
      if (!Array.isArray(bindings))
        throw invalid(`invalid value for HostConfig.PortBindings["${port.slice(0, 50)}"]: expected a list`);
      return [
        port,
        bindings.map(
          (item) =>
            checkShape(
              item,
              { HostIp: 'string', HostPort: 'string' },
              'HostConfig.PortBindings',
            ) as unknown as PortBinding,
        ),
      ];
    }),
  );
}

function parseMountRequest(body: unknown): MountRequest {
  const f = checkShape(body, mountShape, 'HostConfig.Mounts');
  const options = (name: string, shape: Record<string, Kind>): Record<string, unknown> =>
    f[name] ? { [name]: stripped(checkShape(f[name], shape, `HostConfig.Mounts.${name}`)) } : {};
  return {
    Type: f.Type as MountRequest['Type'],
    Target: f.Target as string,
    ...(f.Source ? { Source: f.Source as string } : {}),
    ...(f.ReadOnly ? { ReadOnly: true } : {}),
    ...(f.Consistency ? { Consistency: f.Consistency as string } : {}),
    ...options('BindOptions', {
      Propagation: 'string',
      NonRecursive: 'maybe-boolean',
      CreateMountpoint: 'maybe-boolean',
      ReadOnlyNonRecursive: 'maybe-boolean',
      ReadOnlyForceRecursive: 'maybe-boolean',
    }),
    ...options('VolumeOptions', {
      NoCopy: 'maybe-boolean',
      Labels: 'texts',
      DriverConfig: 'object',
      Subpath: 'string',
    }),
    ...options('TmpfsOptions', { SizeBytes: 'maybe-integer', Mode: 'maybe-integer' }),
  };
}

const stripped = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));

function parseNetworking(body: unknown): CreateRequest['networkingConfig'] {
  const f = checkShape(body, { EndpointsConfig: 'object' }, 'NetworkingConfig');
  const endpoints = Object.entries((f.EndpointsConfig ?? {}) as Record<string, unknown>).map(([name, value]) => {
    const e = checkShape(
      value,
      { IPAMConfig: 'object', Links: 'strings', Aliases: 'strings', MacAddress: 'string', DriverOpts: 'texts' },
      `NetworkingConfig.EndpointsConfig`,
    );
    const ipam =
      e.IPAMConfig &&
      stripped(
        checkShape(
          e.IPAMConfig,
          { IPv4Address: 'string', IPv6Address: 'string', LinkLocalIPs: 'strings' },
          'IPAMConfig',
        ),
      );
    return [
      name,
      {
        ...given(e, 'Links', 'Aliases', 'DriverOpts'),
        ...(e.MacAddress ? { MacAddress: e.MacAddress } : {}),
        ...(ipam ? { IPAMConfig: ipam } : {}),
      } as EndpointRequest,
    ];
  });
  return { EndpointsConfig: Object.fromEntries(endpoints) as Record<string, EndpointRequest> };
}
