/**
 * HTTP/1.1 as far as an Engine API needs it, straight on a socket: loading Node's own client would cost more than all
 * the rest of a short command. One connection a request.
 *
 *     request line, headers ─▶            ◀─ status line, headers
 *     body (length, or chunks) ─▶         ◀─ body (length, chunks, or until the end)
 *     Upgrade: tcp ─▶                     ◀─ 101 or 200, and from there on raw bytes both ways
 */
import type { Socket } from 'node:net';

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is sent as JSON with its length; chunks are sent as they come. */
  readonly body?: string | AsyncIterable<Uint8Array>;
  readonly contentType?: string;
  /** Ask for the raw connection. */
  readonly upgrade?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body; after an upgrade, all that follows. */
  readonly body: AsyncIterable<Buffer>;
  readonly socket: Socket;
}

const headLimit = 256 * 1024;
const blank = Buffer.from('\r\n\r\n');
const none: Buffer = Buffer.alloc(0);

/** Sends a request on a fresh, connected socket and resolves when the answer's headers are there. */
export async function exchange(socket: Socket, request: HttpRequest): Promise<HttpResponse> {
  const source = new ByteSource(socket);
  socket.write(headOf(request));
  if (request.body !== undefined && typeof request.body !== 'string') {
    // An engine may refuse before it has read everything: its answer counts then, not our broken pipe.
    sendChunks(socket, request.body).catch((error: unknown) => source.fail(error as Error));
  }
  const { status, headers } = await readHead(source);
  const raw = request.upgrade === true && (status === 101 || status === 200);
  return { status, headers, socket, body: raw ? source.rest() : bodyOf(source, request.method, status, headers) };
}

function headOf({ method, path, headers = {}, body, contentType, upgrade = false }: HttpRequest): string {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: berth', 'User-Agent: berth-cli'];
  lines.push(upgrade ? 'Connection: Upgrade\r\nUpgrade: tcp' : 'Connection: close');
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value.replace(/[\r\n]/g, '')}`);
  if (typeof body === 'string') {
    lines.push(`Content-Type: ${contentType ?? 'application/json'}`, `Content-Length: ${Buffer.byteLength(body)}`);
    return `${lines.join('\r\n')}\r\n\r\n${body}`;
  }
  if (body !== undefined) {
    lines.push(`Content-Type: ${contentType ?? 'application/x-tar'}`, 'Transfer-Encoding: chunked');
  } else if (method !== 'GET' && method !== 'HEAD') {
    lines.push('Content-Length: 0');
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

async function sendChunks(socket: Socket, body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of body) {
    if (chunk.length === 0) continue;
    if (socket.destroyed || !socket.writable) return;
    socket.cork();
    socket.write(`${chunk.length.toString(16)}\r\n`);
    socket.write(chunk);
    const room = socket.write('\r\n');
    socket.uncork();
    if (!room) await drained(socket);
  }
  if (socket.writable) socket.write('0\r\n\r\n');
}

/** Resolves when the stream takes more, or never will. */
export async function drained(stream: NodeJS.WritableStream & { destroyed?: boolean }): Promise<void> {
  if (stream.destroyed === true) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      stream.off('error', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
    stream.on('error', done);
  });
}

async function readHead(source: ByteSource): Promise<Pick<HttpResponse, 'status' | 'headers'>> {
  let head: Buffer = none;
  let end = -1;
  for (;;) {
    const chunk = await source.next();
    if (chunk === undefined) throw new Error('the engine closed the connection without an answer');
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    end = head.indexOf(blank);
    if (end >= 0) break;
    if (head.length > headLimit) throw new Error('the engine sent headers without end');
  }
  source.unread(head.subarray(end + blank.length));
  const [first = '', ...lines] = head.toString('latin1', 0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1]);
  if (!Number.isInteger(status)) throw new Error('what answers there does not speak HTTP');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return status === 100 ? await readHead(source) : { status, headers };
}

function bodyOf(
  source: ByteSource,
  method: string,
  status: number,
  headers: Readonly<Record<string, string>>,
): AsyncIterable<Buffer> {
  if (method === 'HEAD' || status === 204 || status === 304) return counted(source, 0);
  if (/\bchunked\b/i.test(headers['transfer-encoding'] ?? '')) return chunked(source);
  const length = headers['content-length'];
  return length === undefined ? source.rest() : counted(source, Number(length));
}

async function* counted(source: ByteSource, length: number): AsyncGenerator<Buffer> {
  for (let left = length; left > 0; ) {
    const chunk = await source.next();
    if (chunk === undefined) throw new Error('the engine closed the connection in the middle of an answer');
    const part = chunk.subarray(0, left);
    if (part.length < chunk.length) source.unread(chunk.subarray(left));
    left -= part.length;
    yield part;
  }
}

async function* chunked(source: ByteSource): AsyncGenerator<Buffer> {
  for (;;) {
    const line = await source.line();
    const size = /^[0-9a-f]{1,12}(?=$|[;\s])/i.exec(line)?.[0];
    if (size === undefined) throw new Error('the engine sent a broken chunk');
    if (Number.parseInt(size, 16) === 0) break;
    yield* counted(source, Number.parseInt(size, 16));
    await source.line();
  }
  while ((await source.line()) !== '') continue;
}

/** A socket's bytes, pulled, with a way to give back what was read too far. */
class ByteSource {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #failed: Promise<never>;
  #held: Buffer = none;
  fail: (error: Error) => void = () => undefined;

  constructor(socket: Socket) {
    this.#chunks = socket.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
    this.#failed = new Promise((_, reject) => (this.fail = reject));
    this.#failed.catch(() => undefined);
  }

  async next(): Promise<Buffer | undefined> {
    if (this.#held.length > 0) {
      const held = this.#held;
      this.#held = none;
      return held;
    }
    const result = await Promise.race([this.#chunks.next(), this.#failed]);
    return result.done === true ? undefined : result.value;
  }

  unread(bytes: Buffer): void {
    this.#held = bytes;
  }

  async line(): Promise<string> {
    let line: Buffer = none;
    for (;;) {
      const chunk = await this.next();
      if (chunk === undefined) throw new Error('the engine closed the connection in the middle of an answer');
      line = line.length === 0 ? chunk : Buffer.concat([line, chunk]);
      const end = line.indexOf('\r\n');
      if (end >= 0) {
        this.unread(line.subarray(end + 2));
        return line.toString('latin1', 0, end);
      }
      if (line.length > headLimit) throw new Error('the engine sent a line without end');
    }
  }

  async *rest(): AsyncGenerator<Buffer> {
    for (let chunk = await this.next(); chunk !== undefined; chunk = await this.next()) yield chunk;
  }
}
