import * as files from '../host/files.ts';
import type { Helper, RootSource } from '../host/helper.ts';
import type { ContainerRecord } from '../model/container.ts';
import type { MountPoint } from '../model/mounts.ts';
import { pathsOf, type Context } from './context.ts';
import { overlayOf } from './user-files.ts';

/** A helper that can copy a directory of a root to a host directory, by descriptor, in C. */
interface CopyingHelper extends Helper {
  copyOut?(root: RootSource, path: string, destination: string): Promise<void>;
}

/**
 * An empty volume takes over what the image has at its destination: files, owner and mode. The helper copies, in a
 * private view of the image's tree, so that no link in the image leads anywhere else.
 */
export async function fillVolumes(context: Context, record: ContainerRecord, mounts: readonly MountPoint[]): Promise<void> {
  const helper: CopyingHelper = context.helper;
  for (const mount of mounts) {
    if (mount.type !== 'volume' || !mount.copyUp || mount.subpath || !helper.copyOut) continue;
    if ((await files.list(mount.source)).length > 0) continue;
    const { cwd, lower } = overlayOf(context, record);
    await files.makeDirectory(pathsOf(context, record.id).rootfs);
    await helper.copyOut({ overlay: { cwd, lower }, at: pathsOf(context, record.id).rootfs }, mount.destination, mount.source);
  }
}
