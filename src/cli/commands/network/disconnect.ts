import { toggle } from '../../flags.ts';
import { verb } from '../../verb.ts';

export default verb({
  usage: '[OPTIONS] NETWORK CONTAINER',
  about: 'Take a container off a network; its connections over others stay.',
  examples: [['network disconnect backend site', 'Now where it runs, else from its next start on']],
  flags: { force: toggle('-f, --force', 'Also where it is not known to be on it') },
  least: 2,
  most: 2,
  async run(cli, { force }, [network = '', container = '']) {
    const path = `/networks/${encodeURIComponent(network)}/disconnect`;
    await cli.client.post(path, {}, { Container: container, Force: force });
    return 0;
  },
});
