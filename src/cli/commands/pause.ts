import { containerPath } from '../client.ts';
import { each } from '../context.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: 'CONTAINER [CONTAINER...]',
  about: 'Freeze the processes of containers.',
  examples: [['pause site', 'It keeps its memory and its place, and does nothing']],
  flags: {},
  least: 1,
  run: (cli, _, names) => each(cli, names, (name) => cli.client.post(containerPath(name, 'pause'))),
});
