import { formatTime, nowNs, parseMoment } from '../../engine/clock.ts';
import { eventFilters, eventPasses, type EngineEvent } from '../../engine/events.ts';
import { parseFilters } from '../../engine/filters.ts';
import { countContainers, describeHost, version } from '../../engine/system.ts';
import { invalid } from '../../model/errors.ts';
import { jsonLines } from '../ndjson.ts';
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

/**
 * An event as a line of JSON; the nanoseconds have more digits than a JavaScript number, so they are put in as text.
 */
function eventLine(event: EngineEvent): string {
  const { type, action, id, attributes, time } = event;
  const old = type === 'container' || type === 'image';
  const line = JSON.stringify({
    ...(old
      ? { status: action, id, ...(type === 'container' && attributes.image ? { from: attributes.image } : {}) }
      : {}),
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: attributes },
    scope: 'local',
    time: Number(time / 1_000_000_000n),
  });
  return `${line.slice(0, -1)},"timeNano":${time}}`;
}

const backlog = 4096;

async function eventsHandler(call: Call): Promise<void> {
  const { events, closing } = call.engine.context;
  const filters = parseFilters(call.query.text('filters'), eventFilters);
  const moment = (name: string): bigint | undefined => {
    const text = call.query.text(name);
    if (!text) return undefined;
    const parsed = parseMoment(text);
    if (parsed === undefined) throw invalid(`invalid value for "${name}": ${text.slice(0, 60)}`);
    return parsed;
  };
  const since = moment('since');
  const until = moment('until');
  const out = jsonLines(call);
  const over = new AbortController();
  const end = (): void => over.abort();
  call.gone.addEventListener('abort', end, { once: true });
  closing.addEventListener('abort', end, { once: true });
  const queue: EngineEvent[] = since === undefined && until === undefined ? [] : events.past(since, until);
  let wake: () => void = () => {};
  // A follower that doesn't read is cut off rather than kept for ever.
  const stop = events.listen((event) => {
    if (queue.push(event) > backlog) end();
    wake();
  });
  over.signal.addEventListener('abort', () => wake(), { once: true });
  const timer = until === undefined ? undefined : setTimeout(end, Math.max(0, Number((until - nowNs()) / 1_000_000n)));
  try {
    for (;;) {
      for (const event of queue.splice(0)) if (eventPasses(event, filters)) await out.write(eventLine(event));
      if (over.signal.aborted) break;
      if (queue.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stop();
    clearTimeout(timer);
    closing.removeEventListener('abort', end);
  }
  out.end();
}

export const systemRoutes: readonly Route[] = [
  { method: 'GET', path: '/_ping', handler: ping },
  { method: 'HEAD', path: '/_ping', handler: () => ({ ...ping(), body: '' }) },
  { method: 'GET', path: '/version', handler: async () => ({ status: 200, body: await versionBody() }) },
  { method: 'GET', path: '/info', handler: async (call) => ({ status: 200, body: await infoBody(call) }) },
  { method: 'GET', path: '/events', handler: eventsHandler },
];
