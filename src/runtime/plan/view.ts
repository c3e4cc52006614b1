import { bindFlags, type Op } from '../../model/plan.ts';
import { cloneFlags, ms } from '../linux.ts';
import type { OverlayRoot } from '../placement.ts';
import type { MountRequest } from '../spec/request.ts';
import { bindMount, parentsFirst } from '../spec/mounts.ts';
import { bindOp, overlayMount, readonlyOverlay } from './mounts.ts';

/** Into the mount namespace of a running process: what it sees is what there is. */
export function enterRunning(pid: number, startTime: bigint): Op[] {
  return [{ op: 'join', pid, startTime, flags: cloneFlags.NEWNS }];
}

export interface StoppedView {
  /** The empty host directory that the root is mounted on, for this process alone. */
  readonly rootfs: string;
  readonly overlay: OverlayRoot;
  /** Volumes and binds; without a tmpfs, whose content went with the last run. */
  readonly mounts: readonly Extract<MountRequest, { kind: 'bind' }>[];
  /** Something will be written: the overlay gets its upper layer. Otherwise the upper is only read. */
  readonly writable: boolean;
}

/**
 * What a stopped container would see, in a mount namespace that nobody else ever sees and that ends with the process
 * (INVARIANTS 1). A mount that can't be made (its source is gone) is left out.
 */
export function mountStopped({ rootfs, overlay, mounts, writable }: StoppedView): Op[] {
  return [
    ...privately,
    writable ? overlayMount(rootfs, overlay) : readonlyOverlay(rootfs, overlay.cwd, [overlay.upper, ...overlay.lower]),
    { op: 'root', path: rootfs },
    ...parentsFirst(mounts).map((mount): Op => {
      const op = bindOp(bindMount(mount));
      return { ...op, flags: op.flags | bindFlags.skipMissing, optional: true };
    }),
  ];
}

/** The layers below a container's writable one, read-only, in a private mount namespace. */
export function mountLower(rootfs: string, { cwd, lower }: OverlayRoot): Op[] {
  return [...privately, readonlyOverlay(rootfs, cwd, lower), { op: 'root', path: rootfs }];
}

const privately: readonly Op[] = [
  { op: 'unshare', flags: cloneFlags.NEWNS },
  { op: 'mount', source: '', target: '/', type: '', flags: ms.REC | ms.PRIVATE, data: '', cwd: '' },
];
