import { BerthError, invalid } from '../../model/errors.ts';
import { hostnameOf } from './endpoints.ts';

/** What a client gives for one registry: Docker's AuthConfig. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  /** Trades for tokens in place of a password (OAuth 2 refresh token). */
  readonly identityToken?: string;
  /** A bearer token to send as it is. */
  readonly registryToken?: string;
}

/** One challenge of a `WWW-Authenticate` header (RFC 9110, 11.6.1). */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const maxHeader = 8 * 1024;

/** All challenges of a header; what can't be read is left out. */
export function parseChallenges(header: string | undefined): Challenge[] {
  const found: { scheme: string; parameters: Record<string, string> }[] = [];
  const text = (header ?? '').slice(0, maxHeader);
  const token = /\s*(?:,\s*)*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/y;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [, name = '', quoted, plain] = match;
    const value = quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1');
    if (value === undefined) found.push({ scheme: name.toLowerCase(), parameters: {} });
    else if (found.length > 0) found.at(-1)!.parameters[name.toLowerCase()] = value;
  }
  return found;
}

/** What is asked for: `repository:team/web:pull`. */
export type Scope = string;
export const scopeOf = (repository: string, ...actions: string[]): Scope =>
  `repository:${repository}:${actions.join(',')}`;

/**
 * Whether a token server may be told a registry's credentials: it is on the registry's host, or in its domain
 * (`registry-1.docker.io` → `auth.docker.io`), or was allowed by hand; and never without TLS where the registry has it.
 *
 * @param allowed `registry=host`
 */
export function isTrustedRealm(realm: URL, registry: URL, name: string, allowed: readonly string[]): boolean {
  if (registry.protocol === 'https:' && realm.protocol !== 'https:') return false;
  const host = hostnameOf(realm.host);
  const own = hostnameOf(registry.host);
  if (host === own) return true;
  if (allowed.some((entry) => entry === `${name}=${realm.host}` || entry === `${name}=${host}`)) return true;
  if (/^[\d.]+$|:/.test(own) || /^[\d.]+$|:/.test(host)) return false;
  const domain = domainOf(own);
  return domain !== undefined && (host === domain || host.endsWith(`.${domain}`));
}

/** What a company registers: the last two labels, or three where the last two are a country's `co.uk`. */
function domainOf(host: string): string | undefined {
  const labels = host.split('.');
  const isPublic = /^(?:ac|co|com|edu|gob|gov|gv|mil|ne|net|nom|or|org)\.[a-z]{2}$/.test(labels.slice(-2).join('.'));
  const count = isPublic ? 3 : 2;
  return labels.length < count ? undefined : labels.slice(-count).join('.');
}

export const basic = ({ username = '', password = '' }: Credentials): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** The request for a token (Docker registry token specification; OAuth 2 for identity tokens). */
export interface TokenRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `credentials` absent: anonymous, which public images are free to. */
export function tokenRequest(
  challenge: Challenge, scopes: readonly Scope[], credentials: Credentials | undefined, offline = false,
): TokenRequest {
  const realm = URL.parse(challenge.parameters['realm'] ?? '');
  if (!realm || !/^https?:$/.test(realm.protocol)) throw invalid('the registry names no place that gives tokens');
  const service = challenge.parameters['service'];
  if (credentials?.identityToken) {
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'berth' });
    if (service) form.set('service', service);
    form.set('refresh_token', credentials.identityToken);
    if (scopes.length > 0) form.set('scope', scopes.join(' '));
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    return { method: 'POST', url: realm, headers, body: form.toString() };
  }
  if (service) realm.searchParams.set('service', service);
  for (const scope of scopes) realm.searchParams.append('scope', scope);
  if (!credentials?.username) return { method: 'GET', url: realm, headers: {} };
  realm.searchParams.set('account', credentials.username);
  if (offline) {
    realm.searchParams.set('offline_token', 'true');
    realm.searchParams.set('client_id', 'berth');
  }
  return { method: 'GET', url: realm, headers: { Authorization: basic(credentials) } };
}

export interface Token {
  readonly token: string;
  /** Milliseconds that it is good for, at least a minute. */
  readonly lifetime: number;
  readonly refreshToken?: string;
}

export function parseToken(document: unknown): Token {
  const { token, access_token: access, expires_in: seconds, refresh_token: refresh } =
    (document ?? {}) as Record<string, unknown>;
  const text = typeof token === 'string' && token !== '' ? token : access;
  if (typeof text !== 'string' || text === '' || !/^[\x21-\x7e]+$/.test(text)) {
    throw new BerthError('unauthorized', 'authorization server did not include a token in the response');
  }
  const lifetime = typeof seconds === 'number' && seconds > 60 ? seconds * 1000 : 60_000;
  return { token: text, lifetime, ...(typeof refresh === 'string' ? { refreshToken: refresh } : {}) };
}
