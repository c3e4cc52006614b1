import type { ContainerTop } from '../../api/wire/docker.ts';
import { containerPath } from '../client.ts';
import { layOut } from '../table.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: 'CONTAINER [ps OPTIONS]',
  about: 'List the processes of a container, by their numbers on the host.',
  examples: [['top site', 'Its processes']],
  flags: {},
  stopAtFirst: true,
  least: 1,
  async run(cli, _, [name = '', ...psArguments]) {
    const query = { ps_args: psArguments.join(' ') };
    const { Titles, Processes } = await cli.client.get<ContainerTop>(containerPath(name, 'top'), query);
    cli.write(layOut([Titles, ...(Processes ?? [])].map((row) => row.join('\t')), 20));
    return 0;
  },
});
