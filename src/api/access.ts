import type { IncomingMessage } from 'node:http';
import { BerthError } from '../model/errors.ts';

/** What the clients of one address may do, and who they may be. */
export interface Access {
  /** `read`: look at everything except the files of containers and images; change nothing. */
  readonly role: 'all' | 'read';
  /**
   * Over plain TCP: the names by which clients may call this host, besides addresses and `localhost`. A page in a
   * browser whose name was made to lead here (DNS rebinding) calls it by another. Absent: any.
   */
  readonly names?: readonly string[];
}

/** Throws `forbidden` where this request may not be made here. `path`: without the version. */
export function checkAccess(request: IncomingMessage, path: string, access: Access): void {
  checkOrigin(request);
  if (access.names) checkHost(request.headers.host, access.names);
  if (access.role === 'read') checkReading(request.method ?? '', path);
}

/** A page in a browser must not drive the engine (SANDBOX, web origins): no client of ours sends an Origin. */
function checkOrigin({ headers: { origin } }: IncomingMessage): void {
  if (origin !== undefined)
    throw new BerthError('forbidden', `requests from web pages (Origin: ${origin.slice(0, 100)}) are refused`);
}

function checkHost(header: string | undefined, names: readonly string[]): void {
  const name = (header ?? '').replace(/:\d+$/, '').toLowerCase();
  const isAddress = /^(\d{1,3}\.){3}\d{1,3}$/.test(name) || /^\[[0-9a-f:.]+\]$/.test(name);
  if (isAddress || name === 'localhost' || names.includes(name)) return;
  throw new BerthError(
    'forbidden',
    `this host isn't called ${JSON.stringify(name.slice(0, 100))}: use its address, localhost or ${names.join(', ')}`,
  );
}

/** What a GET may tell that isn't a description but content: files, and streams that take input. */
const contents = [
  /^\/containers\/[^/]+\/(archive|export|attach\/ws)$/, /^\/images\/(.+\/)?get$/, /^\/volumes\/[^/]+\/(archive|export|get)$/,
];

function checkReading(method: string, path: string): void {
  if ((method === 'GET' || method === 'HEAD') && !contents.some((pattern) => pattern.test(path))) return;
  throw new BerthError(
    'forbidden',
    `${method.slice(0, 20)} ${path.slice(0, 100)} is refused: this socket allows reading only (role=read)`,
  );
}
