import { request } from 'node:http';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createWorld, type World } from '../world.ts';
import { startDockerd } from '../fixtures/dockerd.ts';

/** Real Docker or Berth in a world of its own, holding the same images, with the same default subnet. */
export interface Engine {
  readonly world: World;
  /** Its socket's path. */
  readonly socket: string;
  readonly root: string;
  readonly runDirectory: string;
  readonly version: string;
  /** What it has logged; empty for Docker. */
  log(): string;
  /** Takes away whatever a scenario left, and puts back an image that it removed. */
  reset(): Promise<void>;
  /** Asks it; the body as parsed JSON, or as text. */
  ask(method: string, path: string): Promise<{ status: number; body: unknown }>;
  stop(): Promise<void>;
}

export type Kind = 'docker' | 'berth';

export const sampleImages = ['busybox', 'web'];
const archive = (name: string): string => join(import.meta.dirname, `../../build/images/${name}.tar`);

export async function startEngine(kind: Kind): Promise<Engine> {
  const world = await createWorld();
  try {
    const started = kind === 'docker' ? await startDocker(world) : await startBerth(world);
    const ask: Engine['ask'] = (method, path) => send(started.socket, method, path);
    const reset = (): Promise<void> => clean(started.socket, ask);
    await reset();
    const { Version } = (await ask('GET', '/version')).body as { Version: string };
    return {
      ...started, world, ask, reset, version: Version,
      stop: async () => {
        await reset().catch(() => {});
        await started.stop();
        await world.destroy();
      },
    };
  } catch (error) {
    await world.destroy();
    throw error;
  }
}

type Started = Pick<Engine, 'socket' | 'root' | 'runDirectory' | 'log' | 'stop'>;

async function startDocker(world: World): Promise<Started> {
  const dockerd = await startDockerd(world, { networked: true });
  const socket = dockerd.host.replace('unix://', '');
  return { socket, root: dockerd.root, runDirectory: join(socket, '../exec'), log: () => '', stop: dockerd.stop };
}

async function startBerth(world: World): Promise<Started> {
  const daemon = await world.daemon({ args: ['--bip', '172.17.0.1/16', '--bridge', 'docker0'] });
  const { root, runDirectory, log } = daemon;
  return { socket: daemon.host.replace('unix://', ''), root, runDirectory, log, stop: () => daemon.stop() };
}

const predefined = new Set(['bridge', 'host', 'none']);

async function clean(socket: string, ask: Engine['ask']): Promise<void> {
  const list = async (path: string): Promise<Record<string, unknown>[]> => {
    const { body } = await ask('GET', path);
    return Array.isArray(body) ? (body as Record<string, unknown>[]) : [];
  };
  await Promise.all((await list('/containers/json?all=1')).map(({ Id }) => ask('DELETE', `/containers/${String(Id)}?force=1&v=1`)));
  for (const { Name, Id } of await list('/networks')) {
    if (!predefined.has(String(Name))) await ask('DELETE', `/networks/${String(Id)}`);
  }
  const volumes = (await ask('GET', '/volumes')).body as { Volumes?: { Name: string }[] | null };
  for (const { Name } of volumes.Volumes ?? []) await ask('DELETE', `/volumes/${encodeURIComponent(Name)}?force=1`);

  const wanted = new Set(sampleImages.map((name) => `${name}:latest`));
  for (const { Id, RepoTags } of await list('/images/json')) {
    const tags = (RepoTags as string[] | null ?? []).filter((tag) => tag !== '<none>:<none>');
    for (const tag of tags) if (!wanted.has(tag)) await ask('DELETE', `/images/${tag}?force=1`);
    if (tags.length === 0) await ask('DELETE', `/images/${String(Id)}?force=1`);
  }
  const tags = new Set((await list('/images/json')).flatMap(({ RepoTags }) => (RepoTags as string[] | null) ?? []));
  for (const name of sampleImages) if (!tags.has(`${name}:latest`)) await load(socket, name);
}

function send(socketPath: string, method: string, path: string): Promise<{ status: number; body: unknown }> {
  return exchange(socketPath, method, path);
}

async function load(socketPath: string, name: string): Promise<void> {
  const { status, body } = await exchange(socketPath, 'POST', '/images/load?quiet=1', archive(name));
  if (status !== 200) throw new Error(`load ${name}: ${status} ${JSON.stringify(body)}`);
}

function exchange(socketPath: string, method: string, path: string, file?: string): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path, timeout: 30_000, headers: file ? { 'Content-Type': 'application/x-tar' } : {} },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part)).on('end', () => {
          try {
            resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) });
          } catch {
            resolve({ status: answer.statusCode ?? 0, body: text });
          }
        });
      });
    asked.on('error', reject).on('timeout', () => asked.destroy(new Error(`${method} ${path}: no answer in 30 s`)));
    if (file) createReadStream(file).pipe(asked);
    else asked.end();
  });
}
