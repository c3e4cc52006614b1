import { bindUdp, listenTcp } from '../../host/sockets.ts';
import { codeOf, unavailable } from '../../model/errors.ts';
import type { NetworkNames } from '../endpoints.ts';
import { serve, type Server } from './server.ts';
import { hostUpstream } from './upstream.ts';

/** Where the host asks unless told: an address that systemd's resolver (127.0.0.53 and .54) leaves free. */
export const hostDnsAddress = '127.0.0.153';

/** With it names can be told apart from others by who sends only `*.berth` here. */
const domain = 'berth';

/**
 * Tells the host the names of all containers: `NAME`, `NAME.NETWORK`, each also under `.berth`. Everything else is
 * refused, so that a resolver asks its next server.
 */
export async function openHostDns(address: string, port: number, networks: () => readonly NetworkNames[]): Promise<Server> {
  const failed = (error: unknown): never => {
    throw unavailable(`--host-dns ${address}: ${codeOf(error) ?? String(error)}: choose another address`, error);
  };
  const udp = await bindUdp({ address, port }).catch(failed);
  const tcp = await listenTcp({ address, port }, () => {}).catch((error: unknown) => {
    udp.close();
    return failed(error);
  });
  const sockets = { udp, tcp, port, pause: () => {}, resume: () => {} };
  return serve(sockets, { networks, domain }, hostUpstream);
}
