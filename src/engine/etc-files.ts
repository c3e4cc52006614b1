import { hostname as hostHostname } from 'node:os';
import * as files from '../host/files.ts';
import type { ContainerRecord } from '../model/container.ts';
import { resolvFile } from '../network/dns/resolv-conf.ts';
import { hostnameFile, hostsFile } from '../network/files.ts';
import { pathsOf, type Context } from './context.ts';
import type { Attached } from './networking.ts';
import type { ContainerPaths } from './paths.ts';

/** The name that uname tells in the container. */
export function hostnameOf(record: ContainerRecord): string {
  const { hostConfig, config } = record;
  if (hostConfig.UTSMode === 'host') return hostHostname();
  return config.Hostname;
}

/**
 * Whose /etc/hosts, hostname and resolv.conf a container has: its own, or those of the container whose network it
 * shares.
 */
export function etcOwner(context: Context, record: ContainerRecord, attached: Attached): ContainerPaths {
  return pathsOf(context, attached.owner?.id ?? record.id);
}

export async function writeEtcFiles(context: Context, record: ContainerRecord, attached: Attached): Promise<void> {
  if (attached.owner) return;
  const paths = pathsOf(context, record.id);
  const hostNetwork = attached.mode.kind === 'host';
  const { config, hostConfig } = record;
  const address = attached.endpoints.bridge?.address;
  const [hostHosts, resolv] = await Promise.all([
    hostNetwork ? files.readTextIfAny('/etc/hosts') : undefined,
    files.readTextIfAny('/etc/resolv.conf'),
  ]);
  const hosts = hostsFile({
    hostname: hostnameOf(record),
    ...(config.Domainname ? { domainname: config.Domainname } : {}),
    ...(address ? { address } : {}),
    extraHosts: hostConfig.ExtraHosts ?? [],
    hostGateway: context.network.gateway,
  });
  await Promise.all([
    files.writeText(paths.hosts, hostHosts === undefined ? hosts : `${hostHosts}${extraLines(record)}`),
    files.writeText(paths.hostname, hostnameFile(hostnameOf(record))),
    files.writeText(
      paths.resolvConf,
      resolvFile({
        host: resolv ?? '',
        dns: hostConfig.Dns,
        search: hostConfig.DnsSearch,
        options: hostConfig.DnsOptions,
        hostNetwork,
      }),
    ),
  ]);
}

/** With the host's network its /etc/hosts stands, and `--add-host` is put under it. */
function extraLines(record: ContainerRecord): string {
  return (record.hostConfig.ExtraHosts ?? [])
    .map((line) => {
      const at = line.search(/[:=]/);
      const address = line.slice(at + 1).replace(/^\[|\]$/g, '');
      return `${address === 'host-gateway' ? '127.0.0.1' : address}\t${line.slice(0, at)}\n`;
    })
    .join('');
}
