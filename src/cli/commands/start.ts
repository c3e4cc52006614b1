import type { ContainerInspect } from '../../api/wire/docker.ts';
import { containerPath } from '../client.ts';
import type { Cli } from '../context.ts';
import { each } from '../context.ts';
import { ExitError } from '../errors.ts';
import { maybeText, toggle } from '../flags.ts';
import { checkTerminal, runAtTerminal } from '../running.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  about: 'Start stopped containers.',
  examples: [['start site', 'Start it in the background'], ['start -ai shell', 'Start it and take it to the terminal']],
  flags: {
    attach: toggle('-a, --attach', 'Show its output and pass signals on'),
    interactive: toggle('-i, --interactive', 'Attach stdin'),
    detachKeys: maybeText('--detach-keys <keys>', 'Keys that detach (default ctrl-p,ctrl-q)'),
  },
  least: 1,
  async run(cli, { attach: attached, interactive, detachKeys }, names) {
    if (!attached && !interactive) {
      return each(cli, names, (name) => cli.client.post(containerPath(name, 'start')));
    }
    const [name = '', ...more] = names;
    if (more.length > 0) throw new ExitError('you cannot start and attach multiple containers at once', 1);
    return startAttached(cli, name, interactive, detachKeys);
  },
});

async function startAttached(
  cli: Cli,
  name: string,
  interactive: boolean,
  detachKeys: string | undefined,
): Promise<number> {
  const inspect = await cli.client.get<ContainerInspect>(containerPath(name, 'json'));
  const { Id: container, Config: config, HostConfig: host } = inspect;
  const tty = config.Tty === true;
  const stdin = interactive && config.OpenStdin === true;
  checkTerminal(cli, stdin, tty);
  return runAtTerminal(cli, {
    container,
    tty,
    stdin,
    stdout: true,
    stderr: true,
    detachKeys,
    passSignals: true,
    condition: host.AutoRemove === true ? 'removed' : 'next-exit',
    begin: () => cli.client.post(`/containers/${container}/start`),
  });
}
