import type { VolumeListResponse } from '../../../api/wire/docker.ts';
import { filtersOf } from '../../client.ts';
import { list, text, toggle } from '../../flags.ts';
import { formatListing } from '../../format.ts';
import { verb } from '../../verb.ts';
import { checkFilter } from '../ps.ts';

export default verb({
  usage: '[OPTIONS]',
  about: 'List volumes.',
  examples: [['volume ls', 'All of them'], ['volume ls -q --filter dangling=true', 'Names of those that no container uses']],
  flags: {
    cluster: toggle('--cluster', 'Accepted and without effect'),
    filter: list('-f, --filter <filter>', 'Show those that fit: dangling=true, driver=…, label=…, name=…', checkFilter),
    format: text('--format <template>', 'Go template, json or table …'),
    quiet: toggle('-q, --quiet', 'Only show names'),
  },
  most: 0,
  async run(cli, { filter, format, quiet }) {
    const { Volumes: volumes } = await cli.client.get<VolumeListResponse>('/volumes', { filters: filtersOf(filter) });
    volumes.sort((a, b) => (a.Name < b.Name ? -1 : 1));
    if (quiet && format === '') {
      for (const { Name } of volumes) cli.line(Name);
      return 0;
    }
    const rows = volumes.map((volume) => ({
      Availability: 'N/A',
      Driver: volume.Driver,
      Group: 'N/A',
      Label: (name: string): string => volume.Labels?.[name] ?? '',
      Labels: Object.entries(volume.Labels ?? {}).map(([name, value]) => `${name}=${value}`).join(','),
      Links: 'N/A',
      Mountpoint: volume.Mountpoint,
      Name: volume.Name,
      Scope: volume.Scope,
      Size: 'N/A',
      Status: 'N/A',
    }));
    cli.write(formatListing(format, {
      table: '{{.Driver}}\t{{.Name}}',
      headings: {
        Driver: 'DRIVER', Name: 'VOLUME NAME', Scope: 'SCOPE', Mountpoint: 'MOUNTPOINT', Labels: 'LABELS', Size: 'SIZE',
        Links: 'LINKS',
      },
      rows,
    }));
    return 0;
  },
});
