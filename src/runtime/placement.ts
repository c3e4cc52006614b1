import type { Op } from '../model/plan.ts';
import type { CgroupLayout } from './cgroups/layout.ts';

/** Where and beside what a container runs: what an OCI spec doesn't say. */
export interface Placement {
  readonly id: string;
  readonly keeper: KeeperPlacement;
  readonly cgroups: CgroupLayout;
  /** Mounted at the spec's root.path inside the container's own mount namespace; without it root.path is a ready tree. */
  readonly overlay?: OverlayRoot;
  /** What the root gets where it lacks it, before anything is mounted in it. */
  readonly rootFiles?: readonly Op[];
  readonly network?: NetworkOps;
  /** Start times (field 22 of /proc/PID/stat) of the processes whose namespaces are joined, by pid: a reused pid is noticed. */
  readonly startTimes?: ReadonlyMap<number, bigint>;
}

export interface KeeperPlacement {
  /** The attach socket, `<run>/keepers/<id>.sock`. */
  readonly socket: string;
  readonly log: string;
  /** Bytes of one log file; 0: unbounded. */
  readonly logMaxSize: number;
  readonly logMaxFiles: number;
  readonly exitFile: string;
  readonly openStdin: boolean;
  readonly stdinOnce: boolean;
  readonly noLog?: boolean;
  /** Docker's json-file format; without it the local one (runtime/log.h). */
  readonly jsonLog?: boolean;
  /** What each line of a json log has before its time: `"attrs":{…},`. */
  readonly logAttributes?: string;
  readonly rows?: number;
  readonly columns?: number;
}

/** Overlayfs as data. `lower` (top first), `upper` and `work` are absolute or relative to `cwd`. */
export interface OverlayRoot {
  readonly cwd: string;
  readonly lower: readonly string[];
  readonly upper: string;
  readonly work: string;
}

/** The network's part of a launch, computed by `src/network`. */
export interface NetworkOps {
  /** By the keeper before anything is cloned: held ports. */
  readonly before: readonly Op[];
  /** By the keeper when init exists (`$pid`): the veth pair. */
  readonly host: readonly Op[];
  /** By init in the container's network namespace: lo, addresses, routes. */
  readonly inside: readonly Op[];
}

/** Where an exec runs: its own id and keeper, and the container's first process. */
export interface ExecPlacement {
  readonly id: string;
  readonly keeper: KeeperPlacement;
  readonly pid: number;
  readonly startTime: bigint;
  readonly cgroups: CgroupLayout;
}
