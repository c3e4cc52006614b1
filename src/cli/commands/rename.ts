import { containerPath } from '../client.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: 'CONTAINER NEW_NAME',
  about: 'Rename a container.',
  examples: [['rename site old-site', 'Make room for a new one of the name']],
  flags: {},
  least: 2,
  most: 2,
  async run(cli, _, [container = '', name = '']) {
    await cli.client.post(containerPath(container, 'rename'), { name });
    return 0;
  },
});
