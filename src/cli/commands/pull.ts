import { text, toggle } from '../flags.ts';
import { fullName, pullImage } from '../pulling.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  about: 'Download an image from a registry.',
  examples: [['pull localhost:5000/web:1.2', 'From a registry of your own']],
  flags: {
    platform: text('--platform <os/arch>', 'Platform of the image'),
    quiet: toggle('-q, --quiet', 'Show no progress'),
  },
  least: 1,
  most: 1,
  async run(cli, { platform, quiet }, [name = '']) {
    await pullImage(cli, name, platform, quiet ? () => undefined : (progress) => cli.write(progress));
    cli.line(fullName(name));
    return 0;
  },
});
