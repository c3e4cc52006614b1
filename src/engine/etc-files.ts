import { hostname as hostHostname } from 'node:os';
import * as files from '../host/files.ts';
import type { ContainerRecord, EndpointRecord } from '../model/container.ts';
import { hostnameFile, hostsFile, ownHostLines } from '../network/files.ts';
import { pathsOf, type Context } from './context.ts';
import { writeResolvConf } from './name-service.ts';
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
  const hostHosts = hostNetwork ? await files.readTextIfAny('/etc/hosts') : undefined;
  const hosts = hostsFile({
    hostname: hostnameOf(record),
    ...(config.Domainname ? { domainname: config.Domainname } : {}),
    addresses: addressesOf(attached.endpoints),
    linked: attached.linked.hosts,
    extraHosts: hostConfig.ExtraHosts ?? [],
    hostGateway: context.network.gateway,
  });
  await Promise.all([
    files.writeText(paths.hosts, hostHosts === undefined ? hosts : `${hostHosts}${extraLines(record)}`),
    files.writeText(paths.hostname, hostnameFile(hostnameOf(record))),
    writeResolvConf(context, record),
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

const addressesOf = (endpoints: Readonly<Record<string, EndpointRecord>>): string[] =>
  Object.values(endpoints).flatMap(({ address, address6 }) => [address, address6].filter(Boolean));

/**
 * The lines of one network in the /etc/hosts of a container that runs, added or taken out where they stand: the user's
 * edits stay. The file is bound into the container, so it is written in place.
 */
export async function changeHosts(
  context: Context,
  record: ContainerRecord,
  endpoint: EndpointRecord,
  change: 'add' | 'remove',
): Promise<void> {
  const path = pathsOf(context, record.id).hosts;
  const text = await files.readTextIfAny(path);
  if (text === undefined) return;
  const { Domainname: domainname } = record.config;
  const lines = ownHostLines(hostnameOf(record), domainname, addressesOf({ endpoint }));
  const rest = text.split('\n').filter((line) => !lines.includes(line));
  if (rest.at(-1) === '') rest.pop();
  await files.writeText(path, [...rest, ...(change === 'add' ? lines : []), ''].join('\n'));
}
