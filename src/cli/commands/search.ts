import { filtersOf } from '../client.ts';
import { integer, list, text, toggle } from '../flags.ts';
import { formatListing } from '../format.ts';
import { authHeader, loginFor } from '../registry/config.ts';
import { textOf } from '../client.ts';
import { verb } from '../verb.ts';
import { checkFilter } from './ps.ts';

interface Found {
  readonly name: string;
  readonly description: string;
  readonly star_count: number;
  readonly is_official: boolean;
  readonly is_automated: boolean;
}

export default verb({
  usage: '[OPTIONS] TERM',
  about: 'Search a registry for images (Docker Hub has a search; most registries of your own have none).',
  examples: [['search --limit 5 redis', 'On Docker Hub'], ['search registry.lan:5000/web', 'Elsewhere']],
  flags: {
    filter: list('-f, --filter <filter>', 'Show those that fit: stars=3, is-official=true', checkFilter),
    format: text('--format <template>', 'Go template, json or table …'),
    limit: integer('--limit <n>', 'How many at most (1 to 100)'),
    noTrunc: toggle('--no-trunc', 'Show whole descriptions'),
  },
  least: 1,
  most: 1,
  async run(cli, { filter, format, limit, noTrunc }, [term = '']) {
    const first = term.includes('/') ? term.slice(0, term.indexOf('/')) : '';
    const registry = /[.:]/.test(first) || first === 'localhost' ? first : 'docker.io';
    const headers = authHeader(registry, await loginFor(registry, process.env));
    const response = await cli.client.send('GET', '/images/search', { term, limit, filters: filtersOf(filter) }, { headers });
    const found = JSON.parse(await textOf(response)) as Found[];
    const short = (line: string): string => (noTrunc || [...line].length <= 45 ? line : `${[...line].slice(0, 44).join('')}…`);
    cli.write(formatListing(format, {
      table: '{{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}',
      headings: {
        Name: 'NAME', Description: 'DESCRIPTION', StarCount: 'STARS', IsOfficial: 'OFFICIAL', IsAutomated: 'AUTOMATED',
      },
      rows: found.map((one) => ({
        Name: one.name,
        Description: short(one.description.replace(/\s+/g, ' ')),
        StarCount: String(one.star_count),
        IsOfficial: one.is_official ? '[OK]' : '',
        IsAutomated: one.is_automated ? '[OK]' : '',
      })),
    }));
    return 0;
  },
});
