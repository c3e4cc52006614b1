import { list, toggle } from '../../flags.ts';
import { pruneNetworks } from '../../pruning.ts';
import { verb } from '../../verb.ts';
import { checkFilter } from '../ps.ts';

export default verb({
  usage: '[OPTIONS]',
  about: 'Remove all networks that no container uses.',
  examples: [['network prune -f', 'Without asking first'], ['network prune -f --filter until=24h', 'Only older ones']],
  flags: {
    filter: list('--filter <filter>', 'Remove those that fit: until=…, label=…, label!=…', checkFilter),
    force: toggle('-f, --force', 'Do not ask first'),
  },
  most: 0,
  async run(cli, { filter, force }) {
    const warning = 'WARNING! This will remove all custom networks not used by at least one container.';
    if (!force && !(await cli.confirm(warning))) return 0;
    await pruneNetworks(cli, filter);
    return 0;
  },
});
