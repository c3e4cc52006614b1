import { chmod, chown, mkdir } from 'node:fs/promises';
import { createConnection, type Server } from 'node:net';
import { dirname } from 'node:path';
import { codeOf, conflict, invalid, unavailable } from '../model/errors.ts';
import { readTextIfAny, remove } from './files.ts';

/**
 * What a server listens on: `unix:///run/berth/berth.sock` or `tcp://127.0.0.1:2375`, and what may be done there:
 * `?role=read` allows only reading; a unix socket's `&group=NAME` lets that group in.
 */
export type ListenAddress = { readonly role: 'all' | 'read' } & (
  | { readonly kind: 'unix'; readonly path: string; readonly group?: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
);

export function parseListenAddress(text: string): ListenAddress {
  const [address = '', query = ''] = text.split('?', 2);
  const { role = 'all', group, ...unknown } = Object.fromEntries(new URLSearchParams(query));
  if (role !== 'all' && role !== 'read') throw invalid(`invalid host ${text}: role is read or all`);
  const [surprise] = Object.keys(unknown);
  if (surprise !== undefined) throw invalid(`invalid host ${text}: ${surprise} is not known; role and group are`);
  if (address.startsWith('unix://')) {
    const path = address.slice('unix://'.length);
    if (!path.startsWith('/')) throw invalid(`invalid host ${text}: want unix:///absolute/path`);
    return { kind: 'unix', path, role, ...(group === undefined ? {} : { group }) };
  }
  const tcp = /^tcp:\/\/(\[[0-9a-f:]+\]|[^:/]+):(\d{1,5})$/i.exec(address);
  if (tcp?.[1] && Number(tcp[2]) < 65536 && group === undefined)
    return { kind: 'tcp', role, host: tcp[1].replace(/^\[|\]$/g, ''), port: Number(tcp[2]) };
  throw invalid(`invalid host ${text}: want unix:///path or tcp://address:port`);
}

/** Listens. A socket file that nobody serves any more is replaced; one that is served is refused. */
export async function listen(server: Server, address: ListenAddress): Promise<void> {
  if (address.kind === 'tcp') {
    await bind(server, { host: address.host, port: address.port }, `tcp://${address.host}:${address.port}`);
    return;
  }
  if (address.group !== undefined && (await groupId([address.group])) === undefined)
    throw invalid(`no group is called ${address.group}: make it (groupadd ${address.group}) or name another`);
  await mkdir(dirname(address.path), { recursive: true, mode: 0o711 });
  if (await answers(address.path))
    throw conflict(`${address.path} is served by another process: stop it, or choose another --host`);
  await remove(address.path);
  // Between bind and chmod nobody else may connect.
  const before = process.umask(0o177);
  try {
    await bind(server, { path: address.path }, address.path);
  } finally {
    process.umask(before);
  }
  const group = await groupId(address.group === undefined ? ['berth', 'docker'] : [address.group]);
  if (group !== undefined) await chown(address.path, 0, group);
  await chmod(address.path, group === undefined ? 0o600 : 0o660);
}

function bind(server: Server, where: { path: string } | { host: string; port: number }, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void =>
      reject(unavailable(`listen on ${name}: ${codeOf(error) ?? error.message}`, error));
    server.once('error', failed);
    server.listen(where, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ path });
    const done = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', done(true)).once('error', done(false));
  });
}

async function groupId(names: readonly string[]): Promise<number | undefined> {
  const lines = ((await readTextIfAny('/etc/group')) ?? '').split('\n').map((line) => line.split(':'));
  for (const name of names) {
    const id = lines.find((fields) => fields[0] === name)?.[2];
    if (id !== undefined) return Number(id);
  }
  return undefined;
}
