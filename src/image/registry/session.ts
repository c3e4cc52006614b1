import { setTimeout as sleep } from 'node:timers/promises';
import { shown, type TlsIdentity, type Web, type WebResponse } from '../../host/web.ts';
import { BerthError, codeOf, invalid, messageOf, unavailable } from '../../model/errors.ts';
import {
  basic, isTrustedRealm, parseChallenges, parseToken, tokenRequest, type Challenge, type Credentials, type Scope,
} from './auth.ts';
import { proxyFor, type Endpoint, type RegistryOptions } from './endpoints.ts';
import { connectError, ConnectError, NoCredentials, registryError, RegistryError } from './errors.ts';

export interface SessionRequest {
  readonly method: string;
  /** `/v2/…` of the registry, or a whole URL that it gave. */
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | AsyncIterable<Buffer>;
  readonly scopes: readonly Scope[];
  /** Statuses that aren't errors; 200 unless told. */
  readonly expect?: readonly number[];
  readonly signal: AbortSignal;
}

export interface SessionOptions {
  readonly web: Web;
  readonly endpoint: Endpoint;
  readonly tls: TlsIdentity;
  readonly options: RegistryOptions;
  /** Of this registry; a mirror gets none. */
  readonly credentials?: Credentials | undefined;
}

const maxRedirects = 10;
const maxAttempts = 5;
const maxWait = 60_000;
/** Milliseconds before the second attempt; doubled each time. */
const usualWait = 300;
const maxErrorBody = 64 * 1024;
const transient = new Set([408, 429, 500, 502, 503, 504]);
const broken = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ERR_STREAM_PREMATURE_CLOSE']);

/** Whether the next try may fare better. */
export const isTransient = (error: unknown): boolean =>
  error instanceof RegistryError
    ? transient.has(error.status)
    : broken.has(codeOf(error) ?? '') || broken.has(codeOf((error as Error | undefined)?.cause) ?? '')
      || (error instanceof BerthError && error.kind === 'unavailable')
      || /aborted|socket hang up/.test(messageOf(error));

async function backOff(
  attempt: number, retryAfter: string | undefined, signal: AbortSignal, firstWait = usualWait,
): Promise<void> {
  const asked = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) * 1000 : undefined;
  const own = firstWait * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
  await sleep(Math.min(asked ?? own, maxWait), undefined, { signal }).catch(() => signal.throwIfAborted());
}

/**
 * Requests to one endpoint of a registry, with its authorization, redirects and second tries. `Authorization` goes to
 * the endpoint's own origin alone, and credentials for tokens to a realm that the endpoint itself named and that
 * belongs to it: never to where a redirect leads (CVE-2020-15157).
 */
export class Session {
  readonly #given: SessionOptions;
  readonly #tokens = new Map<string, { authorization: string; until: number }>();
  #challenges: Challenge[] = [];

  constructor(given: SessionOptions) {
    this.#given = given;
  }

  get endpoint(): Endpoint {
    return this.#given.endpoint;
  }

  /** Whose credentials these are; '' without. */
  get user(): string {
    const { username, identityToken, registryToken } = this.#given.credentials ?? {};
    return username ?? identityToken ?? registryToken ?? '';
  }

  /** Waits before attempt n+1; the server's own `Retry-After` (seconds) goes first. */
  backOff(attempt: number, signal: AbortSignal, retryAfter?: string): Promise<void> {
    return backOff(attempt, retryAfter, signal, this.#given.options.firstWait);
  }

  /** Asks whether a registry answers there; throws `ConnectError` where not. */
  async open(signal: AbortSignal): Promise<void> {
    const url = this.#resolve('/v2/');
    const response = await this.#ping(url, signal);
    response.close();
    if (response.status === 401) this.#challenges = parseChallenges(response.header('www-authenticate'));
    else if (response.status !== 200 && !transient.has(response.status)) {
      // Docker's words where something that isn't a registry answers.
      if (response.status === 404) throw new ConnectError(`${shown(url)}: no registry there (404)`, undefined);
    }
  }

  async #ping(url: URL, signal: AbortSignal): Promise<WebResponse> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#raw({ method: 'GET', url, headers: {}, signal });
      } catch (error) {
        // Who refuses has no registry there; who hangs up may have one.
        if (codeOf((error as Error).cause) !== 'ECONNRESET' || attempt >= maxAttempts) throw error;
        await this.backOff(attempt, signal);
      }
    }
  }

  /** Checks the credentials by themselves; resolves with an identity token where the registry gave one. */
  async login(signal: AbortSignal): Promise<string | undefined> {
    const url = this.#resolve('/v2/');
    const bearer = this.#challenges.find(({ scheme }) => scheme === 'bearer');
    let refresh: string | undefined;
    if (bearer && !this.#given.credentials?.registryToken) refresh = await this.#fetchToken(bearer, [], signal, true);
    const headers = await this.#authorization([], signal, shown(url), 'GET');
    const response = await this.#raw({ method: 'GET', url, headers, signal });
    response.close();
    if (response.status === 200) return refresh;
    const reason = response.status === 401 ? '401 Unauthorized' : String(response.status);
    throw new BerthError('internal', `login attempt to ${shown(url)} failed with status: ${reason}`);
  }

  /** An answer with one of the expected statuses; everything else is thrown. The caller reads or closes it. */
  async send(request: SessionRequest): Promise<WebResponse & { readonly url: URL }> {
    const streams = request.body !== undefined && !Buffer.isBuffer(request.body);
    for (let attempt = 1; ; attempt++) {
      let retryAfter: string | undefined;
      try {
        return await this.#attempt(request, (header) => (retryAfter = header));
      } catch (error) {
        request.signal.throwIfAborted();
        if (streams || attempt >= maxAttempts || !isTransient(error)) throw error;
        await this.backOff(attempt, request.signal, retryAfter);
      }
    }
  }

  async #attempt(
    { method, url: target, headers = {}, body, scopes, expect = [200], signal }: SessionRequest,
    onRetryAfter: (header: string | undefined) => void,
  ): Promise<WebResponse & { readonly url: URL }> {
    let url = this.#resolve(target);
    let renewed = false;
    for (let redirects = 0; ; ) {
      const home = url.origin === this.#given.endpoint.base.origin;
      const authorization = home ? await this.#authorization(scopes, signal, shown(url), method) : {};
      const response = await this.#raw({
        method, url, headers: { ...headers, ...authorization }, signal, ...(body === undefined ? {} : { body }),
      });
      if (expect.includes(response.status)) return Object.assign(response, { url });
      const location = response.header('location');
      if ([301, 302, 303, 307, 308].includes(response.status) && location && (method === 'GET' || method === 'HEAD')) {
        response.close();
        if (++redirects > maxRedirects) throw invalid(`${shown(url)}: the registry redirects more than ${maxRedirects} times`);
        url = this.#redirected(url, location);
        continue;
      }
      if (response.status === 401 && home && !renewed) {
        renewed = true;
        const challenges = parseChallenges(response.header('www-authenticate'));
        if (challenges.length > 0 && (body === undefined || Buffer.isBuffer(body))) {
          response.close();
          this.#challenges = challenges;
          this.#tokens.delete(scopes.join(' '));
          continue;
        }
      }
      onRetryAfter(response.header('retry-after'));
      const text = (await readBody(response, maxErrorBody, shown(url)).catch(() => Buffer.alloc(0))).toString('utf8');
      if (method === 'HEAD' && response.status === 404) throw registryError(404, 'Not Found', '', `${method} ${shown(url)}`);
      throw registryError(response.status, '', text, `${method} ${shown(url)}`);
    }
  }

  #resolve(target: string | URL): URL {
    if (target instanceof URL) return target;
    const { base } = this.#given.endpoint;
    return new URL(base.href.replace(/\/$/, '') + target);
  }

  #redirected(from: URL, location: string): URL {
    const to = URL.parse(location, from);
    if (!to || !/^https?:$/.test(to.protocol)) {
      throw invalid(`${shown(from)}: the registry redirects to ${JSON.stringify(location.slice(0, 200))}, which is no address`);
    }
    if (from.protocol === 'https:' && to.protocol === 'http:' && !this.#given.endpoint.unverified) {
      throw invalid(`${shown(from)}: the registry redirects from TLS to plain ${shown(to)}: refused`);
    }
    to.username = to.password = '';
    return to;
  }

  async #raw(
    { method, url, headers, body, signal }: {
      method: string; url: URL; headers: Readonly<Record<string, string>>; body?: Buffer | AsyncIterable<Buffer>;
      signal: AbortSignal;
    },
  ): Promise<WebResponse> {
    const { web, endpoint, tls, options } = this.#given;
    const proxy = proxyFor(url, options.proxies);
    const home = url.origin === endpoint.base.origin;
    try {
      return await web.request({
        method, url, headers, signal, unverified: endpoint.unverified, ...(home ? { tls } : {}),
        ...(body === undefined ? {} : { body }), ...(proxy === undefined ? {} : { proxy }),
        ...(options.idle === undefined ? {} : { idle: options.idle }),
      });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof BerthError) throw error;
      throw connectError(method, shown(url), url.host, error);
    }
  }

  async #authorization(
    scopes: readonly Scope[], signal: AbortSignal, what: string, method: string,
  ): Promise<Record<string, string>> {
    const { credentials } = this.#given;
    if (credentials?.registryToken) return { Authorization: `Bearer ${credentials.registryToken}` };
    const bearer = this.#challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer) {
      const known = this.#tokens.get(scopes.join(' '));
      if (!known || known.until < Date.now()) await this.#fetchToken(bearer, scopes, signal, false);
      return { Authorization: this.#tokens.get(scopes.join(' '))!.authorization };
    }
    if (!this.#challenges.some(({ scheme }) => scheme === 'basic')) return {};
    if (credentials?.username) return { Authorization: basic(credentials) };
    throw new NoCredentials(method, what);
  }

  /** Puts a token for the scopes into `#tokens`; resolves with the identity token that came along. */
  async #fetchToken(
    challenge: Challenge, scopes: readonly Scope[], signal: AbortSignal, offline: boolean,
  ): Promise<string | undefined> {
    const { credentials, endpoint, options } = this.#given;
    const realm = tokenRequest(challenge, [], undefined).url;
    const trusted = isTrustedRealm(realm, endpoint.base, endpoint.registry, options.tokenHosts);
    const request = tokenRequest(challenge, scopes, trusted ? credentials : undefined, offline);
    const response = await this.#raw({
      method: request.method, url: request.url, headers: request.headers, signal,
      ...(request.body === undefined ? {} : { body: Buffer.from(request.body) }),
    });
    if (response.status !== 200) {
      const text = (await readBody(response, maxErrorBody, shown(realm)).catch(() => Buffer.alloc(0))).toString('utf8');
      if (!trusted && credentials !== undefined) throw foreignRealm(endpoint.registry, realm);
      const refused = response.status === 401 || response.status === 403;
      if (refused) throw new RegistryError(401, 'UNAUTHORIZED', refusal(text));
      throw registryError(response.status, '', text, `${request.method} ${shown(realm)}`);
    }
    const text = (await readBody(response, 1 << 20, shown(realm))).toString('utf8');
    const token = parseToken(parseDocument(text, shown(realm)));
    // Renewed a little early, so that none runs out on its way.
    const until = Date.now() + token.lifetime * 0.9;
    this.#tokens.set(scopes.join(' '), { authorization: `Bearer ${token.token}`, until });
    return token.refreshToken;
  }
}

const refusal = (text: string): string => {
  const { message } = registryError(401, '', text, 'authorization server');
  return message.startsWith('authorization server') ? 'unauthorized: authentication required' : message;
};

const foreignRealm = (registry: string, realm: URL): Error =>
  new BerthError('unauthorized', `the registry ${registry} wants its logins sent to another host, ${realm.host}: not sent; if that is right, `
    + `start the engine with --registry-token-host ${registry}=${realm.host}`);

export function parseDocument(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw invalid(`${what}: the answer isn't JSON`, error);
  }
}

/** A whole body, at most `limit` bytes. */
export async function readBody(response: WebResponse, limit: number, what: string): Promise<Buffer> {
  const tooLarge = (): Error => invalid(`${what}: the answer has more than the ${limit} bytes allowed`);
  const parts: Buffer[] = [];
  let size = 0;
  try {
    if (Number(response.header('content-length') ?? 0) > limit) throw tooLarge();
    for await (const chunk of response.body) {
      size += chunk.length;
      if (size > limit) throw tooLarge();
      parts.push(chunk);
    }
  } catch (error) {
    response.close();
    throw error instanceof BerthError ? error : unavailable(`${what}: the answer broke off: ${messageOf(error)}`, error);
  }
  return Buffer.concat(parts);
}
