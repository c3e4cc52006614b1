import { posix } from 'node:path';
import { invalid } from '../model/errors.ts';
import type { ContainerConfig, HealthConfig } from '../model/host-config.ts';
import type { ContainerDefaults, Healthcheck } from '../model/oci-image.ts';

const keyOf = (line: string): string => line.split('=', 1)[0] ?? '';

/**
 * The container's configuration: the user's, with the image's where the user said nothing. An entrypoint given by
 * the user drops the image's command (Docker's rule); environment and labels merge by key.
 */
export function withImageDefaults(config: ContainerConfig, image: ContainerDefaults): ContainerConfig {
  const env = [...config.Env];
  const given = new Set(env.map(keyOf));
  for (const line of image.Env ?? []) if (!given.has(keyOf(line))) env.push(line);

  let cmd = config.Cmd;
  let entrypoint = config.Entrypoint;
  if (entrypoint === null || entrypoint.length === 0) {
    if (cmd === null || cmd.length === 0) cmd = image.Cmd ? [...image.Cmd] : cmd;
    // An explicitly emptied entrypoint ([""]) never gets here; only an absent one takes the image's.
    entrypoint = image.Entrypoint ? [...image.Entrypoint] : null;
  } else if (entrypoint.length === 1 && entrypoint[0] === '') {
    entrypoint = null;
  }
  const exposed = { ...image.ExposedPorts, ...config.ExposedPorts };
  const volumes = { ...image.Volumes, ...config.Volumes };
  const stopSignal = config.StopSignal || image.StopSignal;
  const healthcheck = mergeHealth(config.Healthcheck, image.Healthcheck);
  return {
    ...config,
    Env: env,
    Cmd: cmd,
    Entrypoint: entrypoint,
    WorkingDir: clean(config.WorkingDir || image.WorkingDir || ''),
    User: config.User || image.User || '',
    Labels: { ...image.Labels, ...config.Labels },
    Volumes: Object.keys(volumes).length > 0 ? volumes : null,
    OnBuild: image.OnBuild ? [...image.OnBuild] : config.OnBuild,
    ...(Object.keys(exposed).length > 0 ? { ExposedPorts: exposed } : {}),
    ...(stopSignal ? { StopSignal: stopSignal } : {}),
    ...(healthcheck ? { Healthcheck: healthcheck } : {}),
    ...((config.Shell ?? image.Shell) ? { Shell: [...(config.Shell ?? image.Shell ?? [])] } : {}),
  };
}

/** Without `.`, `..` and slashes too many, as Docker keeps it. */
const clean = (path: string): string => (path === '' ? '' : posix.normalize(path).replace(/(?<=.)\/$/, ''));

function mergeHealth(own: HealthConfig | undefined, from: Healthcheck | undefined): HealthConfig | undefined {
  const image = from && ({ ...from, ...(from.Test ? { Test: [...from.Test] } : {}) } as HealthConfig);
  if (!own) return image;
  if (!image) return own;
  return {
    ...image,
    ...Object.fromEntries(Object.entries(own).filter(([key, value]) => (key === 'Test' ? value?.length : value))),
  };
}

/** What is executed: entrypoint and command. */
export function commandOf(config: Pick<ContainerConfig, 'Entrypoint' | 'Cmd'>): string[] {
  return [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
}

export function checkCommand(config: Pick<ContainerConfig, 'Entrypoint' | 'Cmd'>): void {
  const command = commandOf(config);
  if (command.length === 0) throw invalid('no command specified');
  if (command[0] === '') throw invalid('no command specified: the first word is empty');
}

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The process's environment in Docker's order: PATH, HOSTNAME, TERM with a terminal, then the configured lines (a
 * later line of a key wins; a key without `=` takes the variable away), HOME last unless given.
 */
export function environmentOf(config: Pick<ContainerConfig, 'Env' | 'Tty'>, hostname: string, home: string): string[] {
  const lines = new Map<string, string>();
  const set = (line: string): void => void lines.set(keyOf(line), line);
  set(defaultPath);
  set(`HOSTNAME=${hostname}`);
  if (config.Tty) set('TERM=xterm');
  for (const line of config.Env) {
    if (line.includes('=')) set(line);
    else lines.delete(line);
  }
  if (!lines.has('HOME')) set(`HOME=${home}`);
  return [...lines.values()];
}
