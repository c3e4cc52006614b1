import type { InfoResponse } from '../../api/wire/docker.ts';
import { text } from '../flags.ts';
import { formatObject } from '../format.ts';
import { binarySize } from '../units.ts';
import { verb } from '../verb.ts';
import { version } from '../version.ts';

export default verb({
  usage: '[OPTIONS]',
  about: 'Show what the engine and its host are.',
  examples: [['info', 'Everything'], ["info -f '{{.CgroupVersion}}'", 'One thing']],
  flags: { format: text('-f, --format <template>', 'Go template, or json') },
  most: 0,
  async run(cli, { format }) {
    const info = await cli.client.get<InfoResponse>('/info');
    const ClientInfo = { Debug: cli.debug, Version: version };
    if (format !== '') cli.write(formatObject(format, { ...info, ClientInfo }));
    else cli.write(`Client:\n Version:    ${version}\n Debug Mode: ${cli.debug}\n\nServer:\n${serverText(info)}`);
    for (const warning of format === '' ? (info.Warnings ?? []) : []) cli.warn(warning);
    return 0;
  },
});

function serverText(info: InfoResponse): string {
  const rows: (string | undefined)[] = [
    `Containers: ${info.Containers}`,
    ` Running: ${info.ContainersRunning}`,
    ` Paused: ${info.ContainersPaused}`,
    ` Stopped: ${info.ContainersStopped}`,
    `Images: ${info.Images}`,
    `Server Version: ${info.ServerVersion}`,
    `Storage Driver: ${info.Driver}`,
    ...(info.DriverStatus ?? []).map(([name, value]) => ` ${name}: ${value}`),
    `Logging Driver: ${info.LoggingDriver}`,
    `Cgroup Driver: ${info.CgroupDriver}`,
    `Cgroup Version: ${info.CgroupVersion}`,
    'Plugins:',
    ` Volume: ${info.Plugins?.Volume?.join(' ') ?? ''}`,
    ` Network: ${info.Plugins?.Network?.join(' ') ?? ''}`,
    ` Log: ${info.Plugins?.Log?.join(' ') ?? ''}`,
    `Runtimes: ${Object.keys(info.Runtimes ?? {}).join(' ')}`,
    `Default Runtime: ${info.DefaultRuntime}`,
    `Init Binary: ${info.InitBinary}`,
    'Security Options:',
    ...(info.SecurityOptions ?? []).flatMap(optionLines),
    `Kernel Version: ${info.KernelVersion}`,
    `Operating System: ${info.OperatingSystem}`,
    `OSType: ${info.OSType}`,
    `Architecture: ${info.Architecture}`,
    `CPUs: ${info.NCPU}`,
    `Total Memory: ${binarySize(info.MemTotal)}`,
    `Name: ${info.Name}`,
    `ID: ${info.ID}`,
    `Berth Root Dir: ${info.DockerRootDir}`,
    `Debug Mode: ${info.Debug}`,
    (info.Labels ?? []).length === 0 ? undefined : `Labels:\n${info.Labels.map((label) => `  ${label}`).join('\n')}`,
    `Experimental: ${info.ExperimentalBuild}`,
    `Live Restore Enabled: ${info.LiveRestoreEnabled}`,
  ];
  return rows.filter((row) => row !== undefined).map((row) => ` ${row}\n`).join('');
}

/** `name=seccomp,profile=builtin` → two lines. */
function optionLines(option: string): string[] {
  const [name = '', ...more] = option.split(',').map((pair) => pair.split('='));
  const details = more.map(([key, value]) => `  ${key === 'profile' ? 'Profile' : key}: ${value}`);
  return [` ${name[1] ?? option}`, ...details];
}
