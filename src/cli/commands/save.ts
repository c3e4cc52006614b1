import { createWriteStream, rmSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { ExitError } from '../errors.ts';
import { list, text } from '../flags.ts';
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
    if (output === '' && cli.stdout.isTTY) {
      throw new ExitError('cowardly refusing to save to a terminal: use the -o flag or redirect', 1);
    }
    const response = await cli.client.send('GET', '/images/get', { names, platform });
    if (output === '') {
      for await (const chunk of response.body) await cli.put(cli.stdout, chunk);
      return 0;
    }
    try {
      await pipeline(response.body, createWriteStream(output, { mode: 0o600 }));
    } catch (error) {
      rmSync(output, { force: true });
      throw error;
    }
    return 0;
  },
});
