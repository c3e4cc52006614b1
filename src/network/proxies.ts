import { endBackground, startBackground, type BackgroundProcess } from '../host/background.ts';
import type { Database } from '../host/database.ts';
import type { PortBinding } from '../model/ports.ts';
import { proxyArgs, type ProxyMapping } from './proxy.ts';

export interface Proxies {
  /** One process serves all of a container's ports. It outlives the engine. */
  start(containerId: string, address: string, ports: readonly PortBinding[]): Promise<void>;
  stop(containerId: string): Promise<void>;
  /** Who has a proxy on record. */
  owners(): string[];
}

/** `command`: what runs `berth proxy`, without its flags. */
export function openProxies(database: Database, command: readonly string[]): Proxies {
  database.define(`CREATE TABLE IF NOT EXISTS proxies (
    owner TEXT PRIMARY KEY, pid INTEGER NOT NULL, start_time TEXT NOT NULL)`);
  return {
    start: async (containerId, address, ports) => {
      const mappings = ports.flatMap(({ hostIp, hostPort, port, protocol }): ProxyMapping[] => protocol === 'sctp'
        ? []
        : [{ protocol, host: { address: hostIp, port: hostPort }, container: { address, port } }]);
      if (mappings.length === 0) return;
      const { pid, startTime } = await startBackground([...command, ...proxyArgs(mappings)]);
      database.run('INSERT OR REPLACE INTO proxies (owner, pid, start_time) VALUES (?, ?, ?)',
        containerId, pid, startTime);
    },
    stop: async (containerId) => {
      const known = database.get<BackgroundProcess>(
        'SELECT pid, start_time AS startTime FROM proxies WHERE owner = ?', containerId);
      if (!known) return;
      await endBackground(known);
      database.run('DELETE FROM proxies WHERE owner = ?', containerId);
    },
    owners: () => database.all<{ owner: string }>('SELECT owner FROM proxies').map(({ owner }) => owner),
  };
}
