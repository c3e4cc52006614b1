import { formatTime, nowNs } from '../../engine/clock.ts';
import { countContainers, describeHost, version } from '../../engine/system.ts';
import type { Answer, Call } from '../request.ts';
import type { Route } from '../server.ts';
import { newestApi, oldestApi } from '../version.ts';
import { registryConfig } from '../wire/registry-config.ts';
import type { InfoResponse, VersionResponse } from '../wire/docker.ts';

const ping = (): Answer => ({
  status: 200,
  body: 'OK',
  headers: {
    'Cache-Control': 'no-cache, no-store, must-revalidate',
    Pragma: 'no-cache',
    'Builder-Version': '1',
    Swarm: 'inactive',
  },
});

async function versionBody(): Promise<VersionResponse> {
  const host = await describeHost();
  return {
    Platform: { Name: 'Berth' },
    Components: [
      {
        Name: 'Engine',
        Version: version,
        Details: {
          ApiVersion: newestApi,
          MinAPIVersion: oldestApi,
          Arch: host.goArch,
          Os: 'linux',
          KernelVersion: host.kernel,
          NodeVersion: process.version,
        },
      },
    ],
    Version: version,
    ApiVersion: newestApi,
    MinAPIVersion: oldestApi,
    GitCommit: '',
    GoVersion: '',
    Os: 'linux',
    Arch: host.goArch,
    KernelVersion: host.kernel,
    BuildTime: '',
  };
}

async function infoBody(call: Call): Promise<InfoResponse> {
  const { context } = call.engine;
  const { host: facts, options } = context;
  const host = await describeHost();
  const { proxies } = context.registries.options;
  const counts = countContainers(context);
  const has = (...names: string[]): boolean => names.some((name) => facts.cgroups.files.has(name));
  return {
    ID: context.engineId,
    Containers: counts.all,
    ContainersRunning: counts.running,
    ContainersPaused: counts.paused,
    ContainersStopped: counts.stopped,
    Images: context.images.list().length,
    Driver: 'overlay2',
    DriverStatus: [
      ['Supports d_type', 'true'],
      ['Native Overlay Diff', 'true'],
    ],
    Plugins: {
      Volume: ['local'],
      Network: ['bridge', 'host', 'null'],
      Authorization: null,
      Log: ['json-file', 'local', 'none'],
    },
    MemoryLimit: has('memory.limit_in_bytes', 'memory.max'),
    SwapLimit: has('memory.memsw.limit_in_bytes', 'memory.swap.max'),
    CpuCfsPeriod: has('cpu.cfs_quota_us', 'cpu.max'),
    CpuCfsQuota: has('cpu.cfs_quota_us', 'cpu.max'),
    CPUShares: has('cpu.shares', 'cpu.weight'),
    CPUSet: has('cpuset.cpus'),
    PidsLimit: has('pids.max'),
    IPv4Forwarding: host.forwarding,
    Debug: options.debug,
    OomKillDisable: has('memory.oom_control'),
    SystemTime: formatTime(nowNs()),
    LoggingDriver: 'json-file',
    CgroupDriver: 'cgroupfs',
    CgroupVersion: facts.cgroups.kind === 'v2' ? '2' : '1',
    NEventsListener: context.events.listeners,
    KernelVersion: host.kernel,
    OperatingSystem: host.operatingSystem,
    OSVersion: host.osVersion,
    OSType: 'linux',
    Architecture: host.machine,
    IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: registryConfig(context.registries.options),
    NCPU: host.cpus,
    MemTotal: host.memory,
    DockerRootDir: options.root,
    HttpProxy: proxies.http ?? '',
    HttpsProxy: proxies.https ?? '',
    NoProxy: proxies.none.join(','),
    Name: host.name,
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: version,
    Runtimes: { berth: { path: options.helperProgram } },
    DefaultRuntime: 'berth',
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: options.initProgram,
    ContainerdCommit: { ID: '' },
    RuncCommit: { ID: '' },
    InitCommit: { ID: '' },
    SecurityOptions: ['name=seccomp,profile=builtin', ...(facts.cgroups.kind === 'v2' ? ['name=cgroupns'] : [])],
    Warnings: null,
  };
}

export const systemRoutes: readonly Route[] = [
  { method: 'GET', path: '/_ping', handler: ping },
  { method: 'HEAD', path: '/_ping', handler: () => ({ ...ping(), body: '' }) },
  { method: 'GET', path: '/version', handler: async () => ({ status: 200, body: await versionBody() }) },
  { method: 'GET', path: '/info', handler: async (call) => ({ status: 200, body: await infoBody(call) }) },
];
