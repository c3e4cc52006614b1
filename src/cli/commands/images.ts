import type { ImageSummary } from '../../api/wire/docker.ts';
import { shortId } from '../../model/ids.ts';
import { filtersOf } from '../client.ts';
import { list, text, toggle } from '../flags.ts';
import { formatListing } from '../format.ts';
import type { Row } from '../format.ts';
import { ago, humanSize } from '../units.ts';
import { verb } from '../verb.ts';
import { checkFilter, localTime } from './ps.ts';

export default verb({
  usage: '[OPTIONS] [REPOSITORY[:TAG]]',
  about: 'List images.',
  examples: [
    ['images', 'Those that have a name'],
    ['images --filter dangling=true -q', 'Ids of those that lost theirs'],
    ["images --format '{{.Repository}}:{{.Tag}} {{.Size}}'", 'Columns of your own'],
  ],
  flags: {
    all: toggle('-a, --all', 'Show intermediate ones too'),
    digests: toggle('--digests', 'Show digests'),
    filter: list('-f, --filter <filter>', 'Show those that fit: dangling=true, label=…, reference=…', checkFilter),
    format: text('--format <template>', 'Go template, json or table …'),
    noTrunc: toggle('--no-trunc', 'Show whole ids'),
    quiet: toggle('-q, --quiet', 'Only show ids'),
    tree: toggle('--tree', 'Accepted and without effect'),
  },
  most: 1,
  async run(cli, { all, digests, filter, format, noTrunc, quiet }, [reference]) {
    const filters = filtersOf(reference === undefined ? filter : [...filter, `reference=${reference}`]);
    const images = await cli.client.get<ImageSummary[]>('/images/json', { all, filters });
    const showsDigest = digests || /\.Digest\b/.test(format);
    const rows = images.flatMap((image) => rowsOf(image, noTrunc, showsDigest));
    if (quiet && format === '') {
      for (const row of rows) cli.line(row['ID'] as string);
      return 0;
    }
    cli.write(formatListing(format, {
      table: `{{.Repository}}\t{{.Tag}}\t${digests ? '{{.Digest}}\t' : ''}{{.ID}}\t{{.CreatedSince}}\t{{.Size}}`,
      headings: {
        Repository: 'REPOSITORY', Tag: 'TAG', Digest: 'DIGEST', ID: 'IMAGE ID', CreatedSince: 'CREATED',
        CreatedAt: 'CREATED AT', Size: 'SIZE', Containers: 'CONTAINERS', SharedSize: 'SHARED SIZE',
        UniqueSize: 'UNIQUE SIZE', VirtualSize: 'SIZE',
      },
      rows,
    }));
    return 0;
  },
});

/** A row for each name; one of `<none>` for an image without. */
function rowsOf(image: ImageSummary, noTrunc: boolean, withDigest: boolean): Row[] {
  const size = humanSize(image.Size, 3);
  const row = (repository: string, tag: string, digest: string): Row => ({
    Containers: image.Containers < 0 ? 'N/A' : String(image.Containers),
    get CreatedAt() {
      return localTime(image.Created);
    },
    CreatedSince: ago(image.Created),
    Digest: digest,
    ID: noTrunc ? image.Id : shortId(image.Id),
    Repository: repository,
    SharedSize: image.SharedSize < 0 ? 'N/A' : humanSize(image.SharedSize, 3),
    Size: size,
    Tag: tag,
    UniqueSize: image.SharedSize < 0 ? 'N/A' : humanSize(image.Size - image.SharedSize, 3),
    VirtualSize: size,
  });
  const tags = (image.RepoTags ?? []).filter((name) => name !== '<none>:<none>');
  const digests = (image.RepoDigests ?? []).filter((name) => name !== '<none>@<none>');
  const digestOf = (repository: string): string =>
    digests.find((name) => name.startsWith(`${repository}@`))?.split('@')[1] ?? '<none>';
  if (tags.length === 0) {
    if (digests.length === 0) return [row('<none>', '<none>', '<none>')];
    return digests.map((name) => row(name.split('@')[0] ?? '', '<none>', name.split('@')[1] ?? ''));
  }
  return tags.map((name) => {
    const colon = name.lastIndexOf(':');
    const repository = name.slice(0, colon);
    return row(repository, name.slice(colon + 1), withDigest ? digestOf(repository) : '<none>');
  });
}
