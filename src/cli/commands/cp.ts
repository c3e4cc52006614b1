import { ExitError } from '../errors.ts';
import { copyFromContainer } from '../copy/from-container.ts';
import { splitArgument } from '../copy/paths.ts';
import { copyToContainer } from '../copy/to-container.ts';
import { maybe, toggle } from '../flags.ts';
import { humanSize } from '../units.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-\n       berth cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH',
  about: 'Copy files between a container, running or not, and the host.',
  examples: [
    ['cp site:/etc/hosts .', 'Out of a container'],
    ['cp page.html site:/var/www/', 'Into one'],
    ['cp site:/var/log/. logs', "A directory's content"],
    ['cp site:/data - | tar t', 'As a tar archive'],
  ],
  flags: {
    archive: toggle('-a, --archive', "Files belong to the container's user"),
    followLink: toggle('-L, --follow-link', 'Follow a symlink at the end of the source'),
    quiet: maybe('-q, --quiet', 'Say nothing of what was copied'),
  },
  least: 2,
  most: 2,
  async run(cli, { archive, followLink, quiet }, [source = '', destination = '']) {
    if (source === '') throw new ExitError('source can not be empty', 1);
    if (destination === '') throw new ExitError('destination can not be empty', 1);
    const from = splitArgument(source);
    const to = splitArgument(destination);
    const ends = [from, to].filter(({ container }) => container !== '').length;
    if (ends === 2) throw new ExitError('copying between containers is not supported', 1);
    if (ends === 0) throw new ExitError('must specify at least one container source', 1);
    const bytes = from.container !== ''
      ? await copyFromContainer(cli, from.container, from.path, destination, followLink)
      : await copyToContainer(cli, source, to.container, to.path, { followLink, archive });
    const silent = quiet ?? !cli.stderr.isTTY;
    if (!silent && destination !== '-') cli.warn(`Successfully copied ${humanSize(bytes, 3)} to ${destination}`);
    return 0;
  },
});
