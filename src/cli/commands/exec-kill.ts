import { each } from '../context.ts';
import { text } from '../flags.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[OPTIONS] EXEC [EXEC...]',
  about: 'Send a signal to a command that exec runs, and not to its container.',
  examples: [["exec-kill $(berth inspect -f '{{index .ExecIDs 0}}' site)", 'End the first of a container']],
  flags: { signal: text('-s, --signal <signal>', 'Signal, by name or number (default KILL)') },
  least: 1,
  run: (cli, { signal }, ids) =>
    each(cli, ids, (id) => cli.client.post(`/exec/${encodeURIComponent(id)}/kill`, { signal: signal || 'KILL' })),
});
