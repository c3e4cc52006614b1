import { containerPath } from '../client.ts';
import { verb } from '../verb.ts';

const letters = ['C', 'A', 'D'];

export default verb({
  usage: 'CONTAINER',
  about: "Show what a container changed, added (A) and deleted (D) of its image's files.",
  examples: [['diff site', 'One line for each path']],
  flags: {},
  least: 1,
  most: 1,
  async run(cli, _options, [name = '']) {
    const changes = await cli.client.get<{ Path: string; Kind: number }[] | null>(containerPath(name, 'changes'));
    for (const { Path, Kind } of changes ?? []) cli.line(`${letters[Kind] ?? '?'} ${Path}`);
    return 0;
  },
});
