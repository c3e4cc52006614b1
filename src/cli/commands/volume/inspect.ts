import { text } from '../../flags.ts';
import { verb } from '../../verb.ts';
import inspect from '../inspect.ts';

export default verb({
  usage: '[OPTIONS] VOLUME [VOLUME...]',
  about: 'Show everything known of volumes.',
  examples: [
    ['volume inspect data', 'Everything, as JSON'],
    ["volume inspect -f '{{.Mountpoint}}' data", 'Where it lies on the host'],
  ],
  flags: { format: text('-f, --format <template>', 'Go template, or json') },
  least: 1,
  run: (cli, { format }, names) => inspect.run(cli, { format, size: false, type: 'volume' }, names),
});
