import { createServer, request as httpRequest, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { shown, Web, type WebRequest } from '../../../src/host/web.ts';

let web: Web;
let server: Server;
let connections = 0;
let reply: (response: ServerResponse, url: string) => void;
beforeEach(async () => {
  web = new Web();
  connections = 0;
  server = createServer((request, response) => {
    request.resume().on('end', () => reply(response, request.url ?? ''));
    response.on('error', () => undefined);
  }).on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  web.close();
  server.close();
  server.closeAllConnections();
});

const port = (of: Server): number => (of.address() as AddressInfo).port;
const ask = (path: string, more: Partial<WebRequest> = {}): ReturnType<Web['request']> =>
  web.request({ method: 'GET', url: new URL(`http://127.0.0.1:${port(server)}${path}`), signal: new AbortController().signal, ...more });
async function read(answer: Awaited<ReturnType<typeof ask>>): Promise<number> {
  let size = 0;
  for await (const chunk of answer.body) size += chunk.length;
  return size;
}

test('a body comes whole, undecoded, and redirects are the caller’s', async () => {
  reply = (response, url) => {
    if (url === '/moved') response.writeHead(307, { Location: '/x' }).end();
    else response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(Buffer.alloc(3_000_000));
  };
  expect(await read(await ask('/'))).toBe(3_000_000);
  const moved = await ask('/moved');
  expect([moved.status, moved.header('location')]).toEqual([307, expect.stringMatching(/\/x$/)]);
  moved.close();
});

test('a body that breaks off throws, with a length and without', async () => {
  reply = (response, url) => {
    response.writeHead(200, url === '/long' ? { 'Content-Length': 1000 } : {});
    response.write('abc', () => response.destroy());
  };
  await expect(ask('/long').then(read)).rejects.toMatchObject({ code: 'ECONNRESET' });
  await expect(ask('/chunked').then(read)).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
});

test('silence before the answer or within it counts as broken; who leaves gives the reason', async () => {
  reply = (response, url) => {
    if (url === '/within') response.writeHead(200).write('abc');
  };
  await expect(ask('/before', { idle: 100 })).rejects.toThrow(/GET http:\/\/127.0.0.1:\d+\/before: the server sent nothing for 0.1 s/);
  await expect(ask('/within', { idle: 100 }).then(read)).rejects.toMatchObject({ kind: 'unavailable' });
  const gone = new AbortController();
  setTimeout(() => gone.abort(new Error('left')), 50);
  await expect(ask('/within', { signal: gone.signal }).then(read)).rejects.toThrow('left');
  await expect(ask('/within', { signal: AbortSignal.abort(new Error('never came')) })).rejects.toThrow('never came');
});

test('a connection serves again where nothing was left unread', async () => {
  reply = (response) => void response.writeHead(200, { 'Content-Length': 0 }).end();
  for (const method of ['HEAD', 'POST', 'HEAD']) {
    (await ask('/', { method, ...(method === 'POST' ? { body: Buffer.alloc(0) } : {}) })).close();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(connections).toBe(1);
});

test('uploads that are given up at any moment end nothing but themselves', async () => {
  reply = (response) => void response.end('ok');
  for (let at = 0; at < 100; at++) {
    const gone = new AbortController();
    setTimeout(() => gone.abort(new Error('left')), at / 30);
    await ask('/', { method: 'PUT', body: Buffer.alloc(100_000), signal: gone.signal }).then((answer) => answer.close(), () => undefined);
  }
});

test('a proxy is asked for plain addresses, and for a tunnel to those with TLS', async () => {
  const seen: string[] = [];
  reply = (response) => void response.end('hello');
  const proxy = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const { pathname } = new URL(request.url ?? '');
    httpRequest({ host: '127.0.0.1', port: port(server), path: pathname }, (answer) => answer.pipe(response)).end();
  }).on('connect', (request, socket) => {
    seen.push(`CONNECT ${request.url}`);
    const target = connect(port(server), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
    socket.on('error', () => target.destroy());
    target.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  try {
    const through = { proxy: `http://127.0.0.1:${port(proxy)}` };
    expect(await read(await ask('', { ...through, url: new URL('http://registry.example:5000/v2/') }))).toBe(5);
    // What answers in the tunnel speaks no TLS.
    await expect(ask('', { ...through, url: new URL('https://registry.example/v2/') })).rejects.toThrow();
    expect(seen).toEqual(['GET http://registry.example:5000/v2/', 'CONNECT registry.example:443']);
  } finally {
    proxy.close();
    proxy.closeAllConnections();
  }
});

test('a URL is shown without what may be secret in it', () => {
  expect(shown(new URL('https://u:p@cdn.example/blob?X-Signature=secret'))).toBe('https://cdn.example/blob');
});
