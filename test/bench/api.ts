import { Agent, request } from 'node:http';

/** One kept-alive connection to an engine's socket per request under way: the engine's time without a client's. */
export class Api {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  call(method: string, path: string, body?: unknown): Promise<unknown> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const headers = text ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) } : {};
      const one = request({ socketPath: this.#socketPath, agent: this.#agent, method, path: `/v1.41${path}`, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const got = Buffer.concat(chunks).toString();
          if ((answer.statusCode ?? 500) >= 400) reject(new Error(`${method} ${path}: ${answer.statusCode}: ${got.trim()}`));
          else resolve(got === '' ? undefined : JSON.parse(got));
        });
      });
      one.once('error', reject);
      one.end(text);
    });
  }

  /** Milliseconds from create to the end of `true`; it is removed afterwards, off the clock. */
  async runTrue(): Promise<number> {
    const begun = performance.now();
    const { Id } = (await this.call('POST', '/containers/create', { Image: 'busybox', Cmd: ['true'] })) as { Id: string };
    const ended = this.call('POST', `/containers/${Id}/wait?condition=next-exit`);
    await this.call('POST', `/containers/${Id}/start`);
    await ended;
    const took = performance.now() - begun;
    await this.call('DELETE', `/containers/${Id}`);
    return took;
  }

  close(): void {
    this.#agent.destroy();
  }
}
