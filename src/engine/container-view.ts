import { isAlive, type ContainerRecord } from '../model/container.ts';
import type { Op } from '../model/plan.ts';
import { enterRunning, mountStopped } from '../runtime/plan/view.ts';
import type { MountRequest } from '../runtime/spec/build.ts';
import { pathsOf, type Context } from './context.ts';
import { mountRequest } from './request.ts';
import { overlayOf } from './user-files.ts';

type Bind = Extract<MountRequest, { kind: 'bind' }>;

/**
 * The way into a container's files, volumes and binds included: the running one's own mount namespace, where a
 * tmpfs is there too; for a stopped one its root mounted for the helper's process alone.
 */
export function viewOf(context: Context, record: ContainerRecord, writable: boolean): Op[] {
  const { state } = record;
  if (isAlive(state)) return enterRunning(state.pid, BigInt(state.startTime));
  const paths = pathsOf(context, record.id);
  const own = record.mounts.map(mountRequest).filter((mount): mount is Bind => mount.kind === 'bind');
  const taken = new Set(own.map(({ target }) => target));
  const etc = (
    [['/etc/resolv.conf', paths.resolvConf], ['/etc/hostname', paths.hostname], ['/etc/hosts', paths.hosts]] as const
  ).filter(([target]) => !taken.has(target));
  return mountStopped({
    rootfs: paths.rootfs,
    overlay: overlayOf(context, record),
    mounts: [...own, ...etc.map(([target, source]): Bind => ({ kind: 'bind', target, source, readonly: false }))],
    writable,
  });
}

/**
 * What the engine makes in a root before its first run: targets of its mounts. Docker has them in a layer of their own
 * below the container's; here they are told by being empty, and belong to no change and no commit.
 */
export const engineMade: readonly string[] = [
  '.dockerenv', 'dev', 'dev/console', 'dev/mqueue', 'dev/pts', 'dev/shm', 'etc/hostname', 'etc/hosts', 'etc/mtab',
  'etc/resolv.conf', 'proc', 'sys',
];
