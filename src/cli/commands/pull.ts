import { parseReference } from '../../model/reference.ts';
import { UsageError } from '../errors.ts';
import { text, toggle } from '../flags.ts';
import { fullName, pullImage } from '../pulling.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  about: 'Download an image from a registry.',
  examples: [
    ['pull localhost:5000/web:1.2', 'From a registry of your own'],
    ['pull --platform linux/arm64 debian', 'For another kind of machine'],
    ['pull -a localhost:5000/web', 'All of its tags'],
  ],
  flags: {
    all: toggle('-a, --all-tags', 'Download every tag of the repository'),
    disableContentTrust: toggle('--disable-content-trust', 'Accepted and without effect', true),
    platform: text('--platform <os/arch>', 'Platform of the image'),
    quiet: toggle('-q, --quiet', 'Show no progress'),
  },
  least: 1,
  most: 1,
  async run(cli, { all, platform, quiet }, [name = '']) {
    const { tag, digest } = parseReference(name);
    if (all && (tag !== undefined || digest !== undefined)) {
      throw new UsageError('tag can\'t be used with --all-tags/-a', 1);
    }
    if (!all && tag === undefined && digest === undefined && !quiet) cli.line('Using default tag: latest');
    await pullImage(cli, name, { out: cli.stdout, quiet, platform }, all);
    cli.line(all ? fullName(name).replace(/:latest$/, '') : fullName(name));
    return 0;
  },
});
