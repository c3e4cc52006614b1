import { each } from '../../context.ts';
import { toggle } from '../../flags.ts';
import { verb } from '../../verb.ts';

export default verb({
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  about: 'Remove volumes that no container uses, with all that is in them.',
  examples: [['volume rm data', 'It and its files']],
  flags: { force: toggle('-f, --force', 'One that is not there is no error') },
  least: 1,
  run: (cli, { force }, names) =>
    each(cli, names, (name) => cli.client.delete(`/volumes/${encodeURIComponent(name)}`, { force })),
});
