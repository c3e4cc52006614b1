import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { formatEngineAddress, parseEngineAddress } from '../../../src/cli/address.ts';
import { Client, filtersOf, pathWith, textOf } from '../../../src/cli/client.ts';
import { DetachScanner, parseDetachKeys } from '../../../src/cli/detach-keys.ts';
import { ApiError, UnreachableError } from '../../../src/cli/errors.ts';
import { FrameReader } from '../../../src/cli/frames.ts';
import { jsonLines, showProgress } from '../../../src/cli/streams.ts';

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

/** A client, and a server that says exactly these bytes, in these pieces; `heard` fills with what was asked. */
async function engineThatSays(pieces: readonly string[], andThen: (socket: Socket) => void = (socket) => socket.end()) {
  const folder = mkdtempSync(join(tmpdir(), 'berth-cli-'));
  const heard: Buffer[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => heard.push(chunk));
    socket.once('data', () => {
      const say = ([piece, ...rest]: readonly string[]): void => {
        if (piece === undefined) return andThen(socket);
        socket.write(piece, 'latin1', () => setTimeout(say, 5, rest));
      };
      say(pieces);
    });
  });
  const path = join(folder, 'engine.sock');
  server.listen(path);
  await once(server, 'listening');
  closers.push(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  return { client: new Client({ address: { kind: 'unix', path } }), heard: () => Buffer.concat(heard).toString() };
}

describe('HTTP', () => {
  test('an answer with a length is read to its length', async () => {
    const { client, heard } = await engineThatSays(['HTTP/1.1 200 OK\r\nContent-', 'Length: 10\r\n\r\n{"a"', ':"é"}']
      .map((piece) => Buffer.from(piece).toString('latin1')), () => undefined);
    expect(await client.get('/x', { all: true, none: undefined, no: false })).toEqual({ a: 'é' });
    expect(heard()).toMatch(/^GET \/x\?all=1 HTTP\/1\.1\r\nHost: berth\r\n/);
  });

  test('chunks may be cut anywhere', async () => {
    const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
    const whole = `${head}4\r\n[1,2\r\n5;x=y\r\n,3,4]\r\n0\r\nTrailer: x\r\n\r\n`;
    const { client } = await engineThatSays([...whole], () => undefined);
    expect(await client.get('/x')).toEqual([1, 2, 3, 4]);
  });

  test('an answer without length ends with the connection', async () => {
    const { client } = await engineThatSays(['HTTP/1.0 200 OK\r\n\r\n{"a"', ':1}']);
    expect(await client.get('/x')).toEqual({ a: 1 });
  });

  test('no content is nothing', async () => {
    const { client, heard } = await engineThatSays(['HTTP/1.1 204 No Content\r\n\r\n'], () => undefined);
    expect(await client.post('/x', {}, { b: 2 })).toBeUndefined();
    expect(heard()).toContain('Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{"b":2}');
  });

  test('the engine’s error keeps its words and status', async () => {
    const body = '{"message":"No such container: x"}';
    const head = `HTTP/1.1 404 Not Found\r\nContent-Length: ${body.length}\r\n\r\n`;
    const { client } = await engineThatSays([head + body]);
    const error = await client.get('/x').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 404, message: 'Error response from daemon: No such container: x' });
  });

  test.each([
    ['a body that breaks off', ['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{'], /middle of an answer/],
    ['a chunk that lies', ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'], /broken chunk/],
    ['no answer at all', [], /without an answer/],
    ['something else than HTTP', ['SSH-2.0-OpenSSH\r\n\r\n'], /does not speak HTTP/],
    ['headers without end', [`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(60_000)}`], /headers without end/],
  ])('%s is an error', async (_, pieces, message) => {
    const { client } = await engineThatSays(pieces);
    await expect(client.get('/x')).rejects.toThrow(message);
  });

  test('after an upgrade all bytes are the container’s, and our half can close first', async () => {
    const { client, heard } = await engineThatSays(
      ['HTTP/1.1 101 UPGRADED\r\nContent-Length: 3\r\n\r\nfirst'],
      (socket) => (socket.readableEnded ? socket.end('later') : socket.once('end', () => socket.end('later'))),
    );
    const connection = await client.hijack('/attach', { stdin: true });
    connection.socket.write('typed');
    connection.socket.end();
    expect(await textOf(connection)).toBe('firstlater');
    expect(heard()).toContain('Connection: Upgrade\r\nUpgrade: tcp\r\n');
    expect(heard()).toMatch(/typed$/);
  });

  test('a stream is sent in chunks', async () => {
    const { client, heard } = await engineThatSays(['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'], () => undefined);
    const body = (async function* () {
      yield Buffer.from('ab');
      yield Buffer.from('');
      yield Buffer.from('cde');
    })();
    await textOf(await client.send('POST', '/load', {}, { body }));
    await expect.poll(heard).toMatch(/Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n$/);
  });

  test('a source that fails is the failure of the request', async () => {
    const { client } = await engineThatSays([], () => undefined);
    const body = (async function* () {
      yield Buffer.from('ab');
      throw new Error('disk on fire');
    })();
    await expect(client.send('POST', '/load', {}, { body })).rejects.toThrow('disk on fire');
  });

  test('nobody there is told, once', async () => {
    const client = new Client({ address: { kind: 'unix', path: '/does/not/exist.sock' } });
    await expect(client.get('/x')).rejects.toThrow(UnreachableError);
    await expect(client.get('/x')).rejects.toThrow('unix:///does/not/exist.sock. Is it running? (ENOENT)');
  });

  test('queries leave out what isn’t given, and filters are Docker’s map', () => {
    expect(pathWith('/a', { b: 'c d&', e: ['1', '2'], f: 0, g: '' })).toBe('/a?b=c%20d%26&e=1&e=2&f=0');
    expect(filtersOf([])).toBeUndefined();
    expect(filtersOf(['status=running', 'label=a=b', 'Status=paused'])).toBe(
      '{"status":{"running":true,"paused":true},"label":{"a=b":true}}');
  });
});

describe('frames', () => {
  const frame = (stream: number, text: string): Buffer => {
    const header = Buffer.alloc(8);
    header.writeUInt8(stream, 0);
    header.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([header, Buffer.from(text)]);
  };

  test.each([1, 3, 7, 8, 9, 1000])('cut into pieces of %d bytes they give the same streams', (size) => {
    const wire = Buffer.concat([frame(1, 'hello'), frame(2, ''), frame(2, 'trouble'), frame(1, ' world')]);
    const reader = new FrameReader();
    const out = ['', '', ''];
    for (let at = 0; at < wire.length; at += size) {
      for (const { stream, data } of reader.read(wire.subarray(at, at + size))) out[stream] += data.toString();
    }
    expect(out).toEqual(['', 'hello world', 'trouble']);
  });

  test('what is no frame is refused', () => {
    expect(() => [...new FrameReader().read(Buffer.from('plain text'))]).toThrow('unrecognized input header');
  });
});

describe('detach keys', () => {
  const typed = (scanner: DetachScanner, ...inputs: string[]) =>
    inputs.map((input) => scanner.scan(Buffer.from(input))).map(({ data, detached }) => [data.toString(), detached]);

  test('are recognised at once, and cut in two', () => {
    const keys = parseDetachKeys('');
    expect(typed(new DetachScanner(keys), 'ab\x10\x11cd')).toEqual([['ab', true]]);
    expect(typed(new DetachScanner(keys), 'a\x10', '\x11')).toEqual([['a', false], ['', true]]);
  });

  test('a beginning that comes to nothing is sent', () => {
    const scanner = new DetachScanner(parseDetachKeys('ctrl-p,ctrl-q'));
    expect(typed(scanner, '\x10', 'x', '\x10\x10', '\x11')).toEqual(
      [['', false], ['\x10x', false], ['\x10', false], ['', true]]);
  });

  test('are read as Docker writes them', () => {
    expect([...parseDetachKeys('a,ctrl-@,ctrl-[,ctrl-_')]).toEqual([97, 0, 27, 31]);
    expect(() => parseDetachKeys('alt-x')).toThrow('invalid detach keys "alt-x"');
  });
});

describe('lines of JSON', () => {
  const stream = async function* (...pieces: string[]): AsyncGenerator<Buffer> {
    for (const piece of pieces) yield Buffer.from(piece, 'latin1');
  };
  const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

  test('may be cut within a character', async () => {
    const [start, end] = [utf8('{"a":"é"}\n{"b":1}').slice(0, 7), utf8('{"a":"é"}\n{"b":1}').slice(7)];
    expect(await Array.fromAsync(jsonLines(stream(start, end)))).toEqual([{ a: 'é' }, { b: 1 }]);
  });

  test('an error in the middle of progress is the end', async () => {
    const shown: string[] = [];
    const pulling = '{"status":"Pulling","id":"a"}\n';
    const lines = `{"stream":"Loaded\\n"}\n${pulling}${pulling}{"error":"no space"}\n`;
    await expect(showProgress(stream(lines), (text) => shown.push(text))).rejects.toThrow('no space');
    expect(shown).toEqual(['Loaded\n', 'a: Pulling\n']);
  });
});

describe('addresses', () => {
  test.each(['unix:///run/b.sock', 'tcp://127.0.0.1:2375', 'tcp://[::1]:2375', 'tcp://engine:80'])('%s', (text) => {
    expect(formatEngineAddress(parseEngineAddress(text))).toBe(text);
  });
  test.each(['', '/x.sock', 'unix://x', 'http://x:1', 'tcp://x', 'tcp://x:0', 'tcp://x:99999'])('not %j', (text) => {
    expect(() => parseEngineAddress(text)).toThrow('expected unix:///path/to/socket or tcp://address:port');
  });
});
