/**
 * Makes docker-bodies.json anew: `node test/unit/cli/record-docker-bodies.ts` has the real docker client talk to a
 * server that only listens. Needs `docker` in the path, no daemon.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLines } from './command-lines.ts';

type Json = Record<string, unknown>;

const folder = mkdtempSync(join(tmpdir(), 'docker-bodies-'));
const socket = join(folder, 'docker.sock');
let heard: { query: string; body: Json } | undefined;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.setHeader('Api-Version', '1.51').setHeader('OSType', 'linux');
    response.setHeader('Content-Type', 'application/json');
    const [path = '', query = ''] = (request.url ?? '').split('?');
    if (!path.endsWith('/containers/create')) return response.end('OK');
    heard = { query, body: JSON.parse(Buffer.concat(chunks).toString()) as Json };
    return response.writeHead(201).end('{"Id":"recorded","Warnings":[]}');
  });
});
server.listen(socket);
await once(server, 'listening');

function changes(from: Json, to: Json): Json {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  const differing = names.filter((name) => JSON.stringify(from[name]) !== JSON.stringify(to[name]));
  return Object.fromEntries(differing.map((name) =>
    [name, name === 'HostConfig' ? changes(from[name] as Json, to[name] as Json) : (to[name] ?? null)]));
}

const lines: { query: string; body: Json }[] = [];
for (const line of commandLines) {
  heard = undefined;
  const env = { ...process.env, RECORDED: 'here', DOCKER_CONFIG: folder };
  const docker = spawn('docker', ['-H', `unix://${socket}`, 'create', ...line], { env, stdio: 'inherit' });
  await once(docker, 'close');
  if (heard === undefined) throw new Error(`docker refused: ${line.join(' ')}`);
  lines.push(heard);
}
server.close();
rmSync(folder, { recursive: true });

const plain = lines[0]?.body ?? {};
const rows = lines.map(({ query, body }) => JSON.stringify({ query, changes: changes(plain, body) }));
const text = `{\n"plain": ${JSON.stringify(plain)},\n"lines": [\n${rows.join(',\n')}\n]\n}\n`;
writeFileSync(new URL('docker-bodies.json', import.meta.url), text);
