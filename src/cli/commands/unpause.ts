import { containerPath } from '../client.ts';
import { each } from '../context.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: 'CONTAINER [CONTAINER...]',
  about: 'Thaw the processes of containers.',
  examples: [['unpause site', 'It goes on where it stood']],
  flags: {},
  least: 1,
  run: (cli, _, names) =>
    each(cli, names, (name) => cli.client.post(containerPath(name, 'unpause'))),
});
