import * as files from '../host/files.ts';
import type { ContainerRecord } from '../model/container.ts';
import type { MountPoint } from '../model/mounts.ts';
import type { Context } from './context.ts';
import { overlayOf } from './user-files.ts';
import { mountVolumes, unmountVolumes } from './volume-mounts.ts';

/**
 * An empty volume takes over what the image has at its destination: files, owner and mode. The helper copies, in a
 * private view of the image's tree, so that no link in the image leads anywhere else.
 */
export async function fillVolumes(
  context: Context,
  record: ContainerRecord,
  mounts: readonly MountPoint[],
): Promise<void> {
  try {
    await mountVolumes(context, record);
  } catch {
    return; // the start will tell
  }
  try {
    for (const mount of mounts) await fill(context, record, mount);
  } finally {
    await unmountVolumes(context, record);
  }
}

async function fill(context: Context, record: ContainerRecord, mount: MountPoint): Promise<void> {
  if (mount.type !== 'volume' || !mount.copyUp || mount.subpath) return;
  if ((await files.list(mount.source)).length > 0) return;
  const { cwd, lower } = overlayOf(context, record);
  await context.helper.copyOut({ overlay: { cwd, lower } }, mount.destination, mount.source);
}
