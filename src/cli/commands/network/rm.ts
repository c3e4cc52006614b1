import { ApiError } from '../../errors.ts';
import { toggle } from '../../flags.ts';
import { verb } from '../../verb.ts';

export default verb({
  usage: 'NETWORK [NETWORK...]',
  about: 'Remove networks that no container is on.',
  examples: [['network rm backend', 'Its bridge and rules go with it']],
  flags: { force: toggle('-f, --force', 'One that is not there is no error') },
  least: 1,
  async run(cli, { force }, names) {
    let code = 0;
    for (const name of names) {
      try {
        await cli.client.delete(`/networks/${encodeURIComponent(name)}`);
        cli.line(name);
      } catch (error) {
        if (force && error instanceof ApiError && error.status === 404) continue;
        cli.warn((error as Error).message);
        code = 1;
      }
    }
    return code;
  },
});
