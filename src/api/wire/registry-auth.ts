import type { Credentials } from '../../engine/pull.ts';

interface AuthConfig {
  username?: unknown;
  password?: unknown;
  auth?: unknown;
  serveraddress?: unknown;
  identitytoken?: unknown;
  registrytoken?: unknown;
}

/**
 * Docker's AuthConfig as credentials for one registry. What names another registry as its server isn't for this one,
 * and is left out.
 */
export function credentialsOf(value: unknown, registry: string): Credentials | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { username, password, auth, serveraddress, identitytoken, registrytoken } = value as AuthConfig;
  const text = (field: unknown): string | undefined => (typeof field === 'string' && field !== '' ? field : undefined);
  const server = text(serveraddress);
  if (server !== undefined && registryOf(server) !== registry) return undefined;
  const [, user, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(text(auth) ?? '', 'base64').toString('utf8')) ?? [];
  const name = text(username) ?? text(user);
  const word = text(password) ?? text(secret)?.replace(/\0+$/, '');
  const identity = text(identitytoken);
  const token = text(registrytoken);
  if (name === undefined && identity === undefined && token === undefined) return undefined;
  return {
    ...(name === undefined ? {} : { username: name }),
    ...(word === undefined ? {} : { password: word }),
    ...(identity === undefined ? {} : { identityToken: identity }),
    ...(token === undefined ? {} : { registryToken: token }),
  };
}

/** `https://index.docker.io/v1/` → `docker.io`. */
export function registryOf(address: string): string {
  const host = address.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return ['index.docker.io', 'registry-1.docker.io', ''].includes(host) ? 'docker.io' : host;
}

/** The header `X-Registry-Auth` or `X-Registry-Config`: base64url of JSON, with padding or not; undefined for others. */
export function decodeHeader(header: string | string[] | undefined): unknown {
  if (typeof header !== 'string' || header === '') return undefined;
  try {
    return JSON.parse(Buffer.from(header, 'base64').toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
