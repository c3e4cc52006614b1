import type { CgroupLayout } from './cgroups/layout.ts';

/** What the spec depends on and only the host can tell. Read once when the engine starts, by `detectHost`. */
export interface HostFacts {
  readonly architecture: 'x86_64' | 'aarch64';
  /** [6, 18] for 6.18.44. */
  readonly kernel: readonly [number, number];
  /** Numbers of the CPUs and memory nodes that are online. */
  readonly cpus: readonly number[];
  readonly memoryNodes: readonly number[];
  /** The engine's own bounding set: no container can have more. */
  readonly capabilities: bigint;
  /** The engine's hard limits by `RLIMIT_…` name, -1 for unlimited: without CAP_SYS_RESOURCE no container can have more. */
  readonly hardLimits: Readonly<Record<string, number>>;
  readonly cgroups: CgroupLayout;
}
