import { parseAddress } from '../model/address.ts';
import { invalid, BerthError } from '../model/errors.ts';
import type { ContainerConfig, HostConfig } from '../model/host-config.ts';
import { checkLogConfig, logWarnings } from './log-driver.ts';
import { checkHealthConfig } from './health.ts';
import { checkRestartPolicy } from './restart-policy.ts';
import { parseSignal } from './signals.ts';

interface Wish {
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
}

/** What of a create can be judged from its words alone. Each check throws one line that names the field. */
const checks: readonly ((wish: Wish) => void)[] = [
  ({ hostConfig }) => checkRestartPolicy(hostConfig),
  ({ config }) => checkHealthConfig(config.Healthcheck),
  ({ config }) => void (config.StopSignal && parseSignal(config.StopSignal)),
  ({ config }) => {
    if (config.WorkingDir && !config.WorkingDir.startsWith('/')) {
      throw invalid(`the working directory '${config.WorkingDir}' is invalid, it needs to be an absolute path`);
    }
  },
  ({ config }) => {
    for (const line of config.Env)
      if (line === '' || line.startsWith('=')) throw invalid(`invalid environment variable: ${line}`);
  },
  ({ config }) => {
    if (config.Hostname.length > 64 || /[^a-zA-Z0-9.-]/.test(config.Hostname)) {
      throw invalid(
        `invalid hostname format: ${config.Hostname.slice(0, 100)}: at most 64 letters, digits, dots and dashes`,
      );
    }
  },
  ({ hostConfig: { ShmSize: size } }) => {
    if (size < 0) throw invalid('SHM size can not be less than 0');
  },
  ({ hostConfig: { OomScoreAdj: score } }) => {
    if (score < -1000 || score > 1000)
      throw invalid(`Invalid value ${score}, range for oom score adj is [-1000, 1000]`);
  },
  ({ hostConfig: { UsernsMode: mode } }) => {
    if (mode !== '' && mode !== 'host') {
      throw new BerthError(
        'not-implemented',
        `user namespaces (--userns=${mode}) aren't there yet: leave the flag out, or use 'host'`,
      );
    }
  },
  ({ hostConfig: { Isolation: isolation, Runtime: runtime } }) => {
    if (isolation !== '' && isolation !== 'default')
      throw invalid(`invalid isolation '${isolation}': this engine knows only 'default'`);
    if (runtime !== '' && runtime !== 'berth' && runtime !== 'runc')
      throw invalid(`unknown or invalid runtime name: ${runtime}`);
  },
  ({ hostConfig: { LogConfig: log } }) => checkLogConfig(log),
  ({ hostConfig: { ExtraHosts: hosts } }) => {
    for (const line of hosts ?? []) {
      const colon = line.search(/[:=]/);
      const address = line.slice(colon + 1).replace(/^\[|\]$/g, '');
      if (colon < 1 || (address !== 'host-gateway' && !parseAddress(address)))
        throw invalid(`bad format for add-host: "${line}"`);
    }
  },
  ({ hostConfig: { Dns: servers } }) => {
    for (const server of servers)
      if (!parseAddress(server)) throw invalid(`bad nameserver address: ${server}: it must be an IP address`);
  },
  ({ hostConfig }) => {
    const { NetworkMode: network, PidMode: pid, IpcMode: ipc, UTSMode: uts, CgroupnsMode: cgroup } = hostConfig;
    if (pid !== '' && pid !== 'private' && pid !== 'host' && !pid.startsWith('container:'))
      throw invalid(`invalid PID mode: ${pid}`);
    if (!['', 'private', 'host', 'shareable', 'none'].includes(ipc) && !ipc.startsWith('container:'))
      throw invalid(`invalid IPC mode: ${ipc}`);
    if (uts !== '' && uts !== 'private' && uts !== 'host') throw invalid(`invalid UTS mode: ${uts}`);
    if (!['', 'private', 'host'].includes(cgroup)) throw invalid(`invalid cgroup namespace mode: ${cgroup}`);
    if (network === 'container:') throw invalid('invalid container format container:<name|id>');
  },
  ({ config, hostConfig }) => {
    const { NetworkMode: network, UTSMode: uts } = hostConfig;
    const shared = network.startsWith('container:');
    if (shared && config.Hostname !== '') throw invalid('conflicting options: hostname and the network mode');
    if (uts === 'host' && config.Hostname !== '') throw invalid('conflicting options: hostname and the UTS mode');
    if (shared && Object.keys(hostConfig.PortBindings).length > 0) {
      throw invalid('conflicting options: port publishing and the container type network mode');
    }
    if ((shared || network === 'host') && (hostConfig.Links?.length ?? 0) > 0)
      throw invalid('conflicting options: links and the network mode');
    if (shared && hostConfig.Dns.length > 0) throw invalid('conflicting options: dns and the network mode');
    if (shared && (hostConfig.ExtraHosts?.length ?? 0) > 0) {
      throw invalid('conflicting options: custom host-to-IP mapping and the network mode');
    }
  },
  ({ hostConfig: { Ulimits: ulimits } }) => {
    for (const { Name: name, Soft: soft, Hard: hard } of ulimits ?? []) {
      if (hard !== -1 && (soft === -1 || soft > hard)) {
        throw invalid(`ulimit ${name}: the soft limit ${soft} must not be above the hard limit ${hard}`);
      }
    }
  },
  ({ hostConfig: { DeviceRequests: requests } }) => {
    if ((requests?.length ?? 0) > 0)
      throw new BerthError('not-implemented', 'device requests (--gpus) are not supported: pass devices with --device');
  },
  ({ config: { StopTimeout: timeout } }) => {
    if (timeout !== undefined && !Number.isSafeInteger(timeout)) throw invalid(`invalid stop timeout: ${timeout}`);
  },
];

export function checkCreate(wish: Wish): void {
  for (const check of checks) check(wish);
}

/** What is taken and not honoured yet, in the words the client shows. */
export function createWarnings({ hostConfig }: Wish): string[] {
  const warnings: string[] = [];
  if (hostConfig.Privileged && hostConfig.CapDrop?.length) warnings.push('--cap-drop has no effect with --privileged');
  if (hostConfig.NetworkMode === 'host' && Object.keys(hostConfig.PortBindings).length > 0) {
    warnings.push('Published ports are discarded when using host network mode');
  }
  if (hostConfig.StorageOpt && Object.keys(hostConfig.StorageOpt).length > 0)
    warnings.push('Storage options are discarded: not supported yet');
  return [...warnings, ...logWarnings(hostConfig.LogConfig)];
}
