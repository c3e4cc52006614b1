import type { DiskUsage } from '../../../api/wire/docker.ts';
import { text } from '../../flags.ts';
import { formatListing, type Row } from '../../format.ts';
import { humanSize } from '../../units.ts';
import { verb } from '../../verb.ts';

export default verb({
  usage: '[OPTIONS]',
  about: 'Show how much of the disk the engine uses, and how much of that could go.',
  examples: [['system df', 'Images, containers and volumes']],
  flags: { format: text('--format <template>', 'Go template, json or table …') },
  most: 0,
  async run(cli, { format }) {
    const usage = await cli.client.get<DiskUsage>('/system/df');
    cli.write(formatListing(format, {
      table: '{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}',
      headings: { Type: 'TYPE', TotalCount: 'TOTAL', Active: 'ACTIVE', Size: 'SIZE', Reclaimable: 'RECLAIMABLE' },
      rows: [images(usage), containers(usage), volumes(usage), row('Build Cache', 0, 0, 0)],
    }));
    return 0;
  },
});

function row(type: string, total: number, active: number, size: number, free = 0): Row {
  const share = size > 0 && type !== 'Build Cache' ? ` (${Math.trunc((free * 100) / size)}%)` : '';
  return {
    Type: type, TotalCount: String(total), Active: String(active), Size: humanSize(size),
    Reclaimable: humanSize(free) + share,
  };
}

/** What images alone have that no container uses, of all layers. */
function images({ Images, LayersSize }: DiskUsage): Row {
  const active = Images.filter((image) => image.Containers > 0);
  const own = active.reduce((sum, image) => sum + (image.SharedSize < 0 ? 0 : image.Size - image.SharedSize), 0);
  return row('Images', Images.length, active.length, LayersSize, LayersSize - own);
}

function containers({ Containers }: DiskUsage): Row {
  const sizeOf = (list: DiskUsage['Containers']): number => list.reduce((sum, one) => sum + (one.SizeRw ?? 0), 0);
  const active = Containers.filter(({ State }) => ['running', 'paused', 'restarting'].includes(State));
  const size = sizeOf(Containers);
  return row('Containers', Containers.length, active.length, size, size - sizeOf(active));
}

function volumes({ Volumes }: DiskUsage): Row {
  const sizeOf = (list: DiskUsage['Volumes']): number =>
    list.reduce((sum, one) => sum + Math.max(0, one.UsageData?.Size ?? 0), 0);
  const active = Volumes.filter(({ UsageData }) => (UsageData?.RefCount ?? 0) > 0);
  const size = sizeOf(Volumes);
  return row('Local Volumes', Volumes.length, active.length, size, size - sizeOf(active));
}
