import type { NetworkInspect } from '../../../api/wire/docker.ts';
import { shortId } from '../../../model/ids.ts';
import { filtersOf } from '../../client.ts';
import { list, text, toggle } from '../../flags.ts';
import { formatListing } from '../../format.ts';
import { verb } from '../../verb.ts';
import { checkFilter } from '../ps.ts';

export default verb({
  usage: '[OPTIONS]',
  about: 'List networks.',
  examples: [
    ['network ls', 'All of them'],
    ['network ls -q --filter type=custom', 'Ids of those that somebody created'],
  ],
  flags: {
    filter: list('-f, --filter <filter>', 'Show those that fit: driver=…, name=…, label=…, type=custom', checkFilter),
    format: text('--format <template>', 'Go template, json or table …'),
    noTrunc: toggle('--no-trunc', 'Show whole ids'),
    quiet: toggle('-q, --quiet', 'Only show ids'),
  },
  most: 0,
  async run(cli, { filter, format, noTrunc, quiet }) {
    const networks = await cli.client.get<NetworkInspect[]>('/networks', { filters: filtersOf(filter) });
    networks.sort((a, b) => (a.Name < b.Name ? -1 : a.Name > b.Name ? 1 : 0));
    const rows = networks.map((network) => ({
      CreatedAt: network.Created,
      Driver: network.Driver,
      ID: noTrunc ? network.Id : shortId(network.Id),
      IPv4: String(network.EnableIPv4 ?? true),
      IPv6: String(network.EnableIPv6),
      Internal: String(network.Internal),
      Label: (name: string): string => network.Labels?.[name] ?? '',
      Labels: Object.entries(network.Labels ?? {}).map(([name, value]) => `${name}=${value}`).join(','),
      Name: network.Name,
      Scope: network.Scope,
    }));
    if (quiet && format === '') {
      for (const { ID } of rows) cli.line(ID);
      return 0;
    }
    cli.write(formatListing(format, {
      table: '{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}',
      headings: {
        ID: 'NETWORK ID', Name: 'NAME', Driver: 'DRIVER', Scope: 'SCOPE', IPv4: 'IPV4', IPv6: 'IPV6',
        Internal: 'INTERNAL', Labels: 'LABELS', CreatedAt: 'CREATED AT',
      },
      rows,
    }));
    return 0;
  },
});
