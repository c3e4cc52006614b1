/**
 * How long `ps -a` and a run take with a thousand stopped containers, Berth beside real Docker in turn. Prints a table
 * of milliseconds (medians) and ratios; root needed: `node test/bench/many-containers.ts [COUNT]`.
 */
import { request } from 'node:http';
import { join } from 'node:path';
import { startDockerd } from '../fixtures/dockerd.ts';
import { createWorld } from '../world.ts';

const count = Number(process.argv[2] ?? 1000);
const image = join(import.meta.dirname, '../../build/images/busybox.tar');

function call(socket: string, method: string, path: string, body?: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const data = body === undefined ? undefined : JSON.stringify(body);
    const headers = data === undefined ? {} : { 'Content-Type': 'application/json' };
    const sent = request({ socketPath: socket, method, path: `/v1.41${path}`, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        if ((response.statusCode ?? 500) >= 400) reject(new Error(`${method} ${path}: ${text}`));
        else resolve(text);
      });
    });
    sent.on('error', reject).end(data);
  });
}

async function median(work: () => Promise<unknown>, rounds = 11): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const begin = performance.now();
    await work();
    times.push(performance.now() - begin);
  }
  return times.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
}

async function run(socket: string): Promise<void> {
  const host = { NetworkMode: 'none', AutoRemove: true };
  const made = JSON.parse(await call(socket, 'POST', '/containers/create', { Image: 'busybox', Cmd: ['true'], HostConfig: host }));
  const ended = call(socket, 'POST', `/containers/${made.Id}/wait?condition=removed`);
  await call(socket, 'POST', `/containers/${made.Id}/start`);
  await ended;
}

const world = await createWorld();
try {
  const [dockerd, daemon] = [await startDockerd(world), await world.daemon()];
  await dockerd.docker('load', '-i', image);
  await daemon.berth('load', '-i', image);
  const sockets = { docker: dockerd.host.slice(7), berth: daemon.host.slice(7) };
  const table: Record<string, Record<string, number>> = {};
  const measure = async (when: string): Promise<void> => {
    for (const [engine, socket] of Object.entries(sockets)) {
      const list = (query: string): Promise<string> => call(socket, 'GET', `/containers/json?all=1${query}`);
      (table[`${when}: run`] ??= {})[engine] = await median(() => run(socket), 5);
      (table[`${when}: ps -a`] ??= {})[engine] = await median(() => list(''));
      (table[`${when}: ps -a -f label`] ??= {})[engine] = await median(() => list('&filters=%7B%22label%22%3A%5B%22n%3D7%22%5D%7D'));
    }
  };
  await measure('0 containers');
  for (const [engine, socket] of Object.entries(sockets)) {
    const begin = performance.now();
    for (let number = 0; number < count; number += 1) {
      const body = { Image: 'busybox', Cmd: ['true'], Labels: { n: String(number) }, HostConfig: { NetworkMode: 'none' } };
      await call(socket, 'POST', `/containers/create?name=c${number}`, body);
    }
    (table['one create'] ??= {})[engine] = (performance.now() - begin) / count;
  }
  await measure(`${count} containers`);
  for (const [what, { docker = 0, berth = 0 }] of Object.entries(table))
    console.log(`${what.padEnd(32)} docker ${docker.toFixed(1).padStart(8)} ms   berth ${berth.toFixed(1).padStart(8)} ms   ratio ${(berth / docker).toFixed(2)}`);
  await dockerd.stop();
} finally {
  await world.destroy();
}
