import type { ContainerInspect } from '../../api/wire/docker.ts';
import { containerPath } from '../client.ts';
import { ExitError } from '../errors.ts';
import { verb } from '../verb.ts';

export default verb({
  usage: 'CONTAINER [PRIVATE_PORT[/PROTO]]',
  about: "List a container's published ports; `port add` and `port rm` change them.",
  examples: [['port site', 'All of them'], ['port site 80/tcp', 'Where its port 80 is reached']],
  flags: {},
  least: 1,
  most: 2,
  async run(cli, _, [name = '', port]) {
    const { NetworkSettings: network } = await cli.client.get<ContainerInspect>(containerPath(name, 'json'));
    const show = ({ HostIp, HostPort }: { HostIp: string; HostPort: string }): string =>
      `${HostIp.includes(':') ? `[${HostIp}]` : HostIp}:${HostPort}`;
    if (port !== undefined) {
      const wanted = port.includes('/') ? port : `${port}/tcp`;
      const bindings = network.Ports[wanted] ?? [];
      if (bindings.length === 0) throw new ExitError(`no public port '${port}' published for ${name}`, 1);
      for (const binding of bindings) cli.line(show(binding));
      return 0;
    }
    const byNumber = ([a]: [string, unknown], [b]: [string, unknown]): number =>
      Number.parseInt(a, 10) - Number.parseInt(b, 10);
    for (const [inside, bindings] of Object.entries(network.Ports).sort(byNumber)) {
      for (const binding of bindings ?? []) cli.line(`${inside} -> ${show(binding)}`);
    }
    return 0;
  },
});
