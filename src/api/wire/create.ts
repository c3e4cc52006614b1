import type { CreateRequest } from '../../engine/create.ts';
import type { UpdateRequest } from '../../engine/update.ts';
import { invalid } from '../../model/errors.ts';
import type {
  ContainerConfig,
  DeviceRequest,
  EndpointRequest,
  HostConfig,
  NetworkingConfig,
} from '../../model/host-config.ts';
import { isFrom, newestApi } from '../version.ts';
import { configShape, createShape, endpointShape, hostShape, updateShape } from './create-shapes.ts';
import { checkShape, type Checked } from './shape.ts';

/** Docker's body of POST /containers/create, checked and with Go's zero values where nothing was said. */
export function parseCreate(body: unknown, name: string | undefined, version: string = newestApi): CreateRequest {
  if (body === undefined) throw invalid("invalid body: a container's configuration is expected");
  const { HostConfig: host, NetworkingConfig: networking, ...config } = checkShape(body, createShape, '');
  const hostConfig = host ? hostConfigOf(host) : parseHostConfig({});
  // Before API 1.40 containers let others join their IPC namespace unless told.
  const shared = hostConfig.IpcMode === '' && !isFrom(version, '1.40') ? { IpcMode: 'shareable' } : {};
  return {
    ...(name ? { name } : {}),
    config: configOf(config),
    hostConfig: { ...hostConfig, ...shared },
    networkingConfig: networkingOf(networking?.EndpointsConfig ?? {}),
  };
}

/** A container's configuration alone, as POST /commit has it. */
export const parseConfig = (body: unknown): ContainerConfig => configOf(checkShape(body, configShape, ''));

const words = (value: string | string[] | undefined): string[] | null =>
  typeof value === 'string' ? [value] : (value ?? null);

function configOf({ StopTimeout, Healthcheck, ExposedPorts, Shell, ...f }: Checked<typeof configShape>): ContainerConfig {
  const { ArgsEscaped, NetworkDisabled, MacAddress, StopSignal, ...always } = f;
  return {
    ...always,
    Env: f.Env ?? [],
    Cmd: words(f.Cmd),
    Entrypoint: words(f.Entrypoint),
    Volumes: f.Volumes ?? null,
    OnBuild: f.OnBuild ?? null,
    Labels: f.Labels ?? {},
    ...omitEmpty({ ArgsEscaped, NetworkDisabled, MacAddress, StopSignal }),
    ...given({ StopTimeout, Healthcheck, ExposedPorts, Shell }),
  };
}

/** What lists and maps are where nothing was said, as Docker shows them. */
const nothing = {
  Binds: null,
  PortBindings: null,
  VolumesFrom: null,
  ConsoleSize: [0, 0],
  CapAdd: null,
  CapDrop: null,
  Dns: null,
  DnsOptions: null,
  DnsSearch: null,
  ExtraHosts: null,
  GroupAdd: null,
  Links: null,
  SecurityOpt: null,
  BlkioWeightDevice: null,
  BlkioDeviceReadBps: null,
  BlkioDeviceWriteBps: null,
  BlkioDeviceReadIOps: null,
  BlkioDeviceWriteIOps: null,
  Devices: null,
  DeviceCgroupRules: null,
  DeviceRequests: null,
  MemorySwappiness: null,
  OomKillDisable: null,
  PidsLimit: null,
  Ulimits: null,
  MaskedPaths: null,
  ReadonlyPaths: null,
} as const;

export const parseHostConfig = (body: unknown): HostConfig => hostConfigOf(checkShape(body, hostShape, 'HostConfig'));

function hostConfigOf(f: Checked<typeof hostShape>): HostConfig {
  return {
    ...nothing,
    ...given(f),
    ...(f.DeviceRequests ? { DeviceRequests: f.DeviceRequests.map(deviceRequest) } : {}),
    ...(f.Mounts ? { Mounts: f.Mounts.map(omitEmpty) } : {}),
    LogConfig: { Type: '', Config: {}, ...f.LogConfig },
    RestartPolicy: f.RestartPolicy ?? { Name: '', MaximumRetryCount: 0 },
    // What only looks like the model's words (a restart policy's name, a mount's type) is checked by the engine.
  } as HostConfig;
}

const deviceRequest = (one: NonNullable<Checked<typeof hostShape>['DeviceRequests']>[number]): DeviceRequest => ({
  Driver: one.Driver,
  Count: one.Count,
  DeviceIDs: one.DeviceIDs ?? null,
  Capabilities: one.Capabilities ?? null,
  Options: one.Options ?? null,
});

/** Docker's body of POST /containers/{id}/update: nulls, zeros and empty texts leave a limit as it is. */
export function parseUpdate(body: unknown): UpdateRequest {
  const { RestartPolicy: restart, PidsLimit: pids, ...limits } = checkShape(body, updateShape, '');
  return {
    // Null leaves the number of processes as it is; 0 and -1 take its limit away.
    limits: { ...omitEmpty(limits), ...given({ PidsLimit: pids && Math.max(0, pids) }) } as UpdateRequest['limits'],
    ...(restart?.Name ? { restartPolicy: restart as HostConfig['RestartPolicy'] } : {}),
  };
}

/** Without what isn't there. */
const given = <T extends object>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;

/** As Go's `omitempty` writes it: without empty texts, zeros, false and empty lists and maps of the plain fields. */
function omitEmpty<T extends object>(fields: T): Partial<T> {
  const kept = Object.entries(fields).flatMap(([name, value]: [string, unknown]): [string, unknown][] => {
    if (value === undefined || value === '' || value === false || value === 0) return [];
    if (Array.isArray(value)) return value.length === 0 ? [] : [[name, value]];
    return [[name, typeof value === 'object' && value !== null ? omitEmpty(value) : value]];
  });
  return Object.fromEntries(kept) as Partial<T>;
}

function networkingOf(endpoints: Record<string, Checked<typeof endpointShape> | null>): NetworkingConfig {
  return {
    EndpointsConfig: Object.fromEntries(
      Object.entries(endpoints).map(([name, endpoint]) => [name, endpointOf(endpoint ?? checkShape({}, endpointShape, ''))]),
    ),
  };
}

/** One network of a container, as create and network connect have it. */
export function endpointOf({ IPAMConfig, Links, Aliases, DriverOpts, ...plain }: Checked<typeof endpointShape>): EndpointRequest {
  return {
    ...given({ Links, Aliases, DriverOpts }),
    ...omitEmpty(plain),
    ...(IPAMConfig ? { IPAMConfig: omitEmpty(IPAMConfig) } : {}),
  };
}
