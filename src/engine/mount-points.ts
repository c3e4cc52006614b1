import * as files from '../host/files.ts';
import type { ContainerRecord } from '../model/container.ts';
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
    const words = mode.split(',');
    if (words.some((word) => !['rw', 'ro', 'z', 'Z', 'nocopy'].includes(word))) throw invalid(`invalid mode: ${mode}`);
    return sharedContainer(context, reference)
      .mounts.filter((mount) => mount.type !== 'tmpfs')
      .map((mount): MountWish => ({
        type: mount.type,
        source: mount.type === 'volume' ? (mount.name ?? '') : mount.source,
        destination: mount.destination,
        mode: '',
        readWrite: mount.readWrite && !words.includes('ro'),
        propagation: mount.propagation,
        createSource: true,
        noCopy: true,
        ...(mount.anonymous ? { anonymous: true } : {}),
        ...(mount.subpath ? { subpath: mount.subpath } : {}),
        ...(mount.nonRecursive ? { nonRecursive: true } : {}),
      }));
  });
}

/** That there is none such is told as a bad request: for a client "not found" at create means the image. */
function sharedContainer(context: Context, reference: string): ContainerRecord {
  try {
    return context.records.find(reference);
  } catch (error) {
    throw invalid(messageOf(error), error);
  }
}

/**
 * What is to be mounted. Names of new anonymous volumes are chosen here, so that the record has them before they are
 * made.
 */
export function plannedMounts(context: Context, wishes: readonly MountWish[]): MountPoint[] {
  return wishes.map((wish): MountPoint => {
    const common = {
      type: wish.type,
      destination: wish.destination,
      mode: wish.mode,
      readWrite: wish.readWrite,
      propagation: wish.propagation,
      ...(wish.nonRecursive ? { nonRecursive: true } : {}),
      ...(wish.nonRecursiveReadonly ? { nonRecursiveReadonly: true } : {}),
    };
    if (wish.type === 'tmpfs') {
      const unlisted = wish.unlisted ? { unlisted: true } : {};
      return { ...common, source: '', tmpfsOptions: wish.tmpfsOptions ?? [], ...unlisted };
    }
    if (wish.type === 'bind') return { ...common, source: wish.source };
    const name = wish.source || context.volumes.freeName();
    return {
      ...common,
      name,
      source: context.volumes.pathOf(name),
      driver: 'local',
      copyUp: !wish.noCopy,
      ...(wish.source === '' || wish.anonymous ? { anonymous: true } : {}),
      ...(wish.subpath ? { subpath: wish.subpath } : {}),
    };
  });
}

/** Makes what has to be made: volumes, missing bind sources. */
export async function makeSources(
  context: Context, wishes: readonly MountWish[], mounts: readonly MountPoint[], undo: UndoStack,
): Promise<void> {
  for (const [index, wish] of wishes.entries()) {
    const { name } = mounts[index] ?? {};
    if (wish.type === 'bind') await bindSource(wish);
    if (wish.type !== 'volume' || !name || context.volumes.find(name)) continue;
    await context.volumes.create({
      name,
      anonymous: wish.source === '',
      ...(wish.driver ? { driver: wish.driver } : {}),
      ...(wish.labels ? { labels: wish.labels } : {}),
      ...(wish.driverOptions ? { options: wish.driverOptions } : {}),
    });
    undo.push(`volume ${name}`, () => context.volumes.remove(name));
    context.events.emit('volume', 'create', name, { driver: 'local' });
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
