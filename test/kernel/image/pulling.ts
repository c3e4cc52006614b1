import { openRegistries, type Registries } from '../../../src/image/registry.ts';
import { noRegistryOptions, type RegistryOptions } from '../../../src/image/registry/endpoints.ts';
import type { Credentials } from '../../../src/image/registry/auth.ts';
import type { ProgressLine } from '../../../src/image/stage.ts';
import { parseReference } from '../../../src/model/reference.ts';
import { FakeRegistry } from '../../fixtures/fake-registry.ts';
import { ImageBench } from './bench.ts';

/** A store, a registry beside it that may lie, and the client between them. */
export class PullBench {
  readonly store: ImageBench;
  readonly registry: FakeRegistry;
  readonly registries: Registries;
  readonly lines: ProgressLine[] = [];

  private constructor(store: ImageBench, registry: FakeRegistry, registries: Registries) {
    this.store = store;
    this.registry = registry;
    this.registries = registries;
  }

  static async open(
    { options = {}, directory, registry }: { options?: Partial<RegistryOptions>; directory?: string; registry?: FakeRegistry } = {},
  ): Promise<PullBench> {
    const store = await ImageBench.open(directory);
    const registries = await openRegistries({
      root: store.root, database: store.database, images: store.images,
      options: { ...noRegistryOptions, certificates: [], firstWait: 5, idle: 1000, ...options },
    });
    return new PullBench(store, registry ?? (await FakeRegistry.open()), registries);
  }

  pull(
    name = 'web:1', { credentials, signal = new AbortController().signal }: { credentials?: Credentials; signal?: AbortSignal } = {},
  ): Promise<unknown> {
    const reference = parseReference(`${this.registry.address}/${name}`);
    return this.registries.pull({ reference, credentials }, (line) => void this.lines.push(line), signal);
  }

  async close(): Promise<void> {
    this.registry.close();
    this.registries.close();
    await this.store.close();
  }
}
