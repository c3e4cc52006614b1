import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Engine } from '../engine/engine.ts';
import { invalid } from '../model/errors.ts';

export interface ConnectionWatch {
  add(socket: Duplex): void;
}

/** A request as a route sees it. */
export interface Call {
  readonly engine: Engine;
  readonly request: IncomingMessage;
  /** Absent when the connection was taken over: then `socket` is the client. */
  readonly response?: ServerResponse;
  /** An upgraded connection: the client's bytes after its head, unread. */
  readonly upgraded?: { readonly socket: Duplex; readonly head: Buffer };
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  /** `1.51`, or the newest where the path had none. */
  readonly version: string;
  /** Aborted when the client goes. */
  readonly gone: AbortSignal;
  /** Told of connections that were taken over, so that a client that left is noticed. */
  readonly watch?: ConnectionWatch | undefined;
}

/** The whole answer of a simple route; undefined when the route has answered by itself. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler = (call: Call) => Promise<Answer | void> | Answer | void;

export class Query {
  readonly #values: URLSearchParams;

  constructor(text: string) {
    this.#values = new URLSearchParams(text);
  }

  text(name: string): string | undefined {
    return this.#values.get(name) ?? undefined;
  }

  /** All values of a name that may be given several times. */
  texts(name: string): string[] {
    return this.#values.getAll(name);
  }

  /** Docker's reading: anything but these is true. */
  flag(name: string, otherwise = false): boolean {
    const value = this.#values.get(name)?.trim().toLowerCase();
    if (value === undefined) return otherwise;
    return !['', '0', 'no', 'false', 'none'].includes(value);
  }

  integer(name: string): number | undefined {
    const value = this.#values.get(name);
    if (value === null || value === '') return undefined;
    if (!/^-?\d{1,15}$/.test(value))
      throw invalid(`invalid value for ${name}: "${value.slice(0, 50)}" is not a whole number`);
    return Number(value);
  }
}

const largestBody = 4 * 2 ** 20;
/** Milliseconds in which a JSON body must be here. */
const bodyPatience = 60_000;

/**
 * The JSON body, at most 4 MiB; undefined where there is none. On an upgraded connection it stands before the raw
 * stream.
 */
export async function readJson(call: Call): Promise<unknown> {
  const text = await requestBody(call.request);
  if (text.length === 0) return undefined;
  return parseJson(text);
}

export function parseJson(text: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text)) as unknown;
  } catch (error) {
    throw invalid(
      `invalid JSON in the request's body: ${error instanceof Error ? error.message.slice(0, 200).replaceAll(/\s+/g, ' ') : 'unreadable'}`,
    );
  }
}

async function requestBody(request: IncomingMessage): Promise<Buffer> {
  const type = request.headers['content-type'];
  const parts: Buffer[] = [];
  let size = 0;
  // Who sends half a request is hung up on.
  const patience = setTimeout(() => request.socket.destroy(), bodyPatience);
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > largestBody) throw invalid(`the request's body is larger than ${largestBody} bytes`);
      parts.push(chunk);
    }
  } finally {
    clearTimeout(patience);
  }
  if (size > 0 && type !== undefined && !type.startsWith('application/json')) {
    throw invalid(`Content-Type specified (${type.slice(0, 100)}) must be 'application/json'`);
  }
  return Buffer.concat(parts);
}
