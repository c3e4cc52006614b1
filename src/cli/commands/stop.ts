import { containerPath } from '../client.ts';
import { each } from '../context.ts';
import { integer, text } from '../flags.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  about: 'Stop running containers: their stop signal, and after a while SIGKILL.',
  examples: [['stop site', 'Give it ten seconds to end'], ['stop -t 60 db', 'Give it a minute']],
  flags: {
    signal: text('-s, --signal <signal>', "Signal to send first (default: the container's)"),
    timeout: integer('-t, --timeout, --time <seconds>', 'Seconds until SIGKILL; -1: never'),
  },
  least: 1,
  run: (cli, { signal, timeout: t }, names) =>
    each(cli, names, (name) => cli.client.post(containerPath(name, 'stop'), { signal, t })),
});
