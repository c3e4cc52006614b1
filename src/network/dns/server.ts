import type { NameServerSockets } from '../../host/received-sockets.ts';
import type { Socket } from '../../host/sockets.ts';
import type { NetworkNames } from '../endpoints.ts';
import { frame, MessageReader } from './framing.ts';
import { forward, type Upstream } from './forward.ts';
import { answerWith, emptyAnswer, receive, recordType, responseCode, type Query } from './message.ts';
import { localRecords } from './zone.ts';

/** Whom a server answers: looked up at each question, since networks come and go. */
export interface Asker {
  networks(): readonly NetworkNames[];
  /** Where outside names are asked for. Absent: they are refused, so that who asks turns to another server. */
  outside?(): Promise<readonly string[]>;
  /** Names are ours under this domain, too: `berth` for `web.front.berth`. */
  readonly domain?: string;
  /** The user set `ndots` above 0: names without a dot stay inside. */
  readonly keepsPlainNames?: boolean;
}

/** Bounds on one container, so that its flood costs the others nothing. */
const limits = {
  /** Questions under way to outside servers. */
  outside: 100,
  connections: 32,
  /** Questions a second on the average; as many at once. */
  rate: 1_000,
  /** A connection that says nothing for so long is ended. */
  idle: 10_000,
} as const;

export interface Server {
  close(): void;
}

/** Serves one container's sockets until closed. */
export function serve(sockets: NameServerSockets, asker: Asker, upstream: Upstream): Server {
  const { udp, tcp } = sockets;
  const closing = new AbortController();
  const connections = new Set<Socket>();
  const state = { outside: 0, turn: 0, credit: limits.rate as number, at: performance.now() };
  const resuming: { timer?: NodeJS.Timeout } = {};

  async function answer(query: Query, protocol: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    const networks = asker.networks();
    const records = localRecords(networks, { ...query, key: withoutDomain(query.key, asker.domain) }, state.turn++);
    if (records) return answerWith(query, records, protocol);
    // CVE-2024-29018: from an internal network even a question is a way out.
    if (asker.outside && networks.every(({ internal }) => internal)) return emptyAnswer(query, responseCode.serverFailure);
    if (asker.keepsPlainNames && !query.key.includes('.') && (query.type === recordType.a || query.type === recordType.aaaa))
      return emptyAnswer(query, responseCode.success);
    if (!asker.outside) return emptyAnswer(query, responseCode.refused);
    if (state.outside >= limits.outside) return undefined;
    state.outside++;
    try {
      const outside = await forward(upstream, await asker.outside(), query, protocol, closing.signal);
      return outside ?? emptyAnswer(query, responseCode.serverFailure);
    } finally {
      state.outside--;
    }
  }

  async function handle(bytes: Buffer, protocol: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    const received = receive(bytes);
    switch (received.kind) {
      case 'query': return answer(received.query, protocol);
      case 'error': return received.answer;
      case 'drop': return undefined;
      default: return received satisfies never;
    }
  }

  /** Beyond the rate nothing is read: the kernel drops what its small buffer can't hold, and we spend nothing on it. */
  function spend(): void {
    const now = performance.now();
    state.credit = Math.min(limits.rate, state.credit + (now - state.at) * limits.rate / 1_000) - 1;
    state.at = now;
    if (state.credit > 0 || resuming.timer) return;
    sockets.pause();
    resuming.timer = setTimeout(() => {
      delete resuming.timer;
      sockets.resume();
    }, 100).unref();
  }

  udp.on('message', (bytes, peer) => {
    spend();
    void handle(bytes, 'udp').then((reply) => {
      if (reply && !closing.signal.aborted) udp.send(reply, peer.port, peer.address, () => {});
    }, () => {});
  });
  udp.on('error', () => {}); // a client that is gone already

  async function converse(socket: Socket): Promise<void> {
    const reader = new MessageReader();
    for await (const chunk of socket) {
      for (const bytes of reader.take(chunk as Buffer)) {
        const reply = await handle(bytes, 'tcp');
        if (!reply) return;
        if (!socket.write(frame(reply))) await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
      }
    }
  }

  tcp.maxConnections = limits.connections;
  tcp.on('connection', (socket) => {
    connections.add(socket);
    socket.setTimeout(limits.idle, () => socket.destroy());
    socket.on('error', () => {}).once('close', () => connections.delete(socket));
    void converse(socket).catch(() => {}).finally(() => socket.destroySoon());
  });
  udp.unref();
  tcp.unref();

  return {
    close: () => {
      closing.abort();
      clearTimeout(resuming.timer);
      udp.close();
      tcp.close();
      for (const socket of connections) socket.destroy();
    },
  };
}

const withoutDomain = (key: string, domain: string | undefined): string =>
  domain !== undefined && key.endsWith(`.${domain}`) ? key.slice(0, -domain.length - 1) : key;
