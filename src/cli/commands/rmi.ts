import type { ImageDeleteItem } from '../../api/wire/docker.ts';
import { ApiError } from '../errors.ts';
import { list, toggle } from '../flags.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  about: 'Remove images: the name, and what no other name or container needs.',
  examples: [['rmi web:old', 'Remove one name'], ['rmi -f 4b1c2d3e4f5a', 'Remove an image with all its names']],
  flags: {
    force: toggle('-f, --force', 'Also with several names, or used by a stopped container'),
    noPrune: toggle('--no-prune', 'Keep untagged parents'),
    platform: list('--platform <os/arch>', 'Remove only this platform'),
  },
  least: 1,
  async run(cli, { force, noPrune }, names) {
    let code = 0;
    for (const name of names) {
      try {
        const path = `/images/${encodeURIComponent(name)}`;
        for (const item of await cli.client.delete<ImageDeleteItem[]>(path, { force, noprune: noPrune })) {
          cli.line(item.Deleted === undefined ? `Untagged: ${item.Untagged}` : `Deleted: ${item.Deleted}`);
        }
      } catch (error) {
        cli.warn((error as Error).message);
        if (!(force && error instanceof ApiError && error.status === 404)) code = 1;
      }
    }
    return code;
  },
});
