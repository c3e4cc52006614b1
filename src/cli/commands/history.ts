import type { ImageHistoryItem } from '../../api/wire/docker.ts';
import { text, toggle } from '../flags.ts';
import { ellipsis, formatListing } from '../format.ts';
import { ago, humanSize } from '../units.ts';
import { verb } from '../verb.ts';
import { shortId } from '../../model/ids.ts';

export default verb({
  usage: '[OPTIONS] IMAGE',
  about: 'Show how an image came about, layer by layer, the newest first.',
  examples: [['history web', 'Its layers'], ['history --no-trunc web', 'With the whole commands']],
  flags: {
    format: text('--format <template>', 'Go template, json or table …'),
    human: toggle('-H, --human', 'Sizes and dates in words', true),
    noTrunc: toggle('--no-trunc', 'Show everything whole'),
    quiet: toggle('-q, --quiet', 'Only show ids'),
  },
  least: 1,
  most: 1,
  async run(cli, { format, human, noTrunc, quiet }, [name = '']) {
    const items = await cli.client.get<ImageHistoryItem[]>(`/images/${encodeURIComponent(name)}/history`);
    const id = (item: ImageHistoryItem): string => (noTrunc || item.Id === '<missing>' ? item.Id : shortId(item.Id));
    if (quiet) {
      for (const item of items) cli.line(id(item));
      return 0;
    }
    cli.write(formatListing(format, {
      table: `{{.ID}}\t{{${human ? '.CreatedSince' : '.CreatedAt'}}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}`,
      headings: {
        ID: 'IMAGE', CreatedSince: 'CREATED', CreatedAt: 'CREATED AT', CreatedBy: 'CREATED BY', Size: 'SIZE',
        Comment: 'COMMENT',
      },
      rows: items.map((item) => {
        const command = item.CreatedBy.replaceAll('\t', ' ').trim();
        return {
          ID: id(item),
          CreatedSince: ago(item.Created),
          CreatedAt: new Date(item.Created * 1000).toISOString().replace('.000', ''),
          CreatedBy: noTrunc ? command : ellipsis(command, 45),
          Size: human ? humanSize(item.Size, 3) : String(item.Size),
          Comment: item.Comment,
        };
      }),
    }));
    return 0;
  },
});
