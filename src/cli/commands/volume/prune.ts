import { list, toggle } from '../../flags.ts';
import { pruneVolumes, tellReclaimed } from '../../pruning.ts';
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
    tellReclaimed(cli, await pruneVolumes(cli, all ? [...filter, 'all=1'] : filter));
    return 0;
  },
});
