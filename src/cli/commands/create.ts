import { containerFlags } from '../create/flags.ts';
import { verb } from '../verb.ts';
import { bodyFrom, createContainer } from './run.ts';

export default verb({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  about: 'Create a container without starting it.',
  examples: [['create --name job busybox sh -c "date"', "Prepare it; 'berth start -a job' runs it"]],
  flags: containerFlags,
  stopAtFirst: true,
  least: 1,
  async run(cli, options, args) {
    const { Id } = await createContainer(cli, options, bodyFrom(cli, options, args));
    cli.line(Id);
    return 0;
  },
});
