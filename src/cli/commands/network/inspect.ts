import { text, toggle } from '../../flags.ts';
import { verb } from '../../verb.ts';
import inspect from '../inspect.ts';

export default verb({
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  about: 'Show everything known of networks.',
  examples: [
    ['network inspect bridge', 'Everything, as JSON'],
    ["network inspect -f '{{range .Containers}}{{.Name}} {{.IPv4Address}} {{end}}' backend", 'Who is on it'],
  ],
  flags: {
    format: text('-f, --format <template>', 'Go template, or json'),
    verbose: toggle('-v, --verbose', 'Accepted and without effect'),
  },
  least: 1,
  run: (cli, { format }, names) => inspect.run(cli, { format, size: false, type: 'network' }, names),
});
