import { invalid } from '../model/errors.ts';
import type { ContainerDefaults, Healthcheck } from '../model/oci-image.ts';

/**
 * Dockerfile instructions that `import --change` and `commit --change` take, applied to an image's defaults. Pure.
 * Syntax: docs.docker.com, "Dockerfile reference".
 */
export function applyChanges(defaults: ContainerDefaults, changes: readonly string[]): ContainerDefaults {
  return changes.reduce(applyChange, defaults);
}

const shell = ['/bin/sh', '-c'];

function applyChange(config: ContainerDefaults, change: string): ContainerDefaults {
  const [, word = '', rest = ''] = /^\s*(\S+)\s*([\s\S]*?)\s*$/.exec(change) ?? [];
  const instruction = word.toUpperCase();
  if (rest === '') throw invalid(`change "${change}": ${instruction || 'an instruction'} requires an argument`);
  switch (instruction) {
    case 'CMD':
      return { ...config, Cmd: command(rest, config) };
    case 'ENTRYPOINT':
      return { ...config, Entrypoint: command(rest, config) };
    case 'SHELL':
      return { ...config, Shell: jsonList(rest) ?? refuse(change, 'SHELL takes a JSON list') };
    case 'ENV':
      return { ...config, Env: mergeEnv(config.Env ?? [], pairs(rest, change)) };
    case 'LABEL':
      return { ...config, Labels: { ...config.Labels, ...Object.fromEntries(pairs(rest, change)) } };
    case 'EXPOSE':
      return { ...config, ExposedPorts: { ...config.ExposedPorts, ...ports(words(rest), change) } };
    case 'VOLUME':
      return { ...config, Volumes: { ...config.Volumes, ...keys(jsonList(rest) ?? words(rest)) } };
    case 'USER':
      return { ...config, User: rest };
    case 'WORKDIR':
      return { ...config, WorkingDir: rest.startsWith('/') ? rest : `${config.WorkingDir ?? ''}/${rest}` };
    case 'STOPSIGNAL':
      return { ...config, StopSignal: rest };
    case 'HEALTHCHECK':
      return { ...config, Healthcheck: healthcheck(rest, change) };
    case 'ONBUILD':
      return { ...config, OnBuild: [...(config.OnBuild ?? []), rest] };
    default:
      throw invalid(`${instruction.toLowerCase()} is not a valid change command`);
  }
}

const durations = { interval: 'Interval', timeout: 'Timeout', 'start-period': 'StartPeriod', 'start-interval': 'StartInterval' } as const;

/** `[--interval=5s …] CMD …`, or `NONE`. */
function healthcheck(text: string, change: string): Healthcheck {
  if (/^none$/i.test(text)) return { Test: ['NONE'] };
  const [, options = '', command = ''] = /^((?:--\S+\s+)*)CMD\s+([^]+)$/i.exec(text) ?? [];
  if (command === '') refuse(change, 'HEALTHCHECK takes [OPTIONS] CMD and a command, or NONE');
  const exec = jsonList(command);
  const check: { -readonly [K in keyof Healthcheck]: Healthcheck[K] } = { Test: exec ? ['CMD', ...exec] : ['CMD-SHELL', command] };
  for (const option of options.trim().split(/\s+/).filter(Boolean)) {
    const [, name = '', value = ''] = /^--([a-z-]+)=(.+)$/.exec(option) ?? [];
    if (name === 'retries' && /^\d{1,6}$/.test(value)) check.Retries = Number(value);
    else if (Object.hasOwn(durations, name)) check[durations[name as keyof typeof durations]] = nanoseconds(value, change);
    else refuse(change, `"${option}" isn't an option of HEALTHCHECK`);
  }
  return check;
}

const units = { h: 3.6e12, m: 6e10, s: 1e9, ms: 1e6, us: 1e3, ns: 1 } as const;

/** Go's durations: `1m30s`, `500ms`. */
function nanoseconds(text: string, change: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) refuse(change, `"${text}" isn't a duration`);
  return parts.reduce((sum, [, number, unit]) => sum + Math.round(Number(number) * units[unit as keyof typeof units]), 0);
}

function refuse(change: string, why: string): never {
  throw invalid(`change "${change}": ${why}`);
}

function jsonList(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value = JSON.parse(text) as unknown;
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The exec form as it is, the shell form through the image's shell. */
const command = (text: string, config: ContainerDefaults): string[] =>
  jsonList(text) ?? [...(config.Shell ?? shell), text];

const keys = (names: readonly string[]): Record<string, object> => Object.fromEntries(names.map((name) => [name, {}]));

const ports = (texts: readonly string[], change: string): Record<string, object> =>
  keys(texts.map((text) => portOf(text, change)));

function portOf(text: string, change: string): string {
  if (!/^[0-9]{1,5}(?:-[0-9]{1,5})?(?:\/(?:tcp|udp|sctp))?$/.test(text)) refuse(change, `"${text}" isn't a port`);
  return text.includes('/') ? text : `${text}/tcp`;
}

/** Splits at spaces outside quotes and takes quotes and backslashes away. */
function words(text: string): string[] {
  const found = text.match(/(?:[^\s"'\\]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"|'[^']*')+/g) ?? [];
  return found.map((word) =>
    word.replace(/"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'|\\([\s\S])/g, (_, double, single, escaped) =>
      double === undefined ? (single ?? escaped) : String(double).replace(/\\([\s\S])/g, '$1'),
    ),
  );
}

/** `KEY=value KEY2="v 2"`, or the old form `KEY the rest`. */
function pairs(text: string, change: string): [string, string][] {
  const first = /^[^\s=]+(?=(=|\s|$))/.exec(text);
  if (!first) refuse(change, 'names must not be blank');
  if (first[1] !== '=') return [[first[0], text.slice(first[0].length).trim() || refuse(change, 'a value is missing')]];
  return words(text).map((word) => {
    const at = word.indexOf('=');
    if (at < 1) refuse(change, `"${word}" isn't KEY=value`);
    return [word.slice(0, at), word.slice(at + 1)];
  });
}

/** Later values replace earlier ones of the same name in their place. */
function mergeEnv(env: readonly string[], added: readonly [string, string][]): string[] {
  const merged = new Map(env.map((entry) => [entry.split('=', 1)[0]!, entry]));
  for (const [key, value] of added) merged.set(key, `${key}=${value}`);
  return [...merged.values()];
}
