import type { ContainerRecord } from '../model/container.ts';
import { invalid } from '../model/errors.ts';
import type { LogFormat } from '../runtime/log-records.ts';
import type { KeeperPlacement } from '../runtime/placement.ts';
import { pathsOf, type Context } from './context.ts';

type LogConfig = ContainerRecord['hostConfig']['LogConfig'];

export const logDrivers = ['json-file', 'local', 'none'] as const;
type LogDriver = (typeof logDrivers)[number];

/** Bounded by default (INVARIANTS 23), where Docker's json-file isn't. */
const defaultMaxSize = 20 * 2 ** 20;
const defaultMaxFiles = 5;

const shared = ['max-size', 'max-file', 'compress', 'labels', 'labels-regex', 'env', 'env-regex', 'tag', 'mode', 'max-buffer-size'];
const knownOptions: Record<LogDriver, readonly string[] | undefined> = {
  'json-file': shared,
  local: ['max-size', 'max-file', 'compress', 'labels', 'labels-regex', 'env', 'env-regex', 'tag', 'mode', 'max-buffer-size'],
  none: undefined,
};

/** A container without one has Docker's default. */
export function logDriver({ hostConfig: { LogConfig: { Type: type } } }: Pick<ContainerRecord, 'hostConfig'>): LogDriver {
  return logDrivers.find((driver) => driver === type) ?? 'json-file';
}

/** Refuses, in Docker's words, what create is given and no start could honour. */
export function checkLogConfig({ Type: type, Config: options }: LogConfig): void {
  const driver = logDrivers.find((known) => known === (type || 'json-file'));
  if (!driver)
    throw invalid(`error looking up logging plugin ${type}: plugin "${type}" not found`);
  const known = knownOptions[driver];
  for (const [name, value] of Object.entries(options ?? {})) {
    if (known && !known.includes(name)) {
      throw invalid(
        driver === 'local'
          ? `unknown log opt '${name}' for log driver local`
          : `unknown log opt '${name}' for ${driver} log driver`,
      );
    }
    if (name === 'max-size' && parseSize(value) === undefined) throw invalid(`invalid value for max-size: "${value}": invalid size`);
    if (name === 'max-file' && !/^[1-9]\d{0,3}$/.test(value)) throw invalid(`max-file cannot be less than 1: "${value}" is given`);
    if (name === 'mode' && !['', 'blocking', 'non-blocking'].includes(value))
      throw invalid(`logger: logging mode not supported: ${value}`);
    if (name.endsWith('-regex') && !isPattern(value)) throw invalid(`invalid value for ${name}: "${value}" is no regular expression`);
    if (name === 'compress' && !/^(true|false|0|1|t|f)$/i.test(value)) throw invalid(`invalid value for compress: "${value}"`);
  }
}

/** What create tells of options that change nothing here. */
export function logWarnings({ Config: options }: LogConfig): string[] {
  return /^(true|1|t)$/i.test(options?.compress ?? '')
    ? ['The log option compress is discarded: full log files are kept as they are.']
    : [];
}

/** The keeper's part of the log configuration. */
export function logPlacement(
  context: Context,
  record: ContainerRecord,
): Pick<KeeperPlacement, 'log' | 'logMaxSize' | 'logMaxFiles' | 'noLog' | 'jsonLog' | 'logAttributes'> {
  const { Config: options } = record.hostConfig.LogConfig;
  const driver = logDriver(record);
  const { path, format, attributes } = logFile(context, record);
  return {
    log: path,
    logMaxSize: parseSize(options?.['max-size'] ?? '') ?? defaultMaxSize,
    logMaxFiles: Number(options?.['max-file'] ?? defaultMaxFiles),
    ...(driver === 'none' ? { noLog: true } : {}),
    ...(format === 'json' ? { jsonLog: true, logAttributes: attributes } : {}),
  };
}

/** Where a container's log is, and how to read it. */
export function logFile(
  context: Context,
  record: ContainerRecord,
): { path: string; format: LogFormat; attributes: string } {
  const paths = pathsOf(context, record.id);
  const json = logDriver(record) !== 'local';
  const extra = Object.fromEntries(attributesOf(record));
  return {
    path: json ? paths.jsonLog : paths.localLog,
    format: json ? 'json' : 'local',
    attributes: json && Object.keys(extra).length > 0 ? `"attrs":${JSON.stringify(extra)},` : '',
  };
}

/** `name=value,… ` as `docker logs --details` shows before each line. */
export function detailsOf(record: ContainerRecord): string {
  return `${attributesOf(record)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .toSorted()
    .join(',')} `;
}

/** The labels and variables that the log options name. */
function attributesOf({ config, hostConfig }: ContainerRecord): [string, string][] {
  const options = hostConfig.LogConfig.Config ?? {};
  const variables = config.Env.map((line): [string, string] => {
    const at = line.indexOf('=');
    return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
  });
  const named = (list: string | undefined, pattern: string | undefined): ((name: string) => boolean) => {
    const names = new Set((list ?? '').split(',').filter(Boolean));
    const regex = pattern ? new RegExp(pattern) : undefined;
    return (name) => names.has(name) || regex?.test(name) === true;
  };
  const label = named(options.labels, options['labels-regex']);
  const variable = named(options.env, options['env-regex']);
  return [
    ...Object.entries(config.Labels).filter(([name]) => label(name)),
    ...variables.filter(([name]) => variable(name)),
    ...(options.tag ? [['tag', options.tag] as [string, string]] : []),
  ];
}

function isPattern(text: string): boolean {
  try {
    return Boolean(new RegExp(text));
  } catch {
    return false;
  }
}

/** Bytes: `10m`, `512k`, `1g`; -1: unbounded, which is 0 to the keeper. Undefined where it is no size. */
function parseSize(text: string): number | undefined {
  if (text === '-1') return 0;
  const match = /^(\d+(?:\.\d+)?)\s?([kmgt]?)i?b?$/i.exec(text);
  if (!match) return undefined;
  const unit = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }[(match[2] ?? '').toLowerCase()] ?? 1;
  return Math.floor(Number(match[1]) * unit);
}
