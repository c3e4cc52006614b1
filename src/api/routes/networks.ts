import { parseFilters } from '../../engine/filters.ts';
import { describeNetwork, listNetworks, networkFilters } from '../../engine/networks.ts';
import { BerthError } from '../../model/errors.ts';
import type { Route } from '../server.ts';
import { inVersion } from '../wire/versions.ts';

const later = (): never => {
  throw new BerthError(
    'not-implemented',
    'user-defined networks are not there yet: use bridge, host, none or container:NAME',
  );
};

export const networkRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/networks',
    handler: (call) => ({
      status: 200,
      body: listNetworks(call.engine.context, parseFilters(call.query.text('filters'), networkFilters)).map((network) =>
        inVersion('network', network, call.version),
      ),
    }),
  },
  {
    method: 'GET',
    path: '/networks/:id',
    handler: (call) => {
      const { context } = call.engine;
      const network = describeNetwork(context, context.network.networks.find(call.params.id ?? ''));
      return { status: 200, body: inVersion('network', network, call.version) };
    },
  },
  { method: 'POST', path: '/networks/create', handler: later },
  { method: 'POST', path: '/networks/:id/connect', handler: later },
  { method: 'POST', path: '/networks/:id/disconnect', handler: later },
  { method: 'POST', path: '/networks/prune', handler: () => ({ status: 200, body: { NetworksDeleted: null } }) },
  {
    method: 'DELETE',
    path: '/networks/:id',
    handler: (call) => {
      const { name } = call.engine.context.network.networks.find(call.params.id ?? '');
      throw new BerthError('forbidden', `${name} is a pre-defined network and cannot be removed`);
    },
  },
];
