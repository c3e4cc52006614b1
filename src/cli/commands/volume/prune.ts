import type { VolumesPruneResponse } from '../../../api/wire/docker.ts';
import { filtersOf } from '../../client.ts';
import { list, toggle } from '../../flags.ts';
import { humanSize } from '../../units.ts';
import { verb } from '../../verb.ts';
import { checkFilter } from '../ps.ts';

export default verb({
  usage: '[OPTIONS]',
  about: 'Remove anonymous volumes that no container uses.',
  examples: [['volume prune -f', 'Without asking first'], ['volume prune -af', 'Named ones too']],
  flags: {
    all: toggle('-a, --all', 'Named ones too'),
    filter: list('--filter <filter>', 'Remove those that fit: label=…, label!=…', checkFilter),
    force: toggle('-f, --force', 'Do not ask first'),
  },
  most: 0,
  async run(cli, { all, filter, force }) {
    const warning = `WARNING! This will remove ${all ? 'all' : 'anonymous local'} volumes not used by at least one container.`;
    if (!force && !(await cli.confirm(warning))) return 0;
    const filters = filtersOf(all ? [...filter, 'all=1'] : filter);
    const report = await cli.client.post<VolumesPruneResponse>('/volumes/prune', { filters });
    const gone = report.VolumesDeleted ?? [];
    if (gone.length > 0) cli.write(`Deleted Volumes:\n${gone.join('\n')}\n\n`);
    cli.line(`Total reclaimed space: ${humanSize(report.SpaceReclaimed)}`);
    return 0;
  },
});
