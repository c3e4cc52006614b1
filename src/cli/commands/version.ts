import type { VersionResponse } from '../../api/wire/docker.ts';
import { apiVersion } from '../client.ts';
import { text } from '../flags.ts';
import { formatObject } from '../format.ts';
import { verb } from '../verb.ts';
import { version } from '../version.ts';

export default verb({
  usage: '[OPTIONS]',
  about: 'Show the versions of client and engine.',
  examples: [['version', 'Both'], ["version -f '{{.Server.Version}}'", "The engine's alone"]],
  flags: { format: text('-f, --format <template>', 'Go template, or json') },
  most: 0,
  async run(cli, { format }) {
    const Client = {
      Version: version, ApiVersion: apiVersion, NodeVersion: process.versions.node, Os: process.platform,
      Arch: process.arch === 'x64' ? 'amd64' : process.arch,
    };
    let Server: VersionResponse | null = null;
    let failure: unknown;
    try {
      Server = await cli.client.get<VersionResponse>('/version');
    } catch (error) {
      failure = error;
    }
    if (format !== '') {
      if (failure !== undefined) throw failure;
      cli.write(formatObject(format, { Client, Server }));
      return 0;
    }
    cli.write(`Client:
 Version:           ${Client.Version}
 API version:       ${Client.ApiVersion}
 Node version:      ${Client.NodeVersion}
 OS/Arch:           ${Client.Os}/${Client.Arch}
`);
    if (failure !== undefined) throw failure;
    if (Server !== null) cli.write(serverText(Server));
    return 0;
  },
});

function serverText(server: VersionResponse): string {
  const rows: [string, string | undefined][] = [
    ['Version', server.Version],
    ['API version', `${server.ApiVersion} (minimum version ${server.MinAPIVersion})`],
    ['Git commit', server.GitCommit],
    ['Built', server.BuildTime],
    ['OS/Arch', `${server.Os}/${server.Arch}`],
    ['Kernel', server.KernelVersion],
  ];
  const line = (name: string, value = ''): string => `  ${`${name}:`.padEnd(18)}${value}\n`;
  const shown = rows.filter(([, value]) => value).map(([name, value]) => line(name, value)).join('');
  const others = (server.Components ?? []).filter(({ Name }) => Name !== 'Engine');
  const parts = others.map(({ Name, Version }) => ` ${Name}:\n${line('Version', Version)}`);
  return `\nServer${server.Platform?.Name ? `: ${server.Platform.Name}` : ':'}\n Engine:\n${shown}${parts.join('')}`;
}
