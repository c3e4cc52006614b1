import { isAlive, type ContainerRecord } from '../model/container.ts';
import { invalid, notFound } from '../model/errors.ts';
import type { HostConfig, PortBinding } from '../model/host-config.ts';
import { requestsFromApi, type Protocol } from '../model/ports.ts';
import { inTurn } from './connect.ts';
import type { Context } from './context.ts';
import { hasOwnNetwork } from './endpoint-wishes.ts';
import { publishedOf } from './networking.ts';

type PortMap = Readonly<Record<string, PortBinding[] | null>>;

/** Publishes more ports: now where the container runs, and from its next start on. */
export function addPorts(context: Context, reference: string, asked: PortMap): Promise<void> {
  return inTurn(context, reference, async (record) => {
    const requests = requestsFromApi(asked);
    if (requests.length === 0) throw invalid('no port to publish: name one as in 8080:80');
    if (!hasOwnNetwork(record.hostConfig.NetworkMode)) {
      throw invalid(`container ${record.name} shares a network that isn't its own: publish where that one is`);
    }
    if (isAlive(record.state)) await context.network.publishMore(record.id, requests);
    const bindings: Record<string, PortBinding[] | null> = { ...record.hostConfig.PortBindings };
    for (const [port, more] of Object.entries(asked)) bindings[port] = [...bindings[port] ?? [], ...more ?? []];
    remember(context, record, bindings);
  });
}

/** Ends what one host port publishes: now where the container runs, and from its next start on. */
export function removePort(context: Context, reference: string, hostPort: number, protocol: Protocol): Promise<void> {
  return inTurn(context, reference, async (record) => {
    // A port that was chosen at random is known by its number only while the container runs.
    const running = record.ports.filter((port) => port.hostPort === hostPort && port.port.endsWith(`/${protocol}`));
    const isIt = (port: string, { HostPort }: PortBinding): boolean => port.endsWith(`/${protocol}`)
      && (HostPort === String(hostPort) || (/^0?$/.test(HostPort) && running.some((published) => published.port === port)));
    const entries = Object.entries(record.hostConfig.PortBindings ?? {});
    const left = entries.flatMap(([port, bindings]): [string, PortBinding[] | null][] => {
      const rest = bindings?.filter((binding) => !isIt(port, binding)) ?? null;
      return rest?.length === 0 ? [] : [[port, rest]];
    });
    if (running.length > 0) await context.network.unpublish(record.id, hostPort, protocol);
    else if (JSON.stringify(left) === JSON.stringify(entries)) {
      throw notFound(`host port ${hostPort}/${protocol} is not published by container ${record.name}`);
    }
    remember(context, record, Object.fromEntries(left));
  });
}

function remember(context: Context, { id }: ContainerRecord, bindings: HostConfig['PortBindings']): void {
  const current = context.records.get(id);
  if (!current) return;
  context.records.update(id, {
    hostConfig: { ...current.hostConfig, PortBindings: bindings },
    ...(isAlive(current.state) ? { ports: publishedOf(context.network.endpointsOf(id)) } : {}),
  });
}
