import { parseAddress } from '../model/address.ts';
import { invalid, unavailable } from '../model/errors.ts';
import type { ContainerConfig, HostConfig } from '../model/host-config.ts';
import { wishedCapabilities } from '../runtime/spec/caps.ts';
import { checkLogConfig, logWarnings } from './log-driver.ts';
import { checkHealthConfig } from './health.ts';
import { checkRestartPolicy } from './restart-policy.ts';
import { parseSignal } from './signals.ts';

interface Wish {
  /** The user names ports in ExposedPorts, not the image alone. */
  readonly exposes?: boolean;
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
    // The kernel takes 64 bytes of anything; what would break the line in /etc/hosts is left out.
    for (const [what, name] of [['hostname', config.Hostname], ['domainname', config.Domainname]] as const)
      if (Buffer.byteLength(name) > 64 || /[\0\n]/.test(name))
        throw invalid(`invalid ${what} format: ${name.slice(0, 100)}: at most 64 bytes in one line`);
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
      throw invalid(`user namespaces (--userns=${mode}) aren't there yet: leave the flag out, or use 'host'`);
    }
  },
  ({ hostConfig: { Isolation: isolation, Runtime: runtime } }) => {
    if (isolation !== '' && isolation !== 'default')
      throw invalid(`Invalid isolation: "${isolation}" - linux only supports 'default'`);
    if (runtime !== '' && runtime !== 'berth' && runtime !== 'runc')
      throw invalid(`Unknown runtime specified ${runtime}`);
  },
  ({ hostConfig: { LogConfig: log } }) => checkLogConfig(log),
  ({ hostConfig: { ExtraHosts: hosts } }) => {
    for (const line of hosts ?? []) {
      const colon = line.search(/[:=]/);
      const address = line.slice(colon + 1).replace(/^\[|\]$/g, '');
      if (colon < 1) throw invalid(`bad format for add-host: "${line}"`);
      if (address !== 'host-gateway' && !parseAddress(address))
        throw invalid(`invalid IP address in add-host: "${address}"`);
    }
  },
  ({ hostConfig: { Dns: servers } }) => {
    for (const server of servers ?? [])
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
    if (network === 'container:') throw invalid('Invalid network mode: invalid container format container:<name|id>');
  },
  (wish) => {
    const { config, hostConfig } = wish;
    const { NetworkMode: network, UTSMode: uts } = hostConfig;
    const shared = network.startsWith('container:');
    if (shared && config.Hostname !== '') throw invalid('conflicting options: hostname and the network mode');
    if (uts === 'host' && config.Hostname !== '') throw invalid('conflicting options: hostname and the UTS mode');
    if (shared && Object.keys(hostConfig.PortBindings ?? {}).length > 0) {
      throw invalid('conflicting options: port publishing and the container type network mode');
    }
    const links = (hostConfig.Links?.length ?? 0) > 0;
    if (network === 'host' && links) {
      throw invalid(
        "conflicting options: host type networking can't be used with links. This would result in undefined behavior",
      );
    }
    if (shared && links) throw invalid('conflicting options: links and the network mode');
    if ((shared || network === 'host') && config.MacAddress)
      throw invalid('conflicting options: mac-address and the network mode');
    if (shared && wish.exposes) throw invalid('conflicting options: port exposing and the container type network mode');
    if (shared && (hostConfig.Dns ?? []).length > 0) throw invalid('conflicting options: dns and the network mode');
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
  ({ hostConfig: { StorageOpt: options } }) => {
    for (const name of Object.keys(options ?? {}))
      throw name === 'size'
        ? unavailable("--storage-opt is supported only for overlay over xfs with 'pquota' mount option")
        : invalid(`Unknown option ${name}`);
  },
  ({ hostConfig: { IOMaximumIOps: operations, IOMaximumBandwidth: bandwidth } }) => {
    if (operations !== 0) throw invalid('Invalid QoS settings: linux does not support configuration of maximum IOPs');
    if (bandwidth !== 0)
      throw invalid('Invalid QoS settings: linux does not support configuration of maximum bandwidth');
  },
  ({ hostConfig: { KernelMemory: memory } }) => {
    if (memory !== 0 && memory < 6 * 2 ** 20) throw invalid('Minimum kernel memory limit allowed is 6MB');
  },
  ({ hostConfig: { CapAdd: add, CapDrop: drop } }) => {
    wishedCapabilities({ privileged: false, add: add ?? [], drop: drop ?? [] }, 0n);
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
  if (hostConfig.NetworkMode === 'host' && Object.keys(hostConfig.PortBindings ?? {}).length > 0) {
    warnings.push('Published ports are discarded when using host network mode');
  }
  return [...warnings, ...logWarnings(hostConfig.LogConfig)];
}
