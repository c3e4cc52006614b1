import { list, text } from '../flags.ts';
import { saveTo } from '../save-to.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  about: 'Save images to a tar archive.',
  examples: [['save -o web.tar web', 'To a file'], ['save web redis | gzip > both.tar.gz', 'Two images, one archive']],
  flags: {
    output: text('-o, --output <file>', 'File to write instead of stdout'),
    platform: list('--platform <os/arch>', 'Save only this platform'),
  },
  least: 1,
  async run(cli, { output, platform }, names) {
    await saveTo(cli, output, 'save', () => cli.client.send('GET', '/images/get', { names, platform }));
    return 0;
  },
});
