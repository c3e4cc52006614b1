import { text } from '../../flags.ts';
import { saveTo } from '../../save-to.ts';
import { verb } from '../../verb.ts';

export default verb({
  usage: '[OPTIONS] VOLUME',
  about: 'Write all that is in a volume as a tar archive: owners, modes, links and attributes too.',
  examples: [['volume export -o data.tar data', 'To a file'], ['volume export data | gzip > data.tar.gz', 'Compressed']],
  flags: { output: text('-o, --output <file>', 'File to write instead of stdout') },
  least: 1,
  most: 1,
  async run(cli, { output }, [name = '']) {
    await saveTo(cli, output, 'export', () => cli.client.send('GET', `/volumes/${encodeURIComponent(name)}/export`));
    return 0;
  },
});
