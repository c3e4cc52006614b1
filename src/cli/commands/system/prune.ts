import { list, toggle } from '../../flags.ts';
import { pruneContainers, pruneImages, pruneNetworks, pruneVolumes, tellReclaimed } from '../../pruning.ts';
import { verb } from '../../verb.ts';
import { checkFilter } from '../ps.ts';

export default verb({
  usage: '[OPTIONS]',
  about: 'Remove all that nobody uses.',
  examples: [['system prune', 'After a question'], ['system prune -af --volumes', 'Everything, at once']],
  flags: {
    all: toggle('-a, --all', 'All images that no container uses, not only those without a name'),
    filter: list('--filter <filter>', 'Remove what fits: until=…, label=…, label!=…', checkFilter),
    force: toggle('-f, --force', 'Do not ask first'),
    volumes: toggle('--volumes', 'Anonymous volumes too'),
  },
  most: 0,
  async run(cli, { all, filter, force, volumes }) {
    const what = [
      'all stopped containers',
      'all networks not used by at least one container',
      ...(volumes ? ['all anonymous volumes not used by at least one container'] : []),
      all ? 'all images without at least one container associated to them' : 'all dangling images',
    ];
    const warning = `WARNING! This will remove:\n${what.map((line) => `  - ${line}`).join('\n')}\n`;
    if (!force && !(await cli.confirm(warning))) return 0;
    let freed = await pruneContainers(cli, filter);
    await pruneNetworks(cli, filter);
    if (volumes) freed += await pruneVolumes(cli, filter);
    freed += await pruneImages(cli, all, filter);
    tellReclaimed(cli, freed);
    return 0;
  },
});
