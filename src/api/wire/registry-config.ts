import type { Engine } from '../../engine/engine.ts';
import type { InfoResponse } from './docker.ts';

/** How registries are reached, as GET /info tells it. */
export function registryConfig(
  { insecure, mirrors }: Engine['context']['registries']['options'],
): InfoResponse['RegistryConfig'] {
  const ranges = insecure.filter((entry) => entry.includes('/'));
  const hosts = insecure.filter((entry) => !entry.includes('/'));
  const index = (name: string, secure: boolean): InfoResponse['RegistryConfig']['IndexConfigs'][string] => ({
    Name: name,
    Mirrors: mirrors.filter(({ registry }) => registry === name).map(({ url }) => url.href),
    Secure: secure,
    Official: name === 'docker.io',
  });
  return {
    InsecureRegistryCIDRs: [...ranges, '127.0.0.0/8'],
    IndexConfigs: Object.fromEntries([['docker.io', index('docker.io', true)], ...hosts.map((name) => [name, index(name, false)])]),
    Mirrors: mirrors.filter(({ registry }) => registry === 'docker.io').map(({ url }) => url.href),
  };
}
