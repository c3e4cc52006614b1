import { addPorts, removePort } from '../../engine/live-ports.ts';
import { invalid } from '../../model/errors.ts';
import { readJson } from '../request.ts';
import type { Route } from '../server.ts';
import { hostShape } from '../wire/create-shapes.ts';
import { checkShape } from '../wire/shape.ts';

/** Berth's own: ports of a container that runs come and go. Docker's API has nothing like it. */
export const portRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/containers/:id/ports',
    handler: async (call) => {
      const { PortBindings } = checkShape(await readJson(call), { PortBindings: hostShape.PortBindings }, '');
      const asked = Object.entries(PortBindings ?? {}).map(([port, bindings]) =>
        [port, bindings?.map(({ HostIp, HostPort }) => ({ HostIp, HostPort })) ?? null] as const);
      await addPorts(call.engine.context, call.params.id ?? '', Object.fromEntries(asked));
      return { status: 204 };
    },
  },
  {
    method: 'DELETE',
    path: '/containers/:id/ports',
    handler: async (call) => {
      const port = call.query.integer('port') ?? 0;
      const protocol = call.query.text('protocol') ?? 'tcp';
      if (port < 1 || port > 65535) throw invalid('the number of a host port is expected, from 1 to 65535');
      if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp') throw invalid(`invalid proto: ${protocol}`);
      await removePort(call.engine.context, call.params.id ?? '', port, protocol);
      return { status: 204 };
    },
  },
];
