import { BerthError } from '../../model/errors.ts';
import type { Answer } from '../request.ts';
import type { Route } from '../server.ts';

/** Known endpoints that this engine doesn't serve: said plainly, so that nobody waits. */
const missing: readonly (readonly [Route['method'], string, string])[] = [
  ['POST', '/build', 'build'],
  ['GET', '/containers/:id/checkpoints', 'checkpoints'],
  ['POST', '/containers/:id/checkpoints', 'checkpoints'],
  ['DELETE', '/containers/:id/checkpoints/:checkpoint', 'checkpoints'],
  ['POST', '/plugins/*', 'plugins'],
  ['POST', '/swarm/init', 'swarm mode'],
  ['POST', '/swarm/join', 'swarm mode'],
];

const answerOf = (status: number, message: string) => (): Answer => ({ status, body: { message } });

/** A client that looks whether this is a swarm reads "This node is not a swarm manager", in Docker's words. */
const notAManager = answerOf(
  503,
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
);
const swarm = ['swarm', 'nodes', 'services', 'tasks', 'secrets', 'configs'];
const methods: readonly Route['method'][] = ['GET', 'POST', 'DELETE', 'PUT'];

export const laterRoutes: readonly Route[] = [
  ...missing.map(([method, path, what]): Route => ({
    method,
    path,
    handler: () => {
      throw new BerthError('not-implemented', `${what} is not there yet in this version of Berth`);
    },
  })),
  ...swarm.flatMap((what) => methods.flatMap((method): Route[] => [
    { method, path: `/${what}`, handler: notAManager },
    { method, path: `/${what}/*`, handler: notAManager },
  ])),
  { method: 'POST', path: '/swarm/leave', handler: answerOf(503, 'This node is not part of a swarm') },
  { method: 'GET', path: '/plugins', handler: () => ({ status: 200, body: [] }) },
  {
    method: 'GET',
    path: '/plugins/:name/json',
    handler: (call) => answerOf(404, `plugin ${JSON.stringify(call.params.name)} not found`)(),
  },
  // There is no build cache, so there is nothing to remove.
  { method: 'POST', path: '/build/prune', handler: () => ({ status: 200, body: { CachesDeleted: null, SpaceReclaimed: 0 } }) },
];
