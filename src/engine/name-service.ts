import * as files from '../host/files.ts';
import type { ContainerRecord } from '../model/container.ts';
import { isStub, outsideServers, resolvFile, setsNdots } from '../network/dns/resolv-conf.ts';
import { pathsOf, type Context } from './context.ts';

/** On a user-defined network a container looks up its neighbours' names; on the default bridge it doesn't, as in Docker. */
const hasNames = ({ network }: Context, { id }: ContainerRecord): boolean =>
  network.namesOn(id).some(({ resolves }) => resolves);

/** The host's resolv.conf; where that names systemd's resolver alone, the one with the servers behind it. */
async function hostResolvConf(reachable: boolean): Promise<string> {
  const text = (await files.readTextIfAny('/etc/resolv.conf')) ?? '';
  if (reachable || !isStub(text)) return text;
  return (await files.readTextIfAny('/run/systemd/resolve/resolv.conf')) ?? text;
}

/** The text of a container's resolv.conf. `embedded`: its own name server asks the others for it. */
async function resolvConf({ hostConfig }: ContainerRecord, embedded: boolean): Promise<string> {
  const hostNetwork = hostConfig.NetworkMode === 'host';
  return resolvFile({
    host: await hostResolvConf(hostNetwork),
    dns: hostConfig.Dns ?? [],
    search: hostConfig.DnsSearch ?? [],
    options: hostConfig.DnsOptions ?? [],
    hostNetwork,
    embedded,
  });
}

/** At a start, once it is known on which networks the container will be. */
export async function writeResolvConf(context: Context, record: ContainerRecord): Promise<void> {
  await files.writeText(pathsOf(context, record.id).resolvConf, await resolvConf(record, hasNames(context, record)));
}

interface Process {
  readonly pid: number;
  readonly startTime: bigint;
}

/**
 * Serves names to a container that runs, or is about to: in its network namespace, at 127.0.0.11. Does nothing where none
 * of its networks has names. `again`: an earlier engine served it.
 */
export async function serveNames(context: Context, record: ContainerRecord, process: Process, again: boolean): Promise<void> {
  if (!hasNames(context, record)) return;
  const { Dns: dns, DnsOptions: options } = record.hostConfig;
  await context.resolver.serve({
    containerId: record.id,
    ...process,
    again,
    asker: {
      networks: () => context.network.namesOn(record.id),
      outside: async () => outsideServers({ host: await hostResolvConf(true), ...(dns ? { dns } : {}) }),
      keepsPlainNames: setsNdots(options ?? []),
    },
  });
}

/** After a running container came to a network or left one: names are served, or no more; edits of its file stay. */
export async function renewNames(context: Context, record: ContainerRecord, process: Process): Promise<void> {
  const has = hasNames(context, record);
  if (has === context.resolver.serves(record.id)) return;
  if (has) await serveNames(context, record, process, true);
  const path = pathsOf(context, record.id).resolvConf;
  // It is bound into the container, so it is written in place.
  if ((await files.readTextIfAny(path)) === (await resolvConf(record, !has))) {
    await files.writeText(path, await resolvConf(record, has));
  }
  if (!has) context.resolver.stop(record.id);
}
