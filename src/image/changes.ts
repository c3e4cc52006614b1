import { invalid } from '../model/errors.ts';
import type { ContainerDefaults } from '../model/oci-image.ts';

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
    case 'ONBUILD':
      return { ...config, OnBuild: [...(config.OnBuild ?? []), rest] };
    default:
      return refuse(change, `${instruction} is not a valid change command`);
  }
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
