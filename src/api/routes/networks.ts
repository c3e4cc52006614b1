import { connectContainer, disconnectContainer } from '../../engine/connect.ts';
import { parseFilters } from '../../engine/filters.ts';
import {
  createNetwork, listNetworks, networkFilters, networkPruneFilters, pruneNetworks, removeNetwork, viewNetwork,
} from '../../engine/networks.ts';
import { BerthError, invalid } from '../../model/errors.ts';
import { readJson } from '../request.ts';
import type { Route } from '../server.ts';
import { inVersion } from '../wire/versions.ts';
import { endpointOf } from '../wire/create.ts';
import { endpointShape } from '../wire/create-shapes.ts';
import { networkBody, networkCreateShape, networkWish } from '../wire/network.ts';
import { checkShape } from '../wire/shape.ts';

const forbidden = (message: string): BerthError => new BerthError('forbidden', message);

export const networkRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/networks',
    handler: (call) => ({
      status: 200,
      body: listNetworks(call.engine.context, parseFilters(call.query.text('filters'), networkFilters)).map((view) =>
        inVersion('network', networkBody(view), call.version)),
    }),
  },
  {
    method: 'GET',
    path: '/networks/:id',
    handler: (call) => {
      const scope = call.query.text('scope') ?? 'local';
      if (!['', 'local'].includes(scope)) throw new BerthError('not-found', `network ${call.params.id} not found`);
      return { status: 200, body: inVersion('network', networkBody(viewNetwork(call.engine.context, call.params.id ?? '')), call.version) };
    },
  },
  {
    method: 'POST',
    path: '/networks/create',
    handler: async (call) => {
      const body = checkShape(await readJson(call), networkCreateShape, '');
      if (body.Ingress) throw forbidden('Ingress network can only be global scope network');
      if (body.Scope === 'swarm') throw forbidden('cannot create a swarm scoped network when swarm is not active');
      if (body.ConfigOnly || body.ConfigFrom?.Network) {
        throw new BerthError('not-implemented', 'configuration-only networks are not there: give each its own options');
      }
      const { id } = await createNetwork(call.engine.context, networkWish(body));
      return { status: 201, body: { Id: id, Warning: '' } };
    },
  },
  {
    method: 'POST',
    path: '/networks/:id/connect',
    handler: async (call) => {
      const body = checkShape(await readJson(call), { Container: 'string', EndpointConfig: { object: endpointShape } }, '');
      if (body.Container === '') throw invalid('invalid name or ID supplied: ""');
      const { context } = call.engine;
      const network = context.network.networks.find(call.params.id ?? '');
      const endpoint = body.EndpointConfig ? endpointOf(body.EndpointConfig) : {};
      await connectContainer(context, network, body.Container, endpoint);
      return { status: 200 };
    },
  },
  {
    method: 'POST',
    path: '/networks/:id/disconnect',
    handler: async (call) => {
      const body = checkShape(await readJson(call), { Container: 'string', Force: 'boolean' }, '');
      if (body.Container === '') throw invalid('invalid name or ID supplied: ""');
      const { context } = call.engine;
      const network = context.network.networks.find(call.params.id ?? '');
      await disconnectContainer(context, network, body.Container, body.Force);
      return { status: 200 };
    },
  },
  {
    method: 'POST',
    path: '/networks/prune',
    handler: async (call) => {
      const filters = parseFilters(call.query.text('filters'), networkPruneFilters);
      const removed = await pruneNetworks(call.engine.context, filters);
      return { status: 200, body: { NetworksDeleted: removed.length > 0 ? removed : null } };
    },
  },
  {
    method: 'DELETE',
    path: '/networks/:id',
    handler: async (call) => {
      await removeNetwork(call.engine.context, call.params.id ?? '');
      return { status: 204 };
    },
  },
];
