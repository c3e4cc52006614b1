import { archiveFlags, startArchiver, type Archiver } from '../host/archiver.ts';
import { isAlive, type ContainerRecord } from '../model/container.ts';
import { enterRunning, mountStopped } from '../runtime/plan/view.ts';
import { pathsOf, tell, type Context } from './context.ts';
import { waitForStart } from './stop.ts';
import { overlayOf } from './user-files.ts';

/** A container's whole root as a tar, without what is mounted in it: volumes, binds, /proc. */
export async function exportRoot(context: Context, record: ContainerRecord): Promise<Archiver> {
  await waitForStart(context, record);
  const current = context.records.get(record.id) ?? record;
  const { state } = current;
  const ops = isAlive(state)
    ? enterRunning(state.pid, BigInt(state.startTime))
    : mountStopped({
        rootfs: pathsOf(context, record.id).rootfs, overlay: overlayOf(context, record), mounts: [], writable: false,
      });
  tell(context, record, 'export');
  return startArchiver(context.options.helperProgram, { ops, verb: 'export', flags: archiveFlags.allXattrs });
}
