import type { Volume } from '../../../api/wire/docker.ts';
import { verb } from '../../verb.ts';

export default verb({
  usage: 'VOLUME NEW_NAME',
  about: 'Rename a volume that no container uses.',
  examples: [['volume rename data data-old', 'Its files stay']],
  flags: {},
  least: 2,
  most: 2,
  async run(cli, _options, [name = '', to = '']) {
    cli.line((await cli.client.post<Volume>(`/volumes/${encodeURIComponent(name)}/rename`, { name: to })).Name);
    return 0;
  },
});
