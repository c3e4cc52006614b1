import { containerPath } from '../client.ts';
import { UsageError } from '../errors.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: 'CONTAINER HOST_PORT[/PROTO] [HOST_PORT[/PROTO]...]',
  about: 'End what a host port publishes; the container and its other ports go on.',
  examples: [['port rm site 8081', 'Nothing answers there any more']],
  flags: {},
  least: 2,
  async run(cli, _, [name = '', ...specs]) {
    for (const spec of specs) {
      // `8081:80`, as it was added, means the same.
      const match = /^(?:[^/]*:)?(\d{1,5})(?::\d{1,5})?(?:\/(tcp|udp|sctp))?$/.exec(spec);
      const [, port, protocol] = match ?? [];
      if (port === undefined) throw new UsageError(`invalid port ${spec}: want HOST_PORT[/tcp|udp]`);
      await cli.client.delete(containerPath(name, 'ports'), { port, protocol });
    }
    return 0;
  },
});
