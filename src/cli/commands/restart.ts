import { containerPath } from '../client.ts';
import { each } from '../context.ts';
import { integer, text } from '../flags.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  about: 'Stop containers and start them again.',
  examples: [['restart site', 'Stop it, giving it ten seconds, and start it']],
  flags: {
    signal: text('-s, --signal <signal>', "Signal to send first (default: the container's)"),
    timeout: integer('-t, --timeout, --time <seconds>', 'Seconds until SIGKILL; -1: never'),
  },
  least: 1,
  run: (cli, { signal, timeout: t }, names) =>
    each(cli, names, (name) => cli.client.post(containerPath(name, 'restart'), { signal, t })),
});
