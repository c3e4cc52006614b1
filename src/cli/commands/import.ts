import { createReadStream, existsSync } from 'node:fs';
import { list, text } from '../flags.ts';
import { ExitError } from '../errors.ts';
import { showProgress } from '../streams.ts';
import { verb } from '../verb.ts';
import { splitTag } from './tag.ts';

export default verb({
  usage: '[OPTIONS] file|- [REPOSITORY[:TAG]]',
  about: 'Make an image of one layer out of a root filesystem in a tar archive.',
  examples: [
    ['import rootfs.tar.gz mine:1', 'From a file'],
    ["import -c 'CMD [\"/bin/sh\"]' - mine", 'From stdin, with the command to run'],
  ],
  flags: {
    change: list('-c, --change <instruction>', 'Apply an instruction: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, …'),
    message: text('-m, --message <text>', 'Comment of the image'),
    platform: text('--platform <os/arch>', 'Platform of the image'),
  },
  least: 1,
  most: 2,
  async run(cli, { change, message, platform }, [source = '', name]) {
    if (/^https?:\/\//.test(source)) {
      throw new ExitError(`import from an address is not there yet: fetch ${source} first`, 1);
    }
    if (source !== '-' && !existsSync(source)) throw new ExitError(`open ${source}: no such file or directory`, 1);
    const target = name === undefined ? {} : splitTag(name);
    const query = { fromSrc: '-', ...target, message, changes: change, platform };
    const body = source === '-' ? cli.stdin : createReadStream(source, { highWaterMark: 1 << 20 });
    const response = await cli.client.send('POST', '/images/create', query, { body });
    // Of the progress, the last line is what scripts read: the image's id.
    const show = (line: string): void => void (line.startsWith('sha256:') || cli.stdout.isTTY ? cli.write(line) : undefined);
    await showProgress(response.body, show);
    return 0;
  },
});
