import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import { createSecureContext, getCACertificates } from 'node:tls';
import fetch, { type RequestInit } from 'node-fetch';
import { unavailable } from '../model/errors.ts';

/** How a server proves itself, and we to it; PEM texts. */
export interface TlsIdentity {
  /** Authorities trusted besides the system's. */
  readonly authorities: readonly string[];
  readonly clients: readonly { readonly certificate: string; readonly key: string }[];
}

export interface WebRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** What comes piece by piece is sent in chunks, unless `headers` has its length. */
  readonly body?: Buffer | AsyncIterable<Buffer>;
  readonly tls?: TlsIdentity;
  /** Take whatever certificate the server shows. */
  readonly unverified?: boolean;
  /** `http://host:port` to go through. */
  readonly proxy?: string;
  /** Milliseconds without a byte either way after which it fails; 60 000 unless told. */
  readonly idle?: number;
  readonly signal: AbortSignal;
}

export interface WebResponse {
  readonly status: number;
  header(name: string): string | undefined;
  /** Once. Throws where the connection breaks or goes silent. */
  readonly body: AsyncGenerator<Buffer>;
  /** Gives up what wasn't read. Needed unless the body was read to its end. */
  close(): void;
}

/**
 * Requests over HTTP(S), one at a time, redirects left to the caller, nothing decoded. Connections are kept for a
 * while. Failures to connect are thrown as they come, with the system's code (`ECONNREFUSED`).
 */
export class Web {
  readonly #agents = new Map<string, HttpAgent | HttpsAgent>();

  async request(request: WebRequest): Promise<WebResponse> {
    const { method, url, headers = {}, body, signal, idle = 60_000 } = request;
    const controller = new AbortController();
    const stop = (reason?: unknown): void => controller.abort(reason);
    const left = (): void => stop(signal.reason);
    if (signal.aborted) left();
    signal.addEventListener('abort', left, { once: true });
    const stalled = unavailable(`${method} ${shown(url)}: the server sent nothing for ${idle / 1000} s`);
    let timer = setTimeout(() => stop(stalled), idle);
    const alive = (): void => void timer.refresh();
    const over = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', left);
    };
    // A stream in every case: node-fetch minds the errors of streams alone, and an aborted one is an error.
    const sent = body && Readable.from(Buffer.isBuffer(body) ? [body] : watched(body, alive));
    const length = Buffer.isBuffer(body) ? { 'Content-Length': String(body.length) } : {};
    try {
      const response = await fetch(url, {
        method,
        headers: { 'User-Agent': 'berth', ...length, ...headers },
        ...(sent === undefined ? {} : { body: sent }),
        redirect: 'manual',
        compress: false,
        highWaterMark: 1 << 20,
        agent: this.#agent(request),
        signal: controller.signal,
      } as RequestInit);
      clearTimeout(timer);
      const stream = response.body as Readable;
      // Whoever reads gets the error; a body that nobody reads must not end the process.
      stream.on('error', () => undefined);
      const read = async function* (): AsyncGenerator<Buffer> {
        const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
        try {
          for (;;) {
            timer = setTimeout(() => stop(stalled), idle);
            const { value, done } = await chunks.next();
            clearTimeout(timer);
            if (done) return;
            yield value;
          }
        } catch (error) {
          throw controller.signal.aborted ? controller.signal.reason : error;
        } finally {
          over();
          stream.destroy();
        }
      };
      return {
        status: response.status,
        header: (name) => response.headers.get(name) ?? undefined,
        body: read(),
        close: () => {
          over();
          // Where nothing more comes the connection can serve again.
          const isEmpty = method === 'HEAD' || response.headers.get('content-length') === '0' || response.status === 204;
          if (isEmpty) {
            stream.resume();
            return;
          }
          stop();
          stream.destroy();
        },
      };
    } catch (error) {
      over();
      throw controller.signal.aborted ? controller.signal.reason : error;
    }
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  #agent({ url, tls, unverified = false, proxy }: WebRequest): HttpAgent | HttpsAgent {
    const key = JSON.stringify([url.protocol, unverified, proxy, tls]);
    const known = this.#agents.get(key);
    if (known) return known;
    const common = {
      keepAlive: true,
      keepAliveMsecs: 10_000,
      maxFreeSockets: 8,
      timeout: 0,
      ...(proxy ? { proxyEnv: { http_proxy: proxy, https_proxy: proxy } } : {}),
    };
    const agent = url.protocol === 'http:'
      ? new HttpAgent(common)
      : new HttpsAgent({
        ...common,
        rejectUnauthorized: !unverified,
        // Made once: reading all authorities for each connection would cost tens of milliseconds.
        secureContext: createSecureContext({
          ...(unverified ? {} : { ca: [...systemAuthorities(), ...(tls?.authorities ?? [])] }),
          ...(tls && tls.clients.length > 0
            ? { cert: tls.clients.map((client) => client.certificate), key: tls.clients.map((client) => client.key) }
            : {}),
        }),
      });
    this.#agents.set(key, agent);
    return agent;
  }
}

/** The machine's, or those that come with Node where it has none. */
function systemAuthorities(): string[] {
  const system = getCACertificates('system');
  return system.length > 0 ? system : getCACertificates('default');
}

async function* watched(body: AsyncIterable<Buffer>, alive: () => void): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    alive();
    yield chunk;
  }
}

/** A URL for messages: signatures and tokens stand in queries. */
export const shown = (url: URL): string => `${url.protocol}//${url.host}${url.pathname}`;
