import { list, toggle } from '../../flags.ts';
import { pruneImages, tellReclaimed } from '../../pruning.ts';
import { verb } from '../../verb.ts';
import { checkFilter } from '../ps.ts';

export default verb({
  usage: '[OPTIONS]',
  about: 'Remove images that nobody uses.',
  examples: [['image prune -f', 'Those without a name'], ['image prune -af', 'All that no container uses']],
  flags: {
    all: toggle('-a, --all', 'All that no container uses, not only those without a name'),
    filter: list('--filter <filter>', 'Remove those that fit: until=…, label=…, label!=…', checkFilter),
    force: toggle('-f, --force', 'Do not ask first'),
  },
  most: 0,
  async run(cli, { all, filter, force }) {
    const which = all ? 'all images without at least one container associated to them' : 'all dangling images';
    if (!force && !(await cli.confirm(`WARNING! This will remove ${which}.`))) return 0;
    tellReclaimed(cli, await pruneImages(cli, all, filter));
    return 0;
  },
});
