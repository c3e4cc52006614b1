import { list, text, toggle } from '../flags.ts';
import { verb } from '../verb.ts';
import { splitTag } from './tag.ts';

export default verb({
  usage: '[OPTIONS] CONTAINER [REPOSITORY[:TAG]]',
  about: 'Make an image of a container: its image, and all that it changed.',
  examples: [
    ['commit site site:2', 'With a name'],
    ["commit -c 'CMD [\"httpd\", \"-f\"]' -c 'EXPOSE 80' site site:2", 'With another command'],
  ],
  flags: {
    author: text('-a, --author <text>', 'Who made it'),
    change: list('-c, --change <instruction>', 'Apply an instruction: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, …'),
    message: text('-m, --message <text>', 'Comment of the image'),
    noPause: toggle('--no-pause', 'Let the container run meanwhile'),
    pause: toggle('-p, --pause', 'Freeze the container meanwhile', true),
  },
  least: 1,
  most: 2,
  async run(cli, { author, change, message, noPause, pause }, [container = '', name]) {
    const target = name === undefined ? {} : splitTag(name);
    const freeze = pause && !noPause ? '1' : '0';
    const query = { container, ...target, author, comment: message, changes: change, pause: freeze };
    cli.line((await cli.client.post<{ Id: string }>('/commit', query)).Id);
    return 0;
  },
});
