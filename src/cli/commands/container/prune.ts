import { list, toggle } from '../../flags.ts';
import { pruneContainers, tellReclaimed } from '../../pruning.ts';
import { verb } from '../../verb.ts';
import { checkFilter } from '../ps.ts';

export default verb({
  usage: '[OPTIONS]',
  about: 'Remove all stopped containers.',
  examples: [['container prune -f', 'Without asking first'], ['container prune --filter until=24h', 'Only older ones']],
  flags: {
    filter: list('--filter <filter>', 'Remove those that fit: until=…, label=…, label!=…', checkFilter),
    force: toggle('-f, --force', 'Do not ask first'),
  },
  most: 0,
  async run(cli, { filter, force }) {
    if (!force && !(await cli.confirm('WARNING! This will remove all stopped containers.'))) return 0;
    tellReclaimed(cli, await pruneContainers(cli, filter));
    return 0;
  },
});
