import { isAlive, type ContainerRecord } from '../model/container.ts';
import { invalid } from '../model/errors.ts';
import { parseContainerPorts } from '../model/ports.ts';
import type { Context } from './context.ts';
import { booleanFilter, labelsPass, passes, type Filters } from './filters.ts';

export const containerFilters = [
  ...['ancestor', 'before', 'exited', 'expose', 'health', 'id', 'is-task', 'isolation', 'label', 'label!', 'name'],
  ...['network', 'publish', 'since', 'status', 'volume'],
];

export interface ListOptions {
  readonly all: boolean;
  /** The newest so many, whatever their state. */
  readonly limit?: number;
  readonly filters: Filters;
}

type Test = (record: ContainerRecord) => boolean;

const statuses = ['created', 'restarting', 'running', 'removing', 'paused', 'exited', 'dead'];
const healths = ['none', 'starting', 'healthy', 'unhealthy'];

/** Containers, newest first. Values that can't be meant are refused before anything is looked at. */
export function listContainers(context: Context, options: ListOptions): ContainerRecord[] {
  const { filters } = options;
  const limit = Math.max(0, options.limit ?? 0);
  const all = options.all || limit > 0 || given(filters, 'status');
  const tests = [...namedTests(filters), ...stateTests(filters), ...portTests(filters), ...placeTests(context, filters)];
  const found: ContainerRecord[] = [];
  for (const record of between(context, filters)) {
    if (!all && !isAlive(record.state) && record.state.status !== 'restarting') continue;
    if (!tests.every((test) => test(record))) continue;
    found.push(record);
    if (found.length === limit) break;
  }
  return found;
}

const given = (filters: Filters, name: string): boolean => (filters.get(name)?.length ?? 0) > 0;

/** `before` and `since`: older or newer than another container. */
function between(context: Context, filters: Filters): ContainerRecord[] {
  const records = context.records.all();
  const position = (name: string): number | undefined => {
    const reference = filters.get(name)?.[0];
    return reference === undefined ? undefined : records.indexOf(context.records.find(reference));
  };
  const before = position('before');
  const since = position('since');
  return records.slice(before === undefined ? 0 : before + 1, since);
}

function namedTests(filters: Filters): Test[] {
  const named = (filters.get('name') ?? []).map(matcher);
  const ids = (filters.get('id') ?? []).map(matcher);
  return [
    ({ name }) => named.length === 0 || named.some((matches) => matches(`/${name}`) || matches(name)),
    ({ id }) => ids.length === 0 || ids.some((matches) => matches(id)),
    ({ config }) => labelsPass(filters, config.Labels),
  ];
}

/** Equal, or a regular expression that is found; what is none finds nothing. */
function matcher(value: string): (text: string) => boolean {
  let pattern: RegExp | undefined;
  try {
    pattern = new RegExp(value);
  } catch {
    pattern = undefined;
  }
  return (text) => text === value || pattern?.test(text) === true;
}

function stateTests(filters: Filters): Test[] {
  for (const status of filters.get('status') ?? [])
    if (!statuses.includes(status)) throw invalid(`Invalid filter 'status=${status.slice(0, 100)}'`);
  for (const health of filters.get('health') ?? [])
    if (!healths.includes(health)) throw invalid(`Unrecognised filter value for health: ${health.slice(0, 100)}`);
  for (const code of filters.get('exited') ?? [])
    if (!/^[+-]?\d{1,10}$/.test(code)) throw invalid(`Invalid filter 'exited=${code.slice(0, 100)}': not a number`);
  const isTask = booleanFilter(filters, 'is-task');
  return [
    ({ state }) => passes(filters, 'status', (value) => state.status === value),
    ({ health }) => passes(filters, 'health', (value) => value === (health?.status ?? 'none')),
    ({ state }) =>
      passes(filters, 'exited', (value) => state.status === 'exited' && state.exitCode === Number(value)),
    () => isTask !== true,
  ];
}

/** `publish` asks for ports of the host, `expose` for the container's own; one of all that are given is enough. */
function portTests(filters: Filters): Test[] {
  const ports = (name: string): Set<string> | undefined =>
    given(filters, name) ? new Set((filters.get(name) ?? []).flatMap((value) => portsOf(name, value))) : undefined;
  const published = ports('publish');
  const exposed = ports('expose');
  if (!published && !exposed) return [];
  return [
    (record) => {
      if (!isAlive(record.state)) return false;
      const protocolOf = (port: string): string => port.split('/')[1] ?? 'tcp';
      return (
        record.ports.some(({ port, hostPort }) => published?.has(`${hostPort}/${protocolOf(port)}`)) ||
        record.ports.some(({ port }) => exposed?.has(port)) ||
        Object.keys(record.config.ExposedPorts ?? {}).some((port) => exposed?.has(port.includes('/') ? port : `${port}/tcp`))
      );
    },
  ];
}

function portsOf(name: string, value: string): string[] {
  try {
    return parseContainerPorts(value).map(({ port, protocol }) => `${port}/${protocol}`);
  } catch {
    throw invalid(`error while looking up for ${name} ${value.slice(0, 100)}: it must be a port or a range of ports`);
  }
}

function placeTests(context: Context, filters: Filters): Test[] {
  const ancestors = new Set<string>((filters.get('ancestor') ?? []).map((name) => context.images.find(name)?.id ?? name));
  const known = new Map<string, boolean>();
  /** The image itself, or one that it was built on. */
  const descends = (id: string | undefined): boolean => {
    if (id === undefined) return false;
    const answer = known.get(id) ?? (ancestors.has(id) || descends(context.images.find(id)?.parent));
    known.set(id, answer);
    return answer;
  };
  return [
    ({ imageId }) => ancestors.size === 0 || descends(imageId),
    (record) => passes(filters, 'network', (value) => inNetwork(record, value)),
    ({ mounts }) =>
      passes(filters, 'volume', (value) =>
        mounts.some((mount) => mount.name === value || mount.destination === value || mount.source === value),
      ),
  ];
}

function inNetwork(record: ContainerRecord, value: string): boolean {
  const { NetworkMode: mode } = record.hostConfig;
  if (mode === value || Object.hasOwn(record.networkingConfig.EndpointsConfig, value)) return true;
  return Object.entries(record.endpoints).some(
    ([name, endpoint]) => name === value || (value.length > 0 && endpoint.networkId.startsWith(value)),
  );
}
