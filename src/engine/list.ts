import { isAlive, type ContainerRecord } from '../model/container.ts';
import { invalid } from '../model/errors.ts';
import type { Context } from './context.ts';
import { booleanFilter, labelsPass, passes, type Filters } from './filters.ts';
import { parseContainerPorts } from '../model/ports.ts';

export const containerFilters = [
  'ancestor',
  'before',
  'exited',
  'expose',
  'health',
  'id',
  'is-task',
  'isolation',
  'label',
  'label!',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
];

export interface ListOptions {
  readonly all: boolean;
  /** The newest so many, whatever their state. */
  readonly limit?: number;
  readonly filters: Filters;
}

const statuses = ['created', 'restarting', 'running', 'removing', 'paused', 'exited', 'dead'];

/** Containers, newest first. */
export function listContainers(context: Context, options: ListOptions): ContainerRecord[] {
  const { filters } = options;
  for (const status of filters.get('status') ?? []) {
    if (!statuses.includes(status)) throw invalid(`Invalid filter 'status=${status}'`);
  }
  for (const code of filters.get('exited') ?? [])
    if (!/^-?\d+$/.test(code)) throw invalid(`strconv.Atoi: parsing ${JSON.stringify(code)}: invalid syntax`);
  // Docker: filters on state and the like see stopped containers too.
  const all =
    options.all ||
    (options.limit ?? 0) > 0 ||
    ['status', 'exited', 'before', 'since'].some((name) => (filters.get(name)?.length ?? 0) > 0);
  const records = context.records.all();
  const position = (name: string): number | undefined => {
    const reference = filters.get(name)?.[0];
    return reference === undefined ? undefined : records.indexOf(context.records.find(reference));
  };
  const before = position('before');
  const since = position('since');
  const images = new Set(
    (filters.get('ancestor') ?? []).flatMap((name) => {
      const image = context.images.find(name);
      return image ? [image.id as string] : [];
    }),
  );
  const found = records.filter(
    (record, index) =>
      (all || isAlive(record.state) || record.state.status === 'restarting') &&
      (before === undefined || index > before) &&
      (since === undefined || index < since) &&
      (filters.get('ancestor') === undefined || images.has(record.imageId)) &&
      containerPasses(record, filters),
  );
  return options.limit && options.limit > 0 ? found.slice(0, options.limit) : found;
}

function containerPasses(record: ContainerRecord, filters: Filters): boolean {
  return (
    passes(filters, 'id', (value) => record.id.startsWith(value) || pattern(value).test(record.id)) &&
    passes(filters, 'name', (value) => pattern(value).test(`/${record.name}`) || pattern(value).test(record.name)) &&
    passes(filters, 'status', (value) => record.state.status === value) &&
    passes(filters, 'exited', (value) => record.state.exitCode === Number(value) && record.state.status === 'exited') &&
    passes(filters, 'network', (value) => inNetwork(record, value)) &&
    passes(filters, 'volume', (value) =>
      record.mounts.some((mount) => mount.name === value || mount.destination === value || mount.source === value),
    ) &&
    passes(filters, 'health', (value) => value === (record.health?.status ?? 'none')) &&
    passes(filters, 'publish', (value) =>
      portsOf(value).some((port) => record.ports.some((published) => published.port === port)),
    ) &&
    passes(filters, 'expose', (value) =>
      portsOf(value).some((port) => Object.hasOwn(record.config.ExposedPorts ?? {}, port)),
    ) &&
    booleanFilter(filters, 'is-task') !== true &&
    labelsPass(filters, record.config.Labels)
  );
}

function inNetwork(record: ContainerRecord, value: string): boolean {
  if (record.hostConfig.NetworkMode === value) return true;
  return Object.entries(record.endpoints).some(
    ([name, endpoint]) => name === value || (value.length > 0 && endpoint.networkId.startsWith(value)),
  );
}

function pattern(value: string): RegExp {
  try {
    return new RegExp(value);
  } catch {
    throw invalid(`invalid filter: ${value.slice(0, 100)} is not a regular expression`);
  }
}

const portsOf = (value: string): string[] =>
  parseContainerPorts(value).map(({ port, protocol }) => `${port}/${protocol}`);
