import { containerPath } from '../client.ts';
import { text } from '../flags.ts';
import { saveTo } from '../save-to.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[OPTIONS] CONTAINER',
  about: "Export a container's filesystem as a tar archive, without its volumes.",
  examples: [['export -o site.tar site', 'To a file'], ['export site | berth import - flat', 'One layer of all of it']],
  flags: { output: text('-o, --output <file>', 'File to write instead of stdout') },
  least: 1,
  most: 1,
  async run(cli, { output }, [name = '']) {
    await saveTo(cli, output, 'export', () => cli.client.send('GET', containerPath(name, 'export')));
    return 0;
  },
});
