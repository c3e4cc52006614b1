import type { ContainerSummary } from '../../api/wire/docker.ts';
import { shortId } from '../../model/ids.ts';
import { filtersOf } from '../client.ts';
import { integer, list, text, toggle } from '../flags.ts';
import { ellipsis, formatListing } from '../format.ts';
import type { Row } from '../format.ts';
import { displayPorts } from '../ports.ts';
import { ago, humanSize } from '../units.ts';
import { verb } from '../verb.ts';

const columns = '{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}';

export default verb({
  usage: '[OPTIONS]',
  about: 'List containers.',
  examples: [
    ['ps -a', 'Also those that have ended'],
    ['ps -q --filter label=job', 'Ids of those with a label'],
    ["ps --format 'table {{.Names}}\\t{{.Status}}'", 'Columns of your own'],
  ],
  flags: {
    all: toggle('-a, --all', 'Show all, not only running ones'),
    filter: list('-f, --filter <filter>', 'Show those that fit: name=…, status=…, label=…, ancestor=…', checkFilter),
    format: text('--format <template>', 'Go template, json or table …'),
    last: integer('-n, --last <int>', 'Show the n created last, in any state'),
    latest: toggle('-l, --latest', 'Show the one created last, in any state'),
    noTrunc: toggle('--no-trunc', 'Show everything whole'),
    quiet: toggle('-q, --quiet', 'Only show ids'),
    size: toggle('-s, --size', 'Show how much each has written'),
  },
  most: 0,
  async run(cli, { all, filter, format, last, latest, noTrunc, quiet, size }) {
    const limit = last !== undefined && last > 0 ? last : latest ? 1 : undefined;
    const showsSize = size || /\.Size\b/.test(format);
    const query = { all, limit, size: showsSize, filters: filtersOf(filter) };
    const containers = await cli.client.get<ContainerSummary[]>('/containers/json', query);
    if (quiet && format === '') {
      for (const { Id } of containers) cli.line(noTrunc ? Id : shortId(Id));
      return 0;
    }
    cli.write(formatListing(format, {
      table: columns + (size ? '\t{{.Size}}' : ''),
      headings: {
        ID: 'CONTAINER ID', Image: 'IMAGE', Command: 'COMMAND', RunningFor: 'CREATED', CreatedAt: 'CREATED AT',
        Status: 'STATUS', Ports: 'PORTS', Names: 'NAMES', Size: 'SIZE', State: 'STATE', Labels: 'LABELS',
        Mounts: 'MOUNTS', LocalVolumes: 'LOCAL VOLUMES', Networks: 'NETWORKS', Platform: 'PLATFORM',
      },
      rows: containers.map((container) => rowOf(container, noTrunc)),
    }));
    return 0;
  },
});

function rowOf(container: ContainerSummary, noTrunc: boolean): Row {
  const names = container.Names.map((name) => name.replace(/^\//, '')).filter((name) => noTrunc || !name.includes('/'));
  const labels = container.Labels ?? {};
  const command = noTrunc ? container.Command : ellipsis(container.Command, 20);
  const mounts = (container.Mounts ?? []).map((mount) => mount.Name ?? mount.Source);
  const written = humanSize(container.SizeRw ?? 0, 3);
  return {
    Command: JSON.stringify(command),
    // Only when it is asked for: names of time zones are slow to come by.
    get CreatedAt() {
      return localTime(container.Created);
    },
    ID: noTrunc ? container.Id : shortId(container.Id),
    Image: imageOf(container, noTrunc),
    Labels: Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(','),
    LocalVolumes: String((container.Mounts ?? []).filter((mount) => mount.Driver === 'local').length),
    Mounts: mounts.map((name) => (noTrunc ? name : ellipsis(name, 15))).join(','),
    Names: names.join(','),
    Networks: Object.keys(container.NetworkSettings?.Networks ?? {}).join(','),
    Ports: displayPorts(container.Ports ?? []),
    RunningFor: ago(container.Created),
    Size: container.SizeRootFs ? `${written} (virtual ${humanSize(container.SizeRootFs, 3)})` : written,
    State: container.State,
    Status: container.Status,
    Label: (name) => labels[name] ?? '',
  };
}

function imageOf({ Image, ImageID }: ContainerSummary, noTrunc: boolean): string {
  if (Image === '') return '<no image>';
  if (noTrunc) return Image;
  return Image.startsWith('sha256:') || Image === ImageID ? shortId(Image) : Image.replace(/@sha256:[0-9a-f]{64}$/, '');
}

export function checkFilter(value: string): string {
  if (!value.includes('=')) throw new Error('invalid filter: expected NAME=value');
  return value;
}

/** `2026-01-31 12:00:00 +0100 CET`. */
export function localTime(unixSeconds: number): string {
  const date = new Date(unixSeconds * 1000);
  const offset = -date.getTimezoneOffset();
  const two = (number: number): string => String(Math.trunc(number)).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.abs(offset) / 60)}${two(Math.abs(offset) % 60)}`;
  const name = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date);
  return `${day} ${clock} ${zone} ${name.find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC'}`;
}
