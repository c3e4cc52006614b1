import { request, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { waitUntil, type Daemon, type Snapshot, type World } from '../../world.ts';

export interface Reply {
  readonly status: number;
  /** Parsed JSON, or the text. */
  readonly body: any;
  readonly headers: IncomingMessage['headers'];
}

/** Speaks the Docker Engine API to a daemon, a request a connection. */
export class Client {
  readonly #socket: string;

  constructor(daemon: Pick<Daemon, 'host'>) {
    this.#socket = daemon.host.replace('unix://', '');
  }

  call(method: string, path: string, body?: unknown): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const raw = Buffer.isBuffer(body);
      const data = body === undefined ? undefined : raw ? body : JSON.stringify(body);
      const headers =
        data === undefined
          ? {}
          : {
              'Content-Type': raw ? 'application/x-tar' : 'application/json',
              'Content-Length': Buffer.byteLength(data),
            };
      const sent = request({ socketPath: this.#socket, method, path, headers, agent: false }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part)).on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(parts);
          const json = response.headers['content-type'] === 'application/json';
          const parsed = json && text.length > 0 ? parse(text.toString()) : text;
          resolve({ status: response.statusCode ?? 0, body: parsed, headers: response.headers });
        });
      });
      sent.on('error', reject);
      sent.end(data);
    });
  }

  /** Throws where the status is 400 or more. */
  async must(method: string, path: string, body?: unknown): Promise<any> {
    const reply = await this.call(method, path, body);
    if (reply.status >= 400) throw new Error(`${method} ${path}: ${reply.status} ${reply.body.message ?? reply.body}`);
    return reply.body;
  }

  /** Takes the connection over, as clients do for attach and exec. */
  hijack(path: string, body?: unknown): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const data = body === undefined ? '' : JSON.stringify(body);
      const sent = request({
        socketPath: this.#socket,
        method: 'POST',
        path,
        agent: false,
        headers: {
          Connection: 'Upgrade',
          Upgrade: 'tcp',
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(data),
        },
      });
      sent.on('upgrade', (_response, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      sent.on('response', (response) => {
        response.resume();
        reject(new Error(`${path}: ${response.statusCode} instead of an upgrade`));
      });
      sent.on('error', reject);
      sent.end(data);
    });
  }

  load(image: string): Promise<unknown> {
    return readFile(join(import.meta.dirname, `../../../build/images/${image}.tar`)).then((data) =>
      this.must('POST', '/images/load', data),
    );
  }

  /** Makes a container of busybox that runs a line of shell; gives its id. */
  async create(script: string, more: { name?: string; config?: object; host?: object } = {}): Promise<string> {
    const { Id } = await this.must('POST', `/containers/create${more.name ? `?name=${more.name}` : ''}`, {
      Image: 'busybox',
      Cmd: ['sh', '-c', script],
      ...more.config,
      HostConfig: more.host ?? {},
    });
    return Id as string;
  }

  async run(script: string, more: Parameters<Client['create']>[1] = {}): Promise<string> {
    const id = await this.create(script, more);
    await this.must('POST', `/containers/${id}/start`);
    return id;
  }

  async wait(id: string, condition = 'not-running'): Promise<number> {
    return (await this.must('POST', `/containers/${id}/wait?condition=${condition}`)).StatusCode as number;
  }

  inspect(id: string): Promise<any> {
    return this.must('GET', `/containers/${id}/json`);
  }

  async logs(id: string, query = 'stdout=1&stderr=1'): Promise<Buffer> {
    return unframe((await this.must('GET', `/containers/${id}/logs?${query}`)) as Buffer);
  }
}

function parse(text: string): unknown {
  const lines = text.trim().split('\n');
  return lines.length === 1 ? JSON.parse(text) : lines.map((line) => JSON.parse(line) as unknown);
}

/** The data of Docker's frames; throws at a torn one. */
export function unframe(data: Buffer, stream?: 1 | 2): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < data.length;) {
    const size = data.readUInt32BE(at + 4);
    if (at + 8 + size > data.length) throw new Error(`torn frame at ${at}`);
    if (stream === undefined || data[at] === stream) parts.push(data.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return Buffer.concat(parts);
}

export async function drain(stream: Duplex): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}

/** What a world's snapshot has of this world alone: `ip netns` names are the whole machine's, other worlds' too. */
export async function traces(world: World): Promise<Omit<Snapshot, 'netnsNames'>> {
  const { netnsNames: _, ...own } = await world.snapshot();
  return own;
}

/** Waits a moment for `trace` to look as before (a bridge lingers), then compares. */
export async function expectAsBefore<T>(trace: () => Promise<T>, before: T): Promise<void> {
  await waitUntil(async () => JSON.stringify(await trace()) === JSON.stringify(before), 5000).catch(() => undefined);
  expect(await trace()).toEqual(before);
}
