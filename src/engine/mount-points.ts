import type { ContainerRecord } from '../model/container.ts';
import * as files from '../host/files.ts';
import { invalid, messageOf } from '../model/errors.ts';
import type { HostConfig } from '../model/host-config.ts';
import type { MountPoint } from '../model/mounts.ts';
import type { Context } from './context.ts';
import type { MountWish } from './mounts.ts';
import type { UndoStack } from './undo.ts';

/** What `--volumes-from CONTAINER[:ro|rw]` brings: the other's binds and volumes. */
export function wishesFrom(context: Context, hostConfig: Pick<HostConfig, 'VolumesFrom'>): MountWish[] {
  return (hostConfig.VolumesFrom ?? []).flatMap((text) => {
    const [reference = '', mode = 'rw'] = text.split(':');
    if (mode !== 'rw' && mode !== 'ro') throw invalid(`invalid mode: ${mode}`);
    return donor(context, reference)
      .mounts.filter((mount) => mount.type !== 'tmpfs')
      .map((mount): MountWish => ({
        type: mount.type,
        source: mount.type === 'volume' ? (mount.name ?? '') : mount.source,
        destination: mount.destination,
        mode: mount.mode,
        readWrite: mount.readWrite && mode === 'rw',
        propagation: mount.propagation,
        createSource: true,
        noCopy: true,
      }));
  });
}

/** That there is none such isn't "not found" at create: to a client that means the image. */
function donor(context: Context, reference: string): ContainerRecord {
  try {
    return context.records.find(reference);
  } catch (error) {
    throw invalid(messageOf(error));
  }
}

/** Makes what has to be made (volumes, missing bind sources) and names what is to be mounted. */
export async function resolveMounts(
  context: Context,
  wishes: readonly MountWish[],
  undo: UndoStack,
): Promise<MountPoint[]> {
  const points: MountPoint[] = [];
  for (const wish of wishes) points.push(await resolveOne(context, wish, undo));
  return points;
}

async function resolveOne(context: Context, wish: MountWish, undo: UndoStack): Promise<MountPoint> {
  const common = {
    type: wish.type,
    destination: wish.destination,
    mode: wish.mode,
    readWrite: wish.readWrite,
    propagation: wish.propagation,
    ...(wish.nonRecursive ? { nonRecursive: true } : {}),
  };
  switch (wish.type) {
    case 'tmpfs':
      return { ...common, source: '', tmpfsOptions: wish.tmpfsOptions ?? [] };
    case 'bind':
      await bindSource(wish);
      return { ...common, source: wish.source };
    case 'volume': {
      const known = wish.source === '' ? undefined : context.volumes.find(wish.source);
      const volume =
        known ??
        (await context.volumes.create({
          ...(wish.source === '' ? {} : { name: wish.source }),
          ...(wish.driver ? { driver: wish.driver } : {}),
          ...(wish.labels ? { labels: wish.labels } : {}),
          ...(wish.driverOptions ? { options: wish.driverOptions } : {}),
        }));
      if (!known) {
        undo.push(`volume ${volume.name}`, () => context.volumes.remove(volume.name));
        context.events.emit('volume', 'create', volume.name, { driver: 'local' });
      }
      return {
        ...common,
        name: volume.name,
        source: volume.mountpoint,
        driver: 'local',
        copyUp: !wish.noCopy,
        ...(wish.source === '' ? { anonymous: true } : {}),
        ...(wish.subpath ? { subpath: wish.subpath } : {}),
      };
    }
    default:
      return wish.type satisfies never;
  }
}

async function bindSource(wish: MountWish): Promise<void> {
  if (await files.exists(wish.source)) return;
  if (!wish.createSource)
    throw invalid(`invalid mount config for type "bind": bind source path does not exist: ${wish.source}`);
  try {
    await files.makeDirectory(wish.source, 0o755);
  } catch (error) {
    throw invalid(`error while creating mount source path '${wish.source}': ${messageOf(error)}`);
  }
}
