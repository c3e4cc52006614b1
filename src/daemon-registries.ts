import { InvalidArgumentError, type Command } from 'commander';
import { parseMirror, type Mirror, type RegistryOptions } from './image/registry/endpoints.ts';
import { messageOf } from './model/errors.ts';

/** The daemon's options about registries, as commander keeps them. */
export interface RegistryFlags {
  readonly insecureRegistry: readonly string[];
  readonly registryMirror: readonly Mirror[];
  readonly registryCerts: readonly string[];
  readonly registryTokenHost: readonly string[];
  readonly maxConcurrentDownloads: number;
  readonly maxConcurrentUploads: number;
}

const each = <T>(parse: (text: string) => T) => (text: string, all: readonly T[]): T[] => {
  try {
    return [...all, parse(text)];
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
};
const count = (text: string): number => {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('a number from 1 to 999 is expected');
  return Number(text);
};
const defaultCerts = ['/etc/berth/certs.d', '/etc/docker/certs.d'];

export function addRegistryOptions(command: Command): Command {
  return command
    .option(
      '--insecure-registry <host>', 'HOST[:PORT] or range of addresses to reach without verified TLS; may be repeated',
      each((text) => text), [],
    )
    .option(
      '--registry-mirror <url>', '[REGISTRY=]URL to ask first (for docker.io, unless a registry is named); may be repeated',
      each(parseMirror), [],
    )
    .option(
      '--registry-certs <dir>', `certificates, DIR/HOST[:PORT]/{*.crt,*.cert,*.key} (default: ${defaultCerts.join(', ')})`,
      each((text) => text), [],
    )
    .option(
      '--registry-token-host <pair>', 'REGISTRY=HOST: a registry may send its logins to this host; may be repeated',
      each((text) => {
        if (!/^[^=/]+=[^=/]+$/.test(text)) throw new Error('REGISTRY=HOST is expected');
        return text;
      }), [],
    )
    .option('--max-concurrent-downloads <n>', 'layers pulled at a time', count, 3)
    .option('--max-concurrent-uploads <n>', 'layers pushed at a time', count, 5);
}

/** With the proxies of the environment, whose names are used in both cases. */
export function registryOptions(flags: RegistryFlags, environment: NodeJS.ProcessEnv): RegistryOptions {
  const variable = (name: string): string | undefined => environment[name] || environment[name.toLowerCase()] || undefined;
  const proxy = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : text.includes('://') ? text : `http://${text}`;
  const http = proxy(variable('HTTP_PROXY'));
  const https = proxy(variable('HTTPS_PROXY'));
  return {
    insecure: flags.insecureRegistry,
    mirrors: flags.registryMirror,
    certificates: flags.registryCerts.length > 0 ? flags.registryCerts : defaultCerts,
    tokenHosts: flags.registryTokenHost,
    maxDownloads: flags.maxConcurrentDownloads,
    maxUploads: flags.maxConcurrentUploads,
    proxies: {
      ...(http ? { http } : {}),
      ...(https ? { https } : {}),
      none: (variable('NO_PROXY') ?? '').split(',').map((entry) => entry.trim()).filter((entry) => entry !== ''),
    },
  };
}
