import type { Volume } from '../../../api/wire/docker.ts';
import { parsePair } from '../../create/network.ts';
import { parsed, text } from '../../flags.ts';
import { verb } from '../../verb.ts';

export default verb({
  usage: '[OPTIONS] [VOLUME]',
  about: 'Create a volume.',
  examples: [
    ['volume create data', 'A directory that outlives containers'],
    ['volume create --opt type=none --opt o=bind --opt device=/srv/data data', 'One that is a directory of the host'],
    ['volume create --opt type=tmpfs --opt device=tmpfs --opt o=size=64m scratch', 'One in memory'],
  ],
  flags: {
    driver: text('-d, --driver <driver>', 'local', 'local'),
    label: parsed('--label <name=value>', 'Note something about it', parsePair),
    name: text('--name <name>', 'Its name, as older scripts give it'),
    opt: parsed('-o, --opt <name=value>', 'type, device and o: what to mount', parsePair),
  },
  most: 1,
  async run(cli, { driver, label, name, opt }, [given = '']) {
    const [DriverOpts, Labels] = [Object.fromEntries(opt), Object.fromEntries(label)];
    const body = { Name: given || name, Driver: driver, DriverOpts, Labels };
    cli.line((await cli.client.post<Volume>('/volumes/create', {}, body)).Name);
    return 0;
  },
});
