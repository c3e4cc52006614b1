import { BerthError } from '../../model/errors.ts';
import type { Route } from '../server.ts';

/** Known endpoints that this engine doesn't serve: said plainly, so that nobody waits. */
const missing: readonly (readonly [Route['method'], string, string])[] = [
  ['GET', '/containers/:id/changes', 'diff'],
  ['GET', '/containers/:id/export', 'export'],
  ['POST', '/commit', 'commit'],
  ['POST', '/build', 'build'],
  ['POST', '/build/prune', 'build'],
  ['POST', '/auth', 'logging in to registries'],
  ['GET', '/images/search', 'search'],
  ['GET', '/distribution/*', 'asking registries'],
  ['POST', '/session', 'build sessions'],
  ['GET', '/containers/:id/checkpoints', 'checkpoints'],
  ['POST', '/containers/:id/checkpoints', 'checkpoints'],
  ['GET', '/plugins', 'plugins'],
];

const swarm = ['/swarm', '/nodes', '/services', '/tasks', '/secrets', '/configs'];

export const laterRoutes: readonly Route[] = [
  ...missing.map(([method, path, what]): Route => ({
    method,
    path,
    handler: () => {
      throw new BerthError('not-implemented', `${what} is not there yet in this version of Berth`);
    },
  })),
  ...swarm.map((path): Route => ({
    method: 'GET',
    path,
    handler: () => ({ status: 503, body: { message: 'This node is not a swarm manager. Berth has no swarm mode.' } }),
  })),
];
