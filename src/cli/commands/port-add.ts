import { messageOf } from '../../model/errors.ts';
import { parsePublish, requestsToApi } from '../../model/ports.ts';
import { containerPath } from '../client.ts';
import { UsageError } from '../errors.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: 'CONTAINER PORT [PORT...]',
  about: 'Publish more ports of a container, while it runs and from its next start on.',
  examples: [
    ['port add site 8081:80', 'Its port 80 is reached at 8081 as well'],
    ['port add site 127.0.0.1:5353:53/udp', 'From this host alone'],
  ],
  flags: {},
  least: 2,
  async run(cli, _, [name = '', ...specs]) {
    const requests = specs.flatMap((spec) => {
      try {
        return parsePublish(spec);
      } catch (error) {
        throw new UsageError(`${spec}: ${messageOf(error)}`);
      }
    });
    await cli.client.post(containerPath(name, 'ports'), {}, { PortBindings: requestsToApi(requests) });
    return 0;
  },
});
