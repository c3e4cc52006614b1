import type { Database } from '../host/database.ts';
import type { Helper } from '../host/helper.ts';
import type { Registries } from '../image/registry.ts';
import type { RegistryOptions } from '../image/registry/endpoints.ts';
import type { Images } from '../image/store.ts';
import type { NetnsNames } from '../network/netns-names.ts';
import type { Resolver } from '../network/dns/resolver.ts';
import type { Network } from '../network/network.ts';
import type { DefaultPool } from '../network/pools.ts';
import type { HostFacts } from '../runtime/host-facts.ts';
import type { Layers } from '../storage/layers.ts';
import type { Snapshots } from '../storage/snapshots.ts';
import type { Volumes } from '../storage/volumes.ts';
import type { ContainerRecord } from '../model/container.ts';
import type { EventBus } from './events.ts';
import type { Execs } from './exec-records.ts';
import type { ImageGcLimits } from './image-gc.ts';
import type { LiveContainers } from './live.ts';
import type { RunningPulls } from './pull.ts';
import { containerPaths, type ContainerPaths } from './paths.ts';
import type { Records } from './records.ts';
import type { HostCpu } from './stats.ts';
import type { UserFiles } from './user.ts';

export interface EngineOptions {
  /** Data root, `/var/lib/berth`. One engine per data root. */
  readonly root: string;
  /** Run directory, `/run/berth`. */
  readonly run: string;
  /** The C helper's path. */
  readonly helperProgram: string;
  /** The small init that `--init` puts before the command. */
  readonly initProgram: string;
  /** How a userland proxy is started: program and arguments before `-proto …`. */
  readonly proxyCommand: readonly string[];
  readonly bridge: string;
  /** The bridge's address with prefix length; chosen when absent. */
  readonly bip?: string;
  /** Whence networks without a wish get their subnets; Docker's private blocks when absent. */
  readonly defaultPools?: readonly DefaultPool[];
  readonly userlandProxy: boolean;
  readonly firewall: 'iptables' | 'nftables';
  /** Where the host may ask for containers' names; nowhere when absent. */
  readonly hostDns?: { readonly address: string; readonly port: number };
  /** From the root of each cgroup hierarchy: `/berth`. */
  readonly cgroupParent: string;
  /** How registries are reached; Docker's defaults where absent. */
  readonly registries?: RegistryOptions;
  /** Removes unused images when the disk fills; off where absent. */
  readonly imageGc?: ImageGcLimits;
  readonly debug: boolean;
  /** One line for the daemon's log. */
  readonly log: (line: string) => void;
}

/** Everything the verbs work with; built once by `openEngine`. */
export interface Context {
  readonly options: EngineOptions;
  readonly engineId: string;
  readonly database: Database;
  readonly helper: Helper;
  readonly host: HostFacts;
  readonly images: Images;
  readonly registries: Registries;
  readonly pulls: RunningPulls;
  readonly layers: Layers;
  readonly snapshots: Snapshots;
  readonly volumes: Volumes;
  readonly network: Network;
  readonly netnsNames: NetnsNames;
  readonly resolver: Resolver;
  readonly records: Records;
  readonly execs: Execs;
  readonly live: LiveContainers;
  readonly events: EventBus;
  readonly hostCpu: HostCpu;
  /** By image: /etc/passwd and /etc/group. */
  readonly userFiles: Map<string, UserFiles>;
  /** Aborted when the engine closes: timers and followers end. */
  readonly closing: AbortSignal;
}

export const pathsOf = (context: Context, id: string): ContainerPaths =>
  containerPaths(context.options.root, context.options.run, id);

/** Tells an event of a container, with the attributes that Docker gives: labels, image, name. */
export function tell(
  context: Context,
  record: ContainerRecord,
  action: string,
  more: Record<string, string> = {},
): void {
  context.events.emit('container', action, record.id, {
    ...record.config.Labels,
    image: record.image,
    name: record.name,
    ...more,
  });
}
