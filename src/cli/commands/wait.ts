import { waitFor } from '../running.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: 'CONTAINER [CONTAINER...]',
  about: 'Wait until containers end, and print their exit codes.',
  examples: [['wait job', 'Prints 0 when it went well']],
  flags: {},
  least: 1,
  async run(cli, _, names) {
    let failed = false;
    for (const name of names) {
      try {
        cli.line(String(await (await waitFor(cli.client, name, 'not-running')).code));
      } catch (error) {
        cli.warn((error as Error).message);
        failed = true;
      }
    }
    return failed ? 1 : 0;
  },
});
