import { createServer, connect, type Server, type Socket } from 'node:net';
import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { parseProxyArgs, proxyArgs, startProxy, type Proxy } from '../../../src/network/proxy.ts';

const flags = (text: string): string[] => text.split(' ').filter(Boolean);

describe('berth proxy\'s flags', () => {
  it('are docker-proxy\'s', () => {
    expect(parseProxyArgs(flags('-proto tcp -host-ip 0.0.0.0 -host-port 10080 -container-ip 172.17.0.2 -container-port 80'))).toEqual([
      { protocol: 'tcp', host: { address: '0.0.0.0', port: 10080 }, container: { address: '172.17.0.2', port: 80 } }]);
  });
  it('may be repeated, and written with = or two dashes', () => {
    const mappings = parseProxyArgs(flags('--proto=udp -host-ip :: -host-port=53 -container-ip 10.0.0.1 -container-port 53 -proto tcp -host-port 1 -container-ip ::1 -container-port 2'));
    expect(mappings).toHaveLength(2);
    expect(parseProxyArgs(proxyArgs(mappings))).toEqual(mappings);
  });
  it.each([['', 'usage'], ['-x', 'unknown argument -x'], ['-proto', 'needs an argument'], ['-proto icmp', 'want tcp or udp'],
    ['-proto tcp -host-ip x -host-port 1', 'not an IP address'], ['-proto tcp -host-port 70000', 'want a number from 1 to 65535'],
    ['-proto tcp -host-port 1', '-container-ip is missing']])('%j is refused: %s', (text, message) =>
    expect(() => parseProxyArgs(flags(text))).toThrow(message));
});

describe('the proxy', () => {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });
  const free = async (): Promise<number> => {
    const server = await listen(() => undefined);
    const port = portOf(server);
    await new Promise((resolve) => server.close(resolve));
    return port;
  };
  const listen = (onConnection: (socket: Socket) => void): Promise<Server> => new Promise((resolve) => {
    const server = createServer({ allowHalfOpen: true }, onConnection).listen(0, '127.0.0.1', () => resolve(server));
  });
  const portOf = (server: Server): number => (server.address() as { port: number }).port;
  const proxy = async (protocol: 'tcp' | 'udp', port: number, address = '127.0.0.1', idle?: number): Promise<number> => {
    const hostPort = await free();
    const started: Proxy = await startProxy({ protocol, host: { address, port: hostPort }, container: { address: '127.0.0.1', port } }, idle);
    open.push(started);
    return hostPort;
  };

  it('passes an end in one direction on and keeps the other open', async () => {
    const server = await listen((socket) => {
      let got = '';
      socket.on('data', (data) => (got += data)).on('end', () => setTimeout(() => socket.end(`heard ${got.length}`), 50));
    });
    open.push(server);
    const client = connect({ port: await proxy('tcp', portOf(server)), host: '127.0.0.1', allowHalfOpen: true });
    let answer = '';
    client.on('data', (data) => (answer += data)).end('x'.repeat(1_000_000));
    await new Promise((resolve) => client.on('close', resolve));
    expect(answer).toBe('heard 1000000');
  });

  it('listens on IPv6 for a container that has IPv4 alone', async () => {
    const server = await listen((socket) => socket.end('hello'));
    open.push(server);
    const client = connect(await proxy('tcp', portOf(server), '::1'), '::1');
    let answer = '';
    client.on('data', (data) => (answer += data));
    await new Promise((resolve) => client.on('close', resolve));
    expect(answer).toBe('hello');
  });

  it('ends the client\'s connection where the container refuses', async () => {
    const client = connect(await proxy('tcp', await free()), '127.0.0.1');
    client.on('error', () => undefined);
    await new Promise((resolve) => client.on('close', resolve));
  });

  it('ends the container\'s connection when the client goes away', async () => {
    const gone = Promise.withResolvers<void>();
    const server = await listen((socket) => void socket.on('error', () => undefined).on('close', () => gone.resolve()).write('x'));
    open.push(server);
    const client = connect(await proxy('tcp', portOf(server)), '127.0.0.1');
    client.once('data', () => client.resetAndDestroy());
    await gone.promise;
  });

  it('keeps UDP clients apart and forgets them when they are silent', async () => {
    const sources = new Set<number>();
    const service = createSocket('udp4');
    service.on('message', (data, from) => {
      sources.add(from.port);
      service.send(`re ${data}`, from.port, from.address);
    });
    await new Promise<void>((resolve) => service.bind(0, '127.0.0.1', resolve));
    open.push({ close: () => service.close() });
    const port = await proxy('udp', service.address().port, '127.0.0.1', 0.2);
    const clients = [createSocket('udp4'), createSocket('udp4')];
    open.push(...clients.map((client) => ({ close: () => client.close() })));
    const ask = (client: (typeof clients)[number], text: string): Promise<string> => new Promise((resolve) => {
      client.once('message', (data) => resolve(String(data)));
      client.send(text, port, '127.0.0.1');
    });
    expect(await Promise.all(clients.map((client, i) => ask(client, String(i))))).toEqual(['re 0', 're 1']);
    await ask(clients[0]!, 'again');
    expect(sources.size).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 500));
    await ask(clients[0]!, 'much later');
    expect(sources.size).toBe(3);
  });

  it('says in one line why it can\'t listen', async () => {
    const server = await listen(() => undefined);
    open.push(server);
    const at = { address: '127.0.0.1', port: portOf(server) };
    await expect(startProxy({ protocol: 'tcp', host: at, container: at })).rejects.toThrow(`listen on 127.0.0.1:${at.port}/tcp: address already in use`);
    await expect(startProxy({ protocol: 'udp', host: { address: '198.51.100.77', port: 1053 }, container: at }))
      .rejects.toThrow('listen on 198.51.100.77:1053/udp: the host has no such address');
  });
});
