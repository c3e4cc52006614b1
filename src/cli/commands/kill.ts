import { containerPath } from '../client.ts';
import { each } from '../context.ts';
import { text } from '../flags.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  about: 'Send a signal to containers.',
  examples: [['kill site', 'End it at once'], ['kill -s HUP site', 'Have it read its configuration again']],
  flags: { signal: text('-s, --signal <signal>', 'Signal, by name or number (default KILL)') },
  least: 1,
  run: (cli, { signal }, names) =>
    each(cli, names, (name) => cli.client.post(containerPath(name, 'kill'), { signal: signal || 'KILL' })),
});
