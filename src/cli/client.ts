/** The Engine API, seen from a command: JSON, streams and raw connections, with errors in Docker's words. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { codeOf } from '../model/errors.ts';
import type { ErrorResponse } from '../api/wire/docker.ts';
import { formatEngineAddress } from './address.ts';
import type { EngineAddress } from './address.ts';
import { ApiError, UnreachableError } from './errors.ts';
import { exchange } from './http.ts';
import type { HttpRequest, HttpResponse } from './http.ts';

/** What our requests follow. Their paths name no version: an older engine serves them as its newest. */
export const apiVersion = '1.51';

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface ClientOptions {
  readonly address: EngineAddress;
  /** Called when nothing answers at the address; resolves when it is worth another try. */
  readonly startEngine?: (() => Promise<void>) | undefined;
  readonly debug?: (line: string) => void;
}

export class Client {
  readonly address: EngineAddress;
  readonly #startEngine: (() => Promise<void>) | undefined;
  readonly #debug: (line: string) => void;

  constructor({ address, startEngine, debug = () => undefined }: ClientOptions) {
    this.address = address;
    this.#startEngine = startEngine;
    this.#debug = debug;
  }

  async get<T>(path: string, query: Query = {}): Promise<T> {
    return this.#json(await this.send('GET', path, query));
  }

  /** `body` undefined: no body. The answer's JSON, or undefined where it has none. */
  async post<T = void>(path: string, query: Query = {}, body?: unknown): Promise<T> {
    return this.#json(await this.send('POST', path, query, body === undefined ? {} : { body: JSON.stringify(body) }));
  }

  async delete<T = void>(path: string, query: Query = {}): Promise<T> {
    return this.#json(await this.send('DELETE', path, query));
  }

  /** A request whose answer is read as it comes. Rejects with ApiError for a status ≥ 400. */
  async send(
    method: string,
    path: string,
    query: Query = {},
    more: Omit<HttpRequest, 'method' | 'path'> = {},
  ): Promise<HttpResponse> {
    const whole = pathWith(path, query);
    const socket = await this.#connect();
    this.#debug(`${method} ${whole}`);
    let response: HttpResponse;
    try {
      response = await exchange(socket, { method, path: whole, ...more });
    } catch (error) {
      socket.destroy();
      throw new UnreachableError(
        `error during connect: ${method} ${formatEngineAddress(this.address)}${whole}: ${(error as Error).message}`,
      );
    }
    this.#debug(`${method} ${whole}: ${response.status}`);
    if (response.status >= 400) throw await apiError(response);
    return response;
  }

  /** A raw connection to a container's or exec's stdio. */
  async hijack(path: string, query: Query = {}, body?: unknown): Promise<HttpResponse> {
    const request = body === undefined ? {} : { body: JSON.stringify(body) };
    return this.send('POST', path, query, { upgrade: true, ...request });
  }

  async #json<T>(response: HttpResponse): Promise<T> {
    const text = await textOf(response);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  async #connect(): Promise<Socket> {
    try {
      return await connectTo(this.address);
    } catch (error) {
      const nobody = ['ENOENT', 'ECONNREFUSED'].includes(codeOf(error) ?? '');
      if (!nobody || this.#startEngine === undefined) throw unreachable(this.address, error);
      await this.#startEngine();
      return connectTo(this.address).catch((again: unknown) => Promise.reject(unreachable(this.address, again)));
    }
  }
}

export async function connectTo(address: EngineAddress): Promise<Socket> {
  const socket = connect(address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port });
  // What goes wrong later is seen by whoever reads; without a listener it would end the process.
  socket.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

function unreachable(address: EngineAddress, error: unknown): UnreachableError {
  const where = formatEngineAddress(address);
  if (codeOf(error) === 'EACCES' || codeOf(error) === 'EPERM') {
    return new UnreachableError(`permission denied while trying to connect to the engine at ${where}: try sudo`);
  }
  return new UnreachableError(
    `Cannot connect to the Berth engine at ${where}. Is it running? (${codeOf(error) ?? (error as Error).message})`,
  );
}

export async function textOf(response: HttpResponse): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  response.socket.destroy();
  return Buffer.concat(chunks).toString('utf8');
}

async function apiError(response: HttpResponse): Promise<ApiError> {
  const text = await textOf(response).catch(() => '');
  try {
    const { message } = JSON.parse(text) as ErrorResponse;
    return new ApiError(response.status, message);
  } catch {
    return new ApiError(response.status, text.trim() || `HTTP status ${response.status}`);
  }
}

/** Of one container, by name or id, and what is asked of it: `/containers/site/json`. */
export function containerPath(name: string, ...rest: string[]): string {
  return ['/containers', encodeURIComponent(name), ...rest].join('/');
}

/** `a/b` + {c: true, d: undefined, e: ['x', 'y']} → `a/b?c=1&e=x&e=y`. */
export function pathWith(path: string, query: Query): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === false || value === '') continue;
    const values = Array.isArray(value) ? (value as readonly string[]) : [value === true ? '1' : String(value)];
    for (const each of values) parts.push(`${name}=${encodeURIComponent(each)}`);
  }
  return `${path}${parts.length === 0 ? '' : `?${parts.join('&')}`}`;
}

/** Docker's `filters` parameter of repeated `--filter key=value`. */
export function filtersOf(filters: readonly string[]): string | undefined {
  if (filters.length === 0) return undefined;
  const map: Record<string, Record<string, true>> = {};
  for (const filter of filters) {
    const equals = filter.indexOf('=');
    const key = filter.slice(0, equals).trim().toLowerCase();
    map[key] = { ...map[key], [filter.slice(equals + 1).trim()]: true };
  }
  return JSON.stringify(map);
}
