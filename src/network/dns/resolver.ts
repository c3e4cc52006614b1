import { createHash } from 'node:crypto';
import type { Helper } from '../../host/helper.ts';
import { renderRedirect, resolverBytes } from './redirect.ts';
import type { Upstream } from './forward.ts';
import { serve, type Asker, type Server } from './server.ts';

export interface ServeRequest {
  readonly containerId: string;
  /** The container's first process, by which its network namespace is found. */
  readonly pid: number;
  /** Clock ticks since boot: guards against a reused pid. */
  readonly startTime: bigint;
  /** It was served by an engine before this one. */
  readonly again: boolean;
  readonly asker: Asker;
}

/** The name servers of all containers on user-defined networks, each in its container's namespace at 127.0.0.11. */
export interface Resolver {
  /** When it returns, the container's first question will be answered. */
  serve(request: ServeRequest): Promise<void>;
  serves(containerId: string): boolean;
  /** Unknown is fine. */
  stop(containerId: string): void;
  close(): void;
}

export function openResolver(helper: Pick<Helper, 'openNameServer'>, upstream: Upstream): Resolver {
  const serving = new Map<string, Server>();
  const stop = (containerId: string): void => {
    serving.get(containerId)?.close();
    serving.delete(containerId);
  };
  return {
    serve: async ({ containerId, pid, startTime, again, asker }) => {
      stop(containerId);
      const sockets = await helper.openNameServer({
        pid, startTime, address: resolverBytes, port: portOf(containerId),
        redirect: renderRedirect(again),
      });
      serving.set(containerId, serve(sockets, asker, upstream));
    },
    serves: (containerId) => serving.has(containerId),
    stop,
    close: () => {
      for (const containerId of [...serving.keys()]) stop(containerId);
    },
  };
}

/** The next engine asks for the same port, so that questions under way by conntrack's memory still find a server. */
export function portOf(containerId: string): number {
  return 32_768 + createHash('sha256').update(`dns ${containerId}`).digest().readUInt16BE() % 28_000;
}
