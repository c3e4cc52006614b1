import { createReadStream, existsSync } from 'node:fs';
import { textOf } from '../../client.ts';
import { ExitError } from '../../errors.ts';
import { toggle } from '../../flags.ts';
import { verb } from '../../verb.ts';

export default verb({
  usage: '[OPTIONS] file|- VOLUME',
  about: 'Unpack a tar archive into a volume, which is created where it is not there.',
  examples: [
    ['volume import data.tar data', 'From a file'],
    ['volume import - data < data.tar.gz', 'From stdin, compressed'],
  ],
  flags: { force: toggle('-f, --force', 'Also over what the volume holds') },
  least: 2,
  most: 2,
  async run(cli, { force }, [source = '', name = '']) {
    if (source !== '-' && !existsSync(source)) throw new ExitError(`open ${source}: no such file or directory`, 1);
    const body = source === '-' ? cli.stdin : createReadStream(source, { highWaterMark: 1 << 20 });
    const path = `/volumes/${encodeURIComponent(name)}/import`;
    await textOf(await cli.client.send('POST', path, { force }, { body, contentType: 'application/x-tar' }));
    cli.line(name);
    return 0;
  },
});
