import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import findMyWay, { type HTTPMethod } from 'find-my-way';
import type { Engine } from '../engine/engine.ts';
import { BerthError } from '../model/errors.ts';
import { checkAccess, type Access } from './access.ts';
import { httpStatus } from './http-status.ts';
import { Query, type Answer, type Call, type ConnectionWatch, type Handler } from './request.ts';
import { routes } from './routes/all.ts';
import { isFrom, newestApi, oldestApi, serverHeaders } from './version.ts';

export interface Route {
  readonly method: HTTPMethod;
  readonly path: string;
  readonly handler: Handler;
  /** May take over the connection when the client asks for an upgrade. */
  readonly hijacks?: boolean;
}

interface Found {
  /** Without the version. */
  readonly path: string;
  readonly route: Route;
  readonly params: Record<string, string>;
  readonly version: string;
  readonly query: Query;
}

export interface ApiServer {
  /** The caller listens. */
  readonly server: Server;
  /** Stops listening and hangs up on every client, on taken-over connections too. */
  close(): void;
}

export interface ServerOptions {
  readonly access: Access;
  readonly watch?: ConnectionWatch;
  /** PEM texts. With them both sides show a certificate that this authority signed. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** The Docker Engine API over HTTP. */
export function apiServer(engine: Engine, { access, watch, tls }: ServerOptions): ApiServer {
  const router = findMyWay<findMyWay.HTTPVersion.V1>({ ignoreTrailingSlash: true, maxParamLength: 4096 });
  for (const route of routes) router.on(route.method, route.path, () => {}, route);

  const find = (request: IncomingMessage): Found | undefined => {
    const [rawPath = '/', rawQuery = ''] = splitOnce(request.url ?? '/', '?');
    const prefix = /^\/v(\d+\.\d+)(?=\/)/.exec(rawPath);
    const path = prefix ? rawPath.slice(prefix[0].length) : rawPath;
    const found = router.find(request.method as HTTPMethod, path);
    if (!found) return undefined;
    return {
      path: decoded(path),
      route: found.store as Route,
      params: found.params as Record<string, string>,
      version: prefix?.[1] ?? newestApi,
      query: new Query(rawQuery),
    };
  };

  /** Connections that Node's server has let go of. */
  const taken = new Set<Duplex>();
  const options = {
    // Only streams of attach and exec are taken over; `Upgrade: h2c` and the like are answered as plain HTTP/1.1.
    shouldUpgradeCallback: (request: IncomingMessage) => find(request)?.route.hijacks === true,
    requestTimeout: 0,
    // Room for the credentials of many registries.
    maxHeaderSize: 128 * 1024,
    keepAliveTimeout: 65_000,
  } as Parameters<typeof createServer>[0];
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    void answer(engine, access, find(request), request, { response, watch });
  };
  const server = tls
    ? createTlsServer({ ...options, ...tls, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' }, onRequest)
    : createServer(options, onRequest);
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => {});
    taken.add(socket);
    socket.once('close', () => taken.delete(socket));
    void answer(engine, access, find(request), request, { upgraded: { socket, head }, watch });
  });
  // A client without the right certificate is hung up on; there is nobody to answer.
  server.on('tlsClientError', (_error: Error, socket: Duplex) => void socket.destroy());
  server.on('clientError', (_error: Error, socket: Duplex) => {
    if (!socket.destroyed) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  return {
    server,
    close: () => {
      server.close();
      server.closeAllConnections();
      for (const socket of taken) socket.destroy();
    },
  };
}

type Ways = Pick<Call, 'response' | 'upgraded' | 'watch'>;

async function answer(engine: Engine, access: Access, found: Found | undefined, request: IncomingMessage, ways: Ways): Promise<void> {
  const gone = new AbortController();
  const client = ways.response ?? ways.upgraded?.socket;
  client?.once('close', () => gone.abort());
  let reply: Answer | void;
  try {
    checkAccess(request, found?.path ?? request.url ?? '', access);
    if (!found) throw new BerthError('not-found', 'page not found');
    checkVersion(found.version);
    reply = await found.route.handler({
      engine,
      request,
      ...ways,
      params: found.params,
      query: found.query,
      version: found.version,
      gone: gone.signal,
    });
  } catch (error) {
    const { status, message } = httpStatus(error);
    if (status >= 500 && engine.context.options.debug)
      engine.context.options.log(`${request.method} ${request.url}: ${String((error as Error).stack ?? message)}`);
    reply = status === 304 ? { status } : { status, body: { message } };
  }
  if (reply) send(ways, request, reply);
}

function send({ response, upgraded }: Ways, request: IncomingMessage, { status, body, headers = {} }: Answer): void {
  const isText = typeof body === 'string';
  const data = body === undefined ? Buffer.alloc(0) : Buffer.from(isText ? body : `${JSON.stringify(body)}\n`);
  const all: Record<string, string> = {
    ...serverHeaders,
    ...(body === undefined ? {} : { 'Content-Type': isText ? 'text/plain; charset=utf-8' : 'application/json' }),
    ...(status === 204 || status === 304 ? {} : { 'Content-Length': String(data.length) }),
    ...headers,
  };
  if (response) {
    if (response.headersSent) {
      response.destroy(); // half an answer can't be mended
      return;
    }
    // A body that nobody read would be taken for the next request.
    if (!request.complete) all.Connection = 'close';
    response.writeHead(status, all);
    response.end(request.method === 'HEAD' ? undefined : data);
  } else {
    const lines = Object.entries({ ...all, Connection: 'close' })
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('');
    upgraded?.socket.end(
      Buffer.concat([Buffer.from(`HTTP/1.1 ${status} ${status < 400 ? 'OK' : 'Error'}\r\n${lines}\r\n`), data]),
    );
  }
}

function checkVersion(asked: string): void {
  if (!isFrom(asked, oldestApi)) {
    throw new BerthError(
      'invalid',
      `client version ${asked} is too old. Minimum supported API version is ${oldestApi}, ` +
        'please upgrade your client to a newer version',
    );
  }
  if (!isFrom(newestApi, asked)) {
    throw new BerthError(
      'invalid',
      `client version ${asked} is too new. Maximum supported API version is ${newestApi}`,
    );
  }
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
