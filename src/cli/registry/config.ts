/** Docker's `~/.docker/config.json`: who is logged in where. */
import { mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { ExitError } from '../errors.ts';

export interface Login {
  readonly username?: string;
  readonly password?: string;
  readonly identityToken?: string;
}

interface ConfigFile {
  auths?: Record<string, { auth?: string; identitytoken?: string; username?: string; password?: string }>;
  credsStore?: string;
  credHelpers?: Record<string, string>;
}

/** Docker Hub's old address is the key by which everyone keeps its login. */
const hubKey = 'https://index.docker.io/v1/';
export const keyOf = (registry: string): string => (registry === 'docker.io' ? hubKey : registry);

export function configPath(environment: NodeJS.ProcessEnv): string {
  return join(environment['DOCKER_CONFIG'] || join(homedir(), '.docker'), 'config.json');
}

function readConfig(path: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new ExitError(`${path}: ${(error as NodeJS.ErrnoException).code}`, 1);
  }
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as ConfigFile;
  } catch {
    // Told below.
  }
  throw new ExitError(`${path} isn't a JSON object: mend it, or move it away`, 1);
}

/** The login for a registry (`docker.io`, `registry.lan:5000`); undefined where there is none. */
export async function loginFor(registry: string, environment: NodeJS.ProcessEnv): Promise<Login | undefined> {
  const config = readConfig(configPath(environment));
  const helper = helperFor(config, registry);
  if (helper !== undefined) {
    const found = await callHelper(helper, 'get', keyOf(registry));
    if (found === undefined) return undefined;
    const { Username = '', Secret = '' } = JSON.parse(found) as { Username?: string; Secret?: string };
    return Username === '<token>' ? { identityToken: Secret } : { username: Username, password: Secret };
  }
  const auths = config.auths ?? {};
  const key = Object.keys(auths).find((one) => one === keyOf(registry)) ?? Object.keys(auths).find((one) => sameHost(one, registry));
  const entry = key === undefined ? undefined : auths[key];
  if (!entry) return undefined;
  const [, name, word] = /^([^:]*):(.*)$/s.exec(Buffer.from(entry.auth ?? '', 'base64').toString('utf8')) ?? [];
  const username = name ?? entry.username;
  const password = word?.replace(/\0+$/, '') ?? entry.password;
  return {
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(entry.identitytoken ? { identityToken: entry.identitytoken } : {}),
  };
}

/** Keeps a login; the file that it stands in unencrypted, or undefined where a helper has it. */
export async function keepLogin(registry: string, login: Login, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const path = configPath(environment);
  const config = readConfig(path);
  const key = keyOf(registry);
  const helper = helperFor(config, registry);
  if (helper !== undefined) {
    const secret = login.identityToken
      ? { ServerURL: key, Username: '<token>', Secret: login.identityToken }
      : { ServerURL: key, Username: login.username ?? '', Secret: login.password ?? '' };
    await callHelper(helper, 'store', JSON.stringify(secret));
    writeConfig(path, { ...config, auths: { ...config.auths, [key]: {} } });
    return undefined;
  }
  const word = login.identityToken ? '' : (login.password ?? '');
  const entry = {
    auth: Buffer.from(`${login.username ?? ''}:${word}`).toString('base64'),
    ...(login.identityToken ? { identitytoken: login.identityToken } : {}),
  };
  writeConfig(path, { ...config, auths: { ...config.auths, [key]: entry } });
  return path;
}

/** Forgets a login; whether there was one. */
export async function forgetLogin(registry: string, environment: NodeJS.ProcessEnv): Promise<boolean> {
  const path = configPath(environment);
  const config = readConfig(path);
  const helper = helperFor(config, registry);
  const keys = Object.keys(config.auths ?? {}).filter((key) => key === keyOf(registry) || sameHost(key, registry));
  if (helper !== undefined) await callHelper(helper, 'erase', keyOf(registry));
  if (keys.length === 0) return helper !== undefined;
  const auths = Object.fromEntries(Object.entries(config.auths ?? {}).filter(([key]) => !keys.includes(key)));
  writeConfig(path, { ...config, auths });
  return true;
}

/** Docker's header: base64url of JSON, which names the registry it is meant for. */
export function authHeader(registry: string, login: Login | undefined): Record<string, string> {
  const config = login && {
    ...(login.username ? { username: login.username } : {}),
    ...(login.password ? { password: login.password } : {}),
    ...(login.identityToken ? { identitytoken: login.identityToken } : {}),
    serveraddress: keyOf(registry),
  };
  const text = Buffer.from(JSON.stringify(config ?? {})).toString('base64');
  return { 'X-Registry-Auth': text.replaceAll('+', '-').replaceAll('/', '_') };
}

function helperFor(config: ConfigFile, registry: string): string | undefined {
  return config.credHelpers?.[keyOf(registry)] ?? config.credHelpers?.[registry] ?? (config.credsStore || undefined);
}

const sameHost = (key: string, registry: string): boolean => key.replace(/^https?:\/\//, '').replace(/\/.*$/, '') === registry;

function writeConfig(path: string, config: ConfigFile): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let target = path;
  try {
    // The file may be a link into a folder that is kept elsewhere.
    target = realpathSync(path);
  } catch {
    // It isn't there yet.
  }
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}`);
  writeFileSync(temporary, `${JSON.stringify(config, undefined, '\t')}\n`, { mode: 0o600 });
  renameSync(temporary, target);
}

/**
 * `docker-credential-NAME get|store|erase`: what it reads on stdin, what it says on stdout. Undefined where it has
 * nothing for the server.
 */
async function callHelper(name: string, verb: 'get' | 'store' | 'erase', input: string): Promise<string | undefined> {
  if (!/^[\w.-]+$/.test(name)) throw new ExitError(`credential helper ${JSON.stringify(name)}: no such name can be`, 1);
  const program = `docker-credential-${name}`;
  const result = await execa(program, [verb], { input, reject: false, timeout: 60_000 });
  if (result.exitCode === 0) return result.stdout;
  if (result.code === 'ENOENT') throw new ExitError(`${program}: executable file not found in $PATH`, 1);
  const why = `${result.stdout}${result.stderr}`.trim();
  if (/credentials not found/i.test(why)) return undefined;
  throw new ExitError(`error getting credentials - ${program} ${verb}: ${why || `exit code ${result.exitCode}`}`, 1);
}
