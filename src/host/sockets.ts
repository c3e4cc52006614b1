import * as dgram from 'node:dgram';
import * as net from 'node:net';

/** Streams, datagrams and the check for a free port. Only loopback and containers are ever addressed from here. */
export type Socket = net.Socket;
export type Server = net.Server;
export type DatagramSocket = dgram.Socket;
export type DatagramPeer = dgram.RemoteInfo;

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Listens for connections; half-open ones stay so that either side can finish first. Rejects with the errno. */
export function listenTcp({ address, port }: Endpoint, onConnection: (socket: Socket) => void): Promise<Server> {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, onConnection);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, ipv6Only: true, exclusive: true, backlog: 4096 }, () => {
      server.removeListener('error', reject);
      resolve(server);
    });
  });
}

export const connectTcp = ({ address, port }: Endpoint): Socket =>
  net.connect({ host: address, port, allowHalfOpen: true, noDelay: true });

/** A bound UDP socket. Rejects with the errno. */
export function bindUdp({ address, port }: Endpoint): Promise<DatagramSocket> {
  const socket = dgram.createSocket(address.includes(':') ? { type: 'udp6', ipv6Only: true } : { type: 'udp4' });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeListener('error', reject);
      resolve(socket);
    });
  });
}

/** A UDP socket that hears only its peer, and hears that the peer has nobody listening. */
export function connectUdp({ address, port }: Endpoint): Promise<DatagramSocket> {
  const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.connect(port, address, () => {
      socket.removeListener('error', reject);
      resolve(socket);
    });
  });
}

/** Says whether the host would bind this port now; the port is free again when the answer comes. */
export async function canBind(protocol: 'tcp' | 'udp', endpoint: Endpoint): Promise<boolean> {
  try {
    const socket = protocol === 'tcp' ? await listenTcp(endpoint, (one) => one.destroy()) : await bindUdp(endpoint);
    await new Promise<void>((resolve) => void socket.close(() => resolve()));
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE') return false;
    if (code === 'EAFNOSUPPORT') return true; // no IPv6 here: nobody can hold it
    throw error;
  }
}
