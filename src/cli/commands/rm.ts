import { containerPath } from '../client.ts';
import { each } from '../context.ts';
import { ApiError } from '../errors.ts';
import { toggle } from '../flags.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  about: 'Remove containers.',
  examples: [['rm job', 'Remove one that has ended'], ['rm -fv site', 'End it, remove it and its anonymous volumes']],
  flags: {
    force: toggle('-f, --force', 'End it first, if it runs'),
    link: toggle('-l, --link', 'Remove the link, not the container'),
    volumes: toggle('-v, --volumes', 'Remove its anonymous volumes too'),
  },
  least: 1,
  run: (cli, { force, link, volumes: v }, names) =>
    each(cli, names, async (name) => {
      const path = containerPath(name.replace(/^\//, ''));
      try {
        await cli.client.delete(path, { force, link, v });
      } catch (error) {
        // What is to be gone and is gone is no failure under -f.
        if (!(force && error instanceof ApiError && error.status === 404)) throw error;
        cli.warn(error.message);
        return 'quiet';
      }
    }),
});
