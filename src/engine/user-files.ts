import type { RootSource } from '../host/helper.ts';
import { zeroTime, type ContainerRecord } from '../model/container.ts';
import { BerthError } from '../model/errors.ts';
import type { OverlayRoot } from '../storage/snapshots.ts';
import type { Context } from './context.ts';
import type { UserFiles } from './user.ts';

const largest = 10 * 2 ** 20;
/** Images whose files are remembered. */
const remembered = 64;

/** What to mount as the container's root. */
export function overlayOf(context: Context, record: ContainerRecord): OverlayRoot {
  const overlay = context.snapshots.overlay(record.id);
  if (!overlay) throw new BerthError('internal', `container ${record.id} has no writable layer: remove it with \`rm\``);
  return overlay;
}

/** /etc/passwd and /etc/group of a root, read in C: regular files only, at most 10 MiB. */
export async function readUserFiles(context: Context, root: RootSource): Promise<UserFiles> {
  const [passwd, group] = await context.helper.readFiles(root, ['/etc/passwd', '/etc/group'], largest);
  return { passwd: passwd?.toString('utf8') ?? '', group: group?.toString('utf8') ?? '' };
}

/** Those of a container that is about to start. Before its first run they are its image's, which never change. */
export async function userFilesOf(context: Context, record: ContainerRecord): Promise<UserFiles> {
  const fresh = record.state.startedAt === zeroTime;
  const known = fresh ? context.userFiles.get(record.imageId) : undefined;
  if (known) return known;
  const { cwd, lower, upper } = overlayOf(context, record);
  const found = await readUserFiles(context, { overlay: { cwd, lower, ...(fresh ? {} : { upper }) } });
  if (fresh) {
    context.userFiles.set(record.imageId, found);
    const [oldest] = context.userFiles.keys();
    if (context.userFiles.size > remembered && oldest) context.userFiles.delete(oldest);
  }
  return found;
}
