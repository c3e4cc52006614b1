import { isAlive, type ContainerRecord } from '../model/container.ts';
import { conflict, invalid, notFound } from '../model/errors.ts';
import type { HostConfig } from '../model/host-config.ts';
import type { Context } from './context.ts';
import { parseLink } from './endpoint-wishes.ts';

/** What links on the default network give a container: lines for /etc/hosts and variables, as Docker writes them. */
export interface Linked {
  readonly hosts: readonly string[];
  readonly environment: readonly string[];
}

export const noLinks: Linked = { hosts: [], environment: [] };

/** At create: whoever is linked must be there. */
export function checkLinks(context: Context, { Links: links, NetworkMode: mode }: HostConfig): void {
  for (const text of links ?? []) {
    const { container } = parseLink(text);
    const other = tryFind(context, container);
    if (!other) throw invalid(`could not get container for ${container}: No such container: ${container}`);
    if (other.hostConfig.NetworkMode === 'host' && mode !== 'host') {
      throw conflict('conflicting options: host type networking can\'t be used with links. '
        + 'This would result in undefined behavior');
    }
  }
}

/** Links of a container that starts on the default network; on user-defined ones names do this, without variables. */
export function linksOf(context: Context, record: ContainerRecord): Linked {
  const links = record.hostConfig.NetworkMode === 'bridge' ? record.hostConfig.Links ?? [] : [];
  const hosts: string[] = [];
  const environment: string[] = [];
  for (const text of links) {
    const { container, alias } = parseLink(text);
    const other = context.records.find(container);
    const address = other.endpoints.bridge?.address;
    if (!isAlive(other.state) || !address) {
      throw conflict(`Cannot link to a non running container: /${other.name} AS /${record.name}/${alias}`);
    }
    const names = [alias, other.config.Hostname, ...(alias === other.name ? [] : [other.name])];
    hosts.push(`${address}\t${names.join(' ')}`);
    environment.push(...variables(record, other, alias, address));
  }
  return { hosts, environment };
}

function variables(record: ContainerRecord, other: ContainerRecord, alias: string, address: string): string[] {
  const prefix = alias.toUpperCase().replaceAll('-', '_');
  const ports = Object.keys(other.config.ExposedPorts ?? {}).map((key) => {
    const [number = '', protocol = 'tcp'] = key.split('/');
    return { number, protocol };
  }).sort((a, b) => Number(a.number) - Number(b.number));
  const [first] = ports;
  return [
    ...(first ? [`${prefix}_PORT=${first.protocol}://${address}:${first.number}`] : []),
    ...ports.flatMap(({ number, protocol }) => {
      const name = `${prefix}_PORT_${number}_${protocol.toUpperCase()}`;
      return [`${name}=${protocol}://${address}:${number}`, `${name}_ADDR=${address}`, `${name}_PORT=${number}`,
        `${name}_PROTO=${protocol}`];
    }),
    `${prefix}_NAME=/${record.name}/${alias}`,
    ...other.config.Env.filter((line) => line.includes('=') && !/^(HOME|PATH)=/.test(line))
      .map((line) => `${prefix}_ENV_${line}`),
  ];
}

/** `DELETE …?link=1`: takes the link ALIAS of a container, named as `CONTAINER/ALIAS`, away from its next start on. */
export function removeLink(context: Context, name: string): void {
  const [parent = '', wanted = '', ...rest] = name.replace(/^\//, '').split('/');
  const record = tryFind(context, parent);
  if (!record || wanted === '' || rest.length > 0) throw notFound(`Cannot get parent /${parent} for name /${parent}/${wanted}`);
  const links = record.hostConfig.Links ?? [];
  const left = links.filter((text) => parseLink(text).alias !== wanted);
  if (left.length === links.length) throw notFound(`No such link: /${parent}/${wanted}`);
  context.records.update(record.id, { hostConfig: { ...record.hostConfig, Links: left } });
}

/** `web:db` of container `own` as inspect shows it: `/web:/own/db`. */
export function shownLink(text: string, own: string): string {
  const { container, alias } = parseLink(text);
  return `/${container}:/${own}/${alias}`;
}

function tryFind(context: Context, reference: string): ContainerRecord | undefined {
  try {
    return context.records.find(reference);
  } catch {
    return undefined;
  }
}
