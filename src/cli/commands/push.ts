import { parseReference } from '../../model/reference.ts';
import { UsageError } from '../errors.ts';
import { text, toggle } from '../flags.ts';
import { fullName, pushImage } from '../pulling.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[OPTIONS] NAME[:TAG]',
  about: 'Upload an image to a registry.',
  examples: [
    ['push localhost:5000/web:1.2', 'The image that has this name'],
    ['push -a localhost:5000/web', 'All of its tags'],
  ],
  flags: {
    all: toggle('-a, --all-tags', 'Upload every tag of the repository'),
    disableContentTrust: toggle('--disable-content-trust', 'Accepted and without effect', true),
    platform: text('--platform <os/arch>', 'Refuse where the image is for another platform'),
    quiet: toggle('-q, --quiet', 'Show no progress'),
  },
  least: 1,
  most: 1,
  async run(cli, { all, platform, quiet }, [name = '']) {
    const { tag } = parseReference(name);
    if (all && tag !== undefined) throw new UsageError('tag can\'t be used with --all-tags/-a', 1);
    if (!all && tag === undefined && !quiet) cli.line('Using default tag: latest');
    await pushImage(cli, name, { out: cli.stdout, quiet, platform }, all);
    if (quiet) cli.line(all ? fullName(name).replace(/:latest$/, '') : fullName(name));
    return 0;
  },
});
