import type { ImageSummary } from '../../../api/wire/docker.ts';
import { shortId } from '../../../model/ids.ts';
import { text, toggle } from '../../flags.ts';
import { formatListing } from '../../format.ts';
import { ago, humanSize } from '../../units.ts';
import { verb } from '../../verb.ts';

interface Usage {
  readonly LayersSize: number;
  readonly Images: readonly ImageSummary[] | null;
  readonly Containers: readonly { Id: string; Image: string; Command: string; SizeRw?: number; State: string; Status: string; Created: number; Names: string[];
    Mounts?: readonly { Type: string }[] }[] | null;
  readonly Volumes: readonly { Name: string; UsageData: { Size: number; RefCount: number } | null }[] | null;
}

export default verb({
  usage: '[OPTIONS]',
  about: 'Show what takes room: images, containers, volumes.',
  examples: [['system df', 'In sum'], ['system df -v', 'One by one, with what images share']],
  flags: {
    format: text('--format <template>', 'Go template, json or table …'),
    verbose: toggle('-v, --verbose', 'Show each one'),
  },
  most: 0,
  async run(cli, { format, verbose }) {
    const usage = await cli.client.get<Usage>('/system/df');
    cli.write(verbose ? details(usage) : summaryOf(usage, format));
    return 0;
  },
});

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
const share = (part: number, whole: number): string =>
  whole > 0 ? `${humanSize(part)} (${Math.floor((part * 100) / whole)}%)` : humanSize(part);

function summaryOf({ LayersSize, Images, Containers, Volumes }: Usage, format: string): string {
  const images = Images ?? [];
  const containers = Containers ?? [];
  const volumes = Volumes ?? [];
  const usedImages = images.filter((image) => image.Containers > 0);
  const freeImages = LayersSize - sum(usedImages.map((image) => image.Size - Math.max(0, image.SharedSize)));
  const active = containers.filter(({ State }) => ['running', 'paused', 'restarting'].includes(State));
  const writable = sum(containers.map(({ SizeRw = 0 }) => SizeRw));
  const freeWritable = sum(containers.filter((one) => !active.includes(one)).map(({ SizeRw = 0 }) => SizeRw));
  const size = (all: typeof volumes): number => sum(all.map(({ UsageData }) => UsageData?.Size ?? 0));
  const row = (type: string, count: number, used: number, bytes: number, free: string): Record<string, string> => ({
    Type: type, TotalCount: String(count), Active: String(used), Size: humanSize(bytes), Reclaimable: free,
  });
  const usedVolumes = volumes.filter(({ UsageData }) => (UsageData?.RefCount ?? 0) > 0);
  return formatListing(format, {
    table: '{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}',
    headings: { Type: 'TYPE', TotalCount: 'TOTAL', Active: 'ACTIVE', Size: 'SIZE', Reclaimable: 'RECLAIMABLE' },
    rows: [
      row('Images', images.length, usedImages.length, LayersSize, share(freeImages, LayersSize)),
      row('Containers', containers.length, active.length, writable, share(freeWritable, writable)),
      row('Local Volumes', volumes.length, usedVolumes.length, size(volumes), share(size(volumes) - size(usedVolumes), size(volumes))),
      row('Build Cache', 0, 0, 0, humanSize(0)),
    ],
  });
}

function details({ Images, Containers, Volumes }: Usage): string {
  const images = formatListing('', {
    table: '{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.Created}}\t{{.Size}}\t{{.Shared}}\t{{.Unique}}\t{{.Containers}}',
    headings: {
      Repository: 'REPOSITORY', Tag: 'TAG', ID: 'IMAGE ID', Created: 'CREATED', Size: 'SIZE', Shared: 'SHARED SIZE', Unique: 'UNIQUE SIZE',
      Containers: 'CONTAINERS',
    },
    rows: (Images ?? []).map((image) => {
      const [name = '<none>:<none>'] = image.RepoTags ?? [];
      const colon = name.lastIndexOf(':');
      const shared = Math.max(0, image.SharedSize);
      return {
        Repository: name.slice(0, colon), Tag: name.slice(colon + 1), ID: shortId(image.Id), Created: ago(image.Created),
        Size: humanSize(image.Size, 3), Shared: humanSize(shared), Unique: humanSize(image.Size - shared), Containers: String(image.Containers),
      };
    }),
  });
  const containers = formatListing('', {
    table: '{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.Volumes}}\t{{.Size}}\t{{.Created}}\t{{.Status}}\t{{.Names}}',
    headings: {
      ID: 'CONTAINER ID', Image: 'IMAGE', Command: 'COMMAND', Volumes: 'LOCAL VOLUMES', Size: 'SIZE', Created: 'CREATED', Status: 'STATUS', Names: 'NAMES',
    },
    rows: (Containers ?? []).map((one) => ({
      ID: shortId(one.Id), Image: one.Image, Command: JSON.stringify(one.Command), Size: humanSize(one.SizeRw ?? 0, 3), Created: ago(one.Created),
      Volumes: String((one.Mounts ?? []).filter(({ Type }) => Type === 'volume').length), Status: one.Status, Names: (one.Names[0] ?? '').replace(/^\//, ''),
    })),
  });
  const volumes = formatListing('', {
    table: '{{.Name}}\t{{.Links}}\t{{.Size}}',
    headings: { Name: 'VOLUME NAME', Links: 'LINKS', Size: 'SIZE' },
    rows: (Volumes ?? []).map(({ Name, UsageData }) => ({ Name, Links: String(UsageData?.RefCount ?? 0), Size: humanSize(UsageData?.Size ?? 0) })),
  });
  return [
    `Images space usage:\n\n${images}`, `Containers space usage:\n\n${containers}`, `Local Volumes space usage:\n\n${volumes}`,
    'Build cache usage: 0B\n\nCACHE ID   CACHE TYPE   SIZE      CREATED   LAST USED   USAGE     SHARED\n',
  ].join('\n');
}
