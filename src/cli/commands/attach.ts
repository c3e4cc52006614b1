import type { ContainerInspect } from '../../api/wire/docker.ts';
import { containerPath } from '../client.ts';
import { ExitError } from '../errors.ts';
import { maybeText, toggle } from '../flags.ts';
import { checkTerminal, runAtTerminal } from '../running.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: '[OPTIONS] CONTAINER',
  about: 'Take a running container to the terminal. Ctrl-P Ctrl-Q leaves one that has a terminal running.',
  examples: [['attach shell', 'Type into it and see its output'], ['attach --no-stdin site', 'Only see its output']],
  flags: {
    noStdin: toggle('--no-stdin', 'Do not attach stdin'),
    sigProxy: toggle('--sig-proxy', 'Pass signals on to the process', true),
    detachKeys: maybeText('--detach-keys <keys>', 'Keys that detach (default ctrl-p,ctrl-q)'),
  },
  least: 1,
  most: 1,
  async run(cli, { noStdin, sigProxy, detachKeys }, [name = '']) {
    const inspect = await cli.client.get<ContainerInspect>(containerPath(name, 'json'));
    const { Id: container, State: state, Config: config } = inspect;
    if (!state.Running) throw new ExitError('You cannot attach to a stopped container, start it first', 1);
    if (state.Paused) throw new ExitError('You cannot attach to a paused container, unpause it first', 1);
    if (state.Restarting) {
      throw new ExitError('You cannot attach to a restarting container, wait until it is running', 1);
    }
    const tty = config.Tty === true;
    const stdin = !noStdin && config.OpenStdin === true;
    checkTerminal(cli, stdin, tty);
    return runAtTerminal(cli, {
      container,
      tty,
      stdin,
      stdout: true,
      stderr: true,
      detachKeys,
      passSignals: sigProxy && !tty,
      condition: 'not-running',
    });
  },
});
