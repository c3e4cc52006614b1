import { join } from 'node:path';
import { openDatabase } from '../host/database.ts';
import { run } from '../host/exec.ts';
import * as files from '../host/files.ts';
import { startHelper } from '../host/helper.ts';
import { openRegistries } from '../image/registry.ts';
import { openImages } from '../image/store.ts';
import type { ContainerRecord } from '../model/container.ts';
import { openHostDns } from '../network/dns/host.ts';
import { openResolver } from '../network/dns/resolver.ts';
import { hostUpstream } from '../network/dns/upstream.ts';
import { openNetwork } from '../network/network.ts';
import { openNetnsNames } from '../network/netns-names.ts';
import { detectHost } from '../runtime/host-facts.ts';
import { openLayers } from '../storage/layers.ts';
import { openSnapshots } from '../storage/snapshots.ts';
import { openVolumes } from '../storage/volumes.ts';
import { attach, Waiting, type Attachment, type AttachStreams } from './attach.ts';
import { removeIdleParent } from './cgroups.ts';
import type { Context, EngineOptions } from './context.ts';
import { create, type CreateRequest } from './create.ts';
import { engineIdOf } from './engine-id.ts';
import { EventBus } from './events.ts';
import { createExec, resizeExec, startExec } from './exec.ts';
import { Execs, type ExecConfig, type ExecRecord } from './exec-records.ts';
import { startImageGc } from './image-gc.ts';
import { listContainers, type ListOptions } from './list.ts';
import { LiveContainers, type WaitResult } from './live.ts';
import { logs, type LogOptions } from './logs.ts';
import { pause, unpause } from './pause.ts';
import { reconcile, startWanted } from './reconcile.ts';
import { Records } from './records.ts';
import { remove, type RemoveOptions } from './remove.ts';
import { rename } from './rename.ts';
import { start } from './start.ts';
import { HostCpu } from './stats.ts';
import { kill, restart, stop, waitForStart, type StopOptions } from './stop.ts';
import { top, type ProcessTable } from './top.ts';
import { update, type UpdateRequest } from './update.ts';
import { wait, type WaitCondition } from './wait.ts';
import { BerthError, conflict } from '../model/errors.ts';

export type { EngineOptions } from './context.ts';

/**
 * A container engine inside the caller's process; the daemon is a thin wrapper around it. Containers are named by id,
 * name or a unique beginning of the id. They outlive the engine: `close` leaves them running, and the next engine on
 * the same data root finds them.
 *
 * ```ts
 * const engine = await Engine.open(options);
 * await engine.images.load(createReadStream('web.tar'));
 * const { id } = await engine.create({ config, hostConfig, networkingConfig });
 * await engine.start(id);
 * ```
 */
export class Engine {
  /** For those who render what the engine knows (the API); its parts are not to be changed from outside. */
  readonly context: Context;
  readonly #closing: AbortController;

  private constructor(context: Context, closing: AbortController) {
    this.context = context;
    this.#closing = closing;
  }

  /** Opens the data root, finds what runs, cleans up after a crash, starts what the restart policies want. */
  static async open(options: EngineOptions): Promise<Engine> {
    await files.makeDirectory(options.root);
    await files.makeDirectory(join(options.run, 'keepers'));
    await files.chmod(join(options.run, 'keepers'), 0o700);
    const helper = await startHelper({ path: options.helperProgram, lock: join(options.root, 'lock') });
    try {
      const database = openDatabase(join(options.root, 'berth.db'));
      const engineId = engineIdOf(database);
      const closing = new AbortController();
      const layers = await openLayers({ database, root: options.root });
      const images = await openImages({ database, root: options.root, layers, unpackHelper: options.helperProgram });
      const context: Context = {
        options,
        engineId,
        database,
        helper,
        host: await detectHost(options.cgroupParent),
        images,
        registries: await openRegistries({ root: options.root, database, images, options: options.registries }),
        pulls: new Map(),
        layers,
        snapshots: openSnapshots({ database, root: options.root, layers }),
        volumes: await openVolumes({ database, root: options.root }),
        network: openNetwork({
          database,
          helper,
          run,
          options: {
            engineId,
            bridge: options.bridge,
            userlandProxy: options.userlandProxy,
            proxyCommand: options.proxyCommand,
            firewall: options.firewall,
            ...(options.bip ? { bip: options.bip } : {}),
            ...(options.defaultPools ? { defaultPools: options.defaultPools } : {}),
          },
        }),
        netnsNames: openNetnsNames(database),
        resolver: openResolver(helper, hostUpstream),
        records: new Records(database),
        execs: new Execs(database),
        live: new LiveContainers(),
        hostCpu: new HostCpu(),
        events: new EventBus(),
        userFiles: new Map(),
        closing: closing.signal,
      };
      const engine = new Engine(context, closing);
      const { hostDns } = options;
      if (hostDns) {
        const server = await openHostDns(hostDns.address, hostDns.port, () => context.network.allNames());
        closing.signal.addEventListener('abort', () => server.close());
      }
      const wanted = await reconcile(context);
      void startWanted(context, wanted);
      if (options.imageGc) startImageGc(context, options.imageGc);
      return engine;
    } catch (error) {
      await helper.close();
      throw error;
    }
  }

  /** Lets go of everything and leaves the containers running. */
  async close(): Promise<void> {
    this.#closing.abort();
    const { live, execs, helper, database, records } = this.context;
    for (const record of records.all()) await waitForStart(this.context, record);
    for (const [, one] of live.all()) {
      clearTimeout(one.restartTimer);
      one.health?.abort();
      one.keeper?.close();
    }
    for (const [, exec] of execs.live) exec.keeper?.close();
    await removeIdleParent(this.context);
    await this.context.network.settle();
    this.context.registries.close();
    this.context.resolver.close();
    await helper.close();
    database.close();
  }

  find(reference: string): ContainerRecord {
    return this.context.records.find(reference);
  }

  list(options: ListOptions): ContainerRecord[] {
    return listContainers(this.context, options);
  }

  create(request: CreateRequest): Promise<{ id: string; warnings: string[] }> {
    return create(this.context, request);
  }

  start(reference: string): Promise<void> {
    return start(this.context, this.find(reference), { by: 'user' });
  }

  stop(reference: string, options: StopOptions = {}): Promise<void> {
    return stop(this.context, this.find(reference), options);
  }

  restart(reference: string, options: StopOptions = {}): Promise<void> {
    return restart(this.context, this.find(reference), options);
  }

  async kill(reference: string, signal?: string): Promise<void> {
    return kill(this.context, this.#findToKill(reference), signal);
  }

  /** Docker's words for it differ here. */
  #findToKill(reference: string): ContainerRecord {
    try {
      return this.find(reference);
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
      throw new BerthError(error.kind, `Cannot kill container: ${reference}: ${error.message}`);
    }
  }

  pause(reference: string): Promise<void> {
    return pause(this.context, this.find(reference));
  }

  unpause(reference: string): Promise<void> {
    return unpause(this.context, this.find(reference));
  }

  rename(reference: string, name: string): Promise<void> {
    return rename(this.context, this.find(reference), name);
  }

  update(reference: string, request: UpdateRequest): Promise<string[]> {
    return update(this.context, this.find(reference), request);
  }

  async remove(reference: string, options: RemoveOptions): Promise<void> {
    await remove(this.context, this.find(reference), options);
    // Who removes the last container by hand finds the bridge and the rules gone afterwards.
    await this.context.network.settle();
  }

  /** Registered when this returns; `result` settles when the condition holds. */
  wait(reference: string, condition: WaitCondition, signal: AbortSignal): { result: Promise<WaitResult> } {
    return wait(this.context, reference, condition, signal);
  }

  attach(reference: string, streams: AttachStreams): Attachment {
    return attach(this.context, this.find(reference), streams);
  }

  logs(reference: string, options: LogOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
    return logs(this.context, this.find(reference), options, signal);
  }

  top(reference: string, psArgs = ''): Promise<ProcessTable> {
    return top(this.context, this.find(reference), psArgs);
  }

  resize(reference: string, rows: number, columns: number): void {
    const record = this.find(reference);
    const { keeper } = this.context.live.of(record.id);
    if (!keeper) throw conflict(`cannot resize a stopped container: ${record.id}`);
    keeper.resize(rows, columns);
  }

  createExec(reference: string, config: ExecConfig): string {
    return createExec(this.context, this.find(reference), config);
  }

  findExec(reference: string): ExecRecord {
    return this.context.execs.find(reference);
  }

  /**
   * Runs an exec; `streams`: those the caller wants, none for a detached one. The attachment is joined before the
   * program runs.
   */
  async startExec(
    reference: string,
    streams: AttachStreams | undefined,
    size?: { rows: number; columns: number },
  ): Promise<Attachment | undefined> {
    const client = streams && new Waiting(streams);
    await startExec(this.context, reference, { ...(client ? { client } : {}), ...size });
    return client;
  }

  resizeExec(reference: string, rows: number, columns: number): void {
    resizeExec(this.context, reference, rows, columns);
  }
}
