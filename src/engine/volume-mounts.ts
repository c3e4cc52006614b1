import * as files from '../host/files.ts';
import { isAlive, type ContainerRecord } from '../model/container.ts';
import { BerthError, messageOf } from '../model/errors.ts';
import type { MountPoint } from '../model/mounts.ts';
import { volumeMount, volumeMountOp, type VolumeMount } from '../storage/volume-options.ts';
import type { Context } from './context.ts';

/** Volumes of a container whose options name something to mount (`type=nfs`, `o=bind`). */
function mountsOf(context: Context, record: Pick<ContainerRecord, 'mounts'>): { name: string; mount: VolumeMount }[] {
  return record.mounts.flatMap(({ type, name }) => {
    const volume = type === 'volume' && name ? context.volumes.find(name) : undefined;
    const mount = volume && volumeMount(volume);
    return volume && mount ? [{ name: volume.name, mount }] : [];
  });
}

/** Before a container uses its volumes. What is mounted already stays: containers share it. */
export async function mountVolumes(context: Context, record: Pick<ContainerRecord, 'mounts'>): Promise<void> {
  for (const { name, mount } of mountsOf(context, record)) {
    await context.volumes.inTurn(name, async () => {
      if (await isMounted(mount.target)) return;
      try {
        await context.helper.apply([volumeMountOp(mount)]);
      } catch (error) {
        const what = `mount ${mount.source}:${mount.target}, flags: 0x${mount.flags.toString(16)}`;
        const why = messageOf(error).replace(/^mount .* on .*?: /, '').replace(/^./, (letter) => letter.toLowerCase());
        throw new BerthError(
          'internal',
          `error while mounting volume '${mount.target}': failed to mount local volume: ` +
            `${what}${mount.data ? `, data: ${mount.data}` : ''}: ${why}`,
          { cause: error },
        );
      }
    });
  }
}

/** After it: what no container but `ended` uses any more is taken down; what could not be is logged. */
export async function unmountVolumes(
  context: Context, record: Pick<ContainerRecord, 'mounts'>, ended?: ContainerRecord['id'],
): Promise<void> {
  for (const { name, mount } of mountsOf(context, record)) {
    await context.volumes.inTurn(name, async () => {
      const used = context.records.all().some((other) =>
        other.id !== ended && other.mounts.some((point) => point.name === name)
        && (isAlive(other.state) || context.live.of(other.id).starting !== undefined));
      if (used || !(await isMounted(mount.target))) return;
      await context.helper.apply([{ op: 'unmount', path: mount.target }]);
    }).catch((error: unknown) => context.options.log(`volume ${name}: ${messageOf(error)}`));
  }
}

/** A volume that the engine itself uses, in the form of a container's. */
export const volumePoint = (name: string): MountPoint => ({
  type: 'volume', name, source: '', destination: '', mode: '', readWrite: true, propagation: '',
});

/** When the engine starts: what containers used that ended without it. */
export async function unmountIdleVolumes(context: Context): Promise<void> {
  for (const { name } of context.volumes.list()) await unmountVolumes(context, { mounts: [volumePoint(name)] });
}

async function isMounted(path: string): Promise<boolean> {
  // Octal escapes stand for what would break the line; the data root's own path may have a space.
  const escaped = path.replace(/[ \t\n\\]/g, (letter) => `\\${letter.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return (await files.readText('/proc/self/mountinfo')).split('\n').some((line) => line.split(' ')[4] === escaped);
}

/** Told for each volume of a container that starts or has ended. */
export function tellVolumes(context: Context, record: ContainerRecord, action: 'mount' | 'unmount'): void {
  for (const { type, name, destination, propagation, readWrite } of record.mounts) {
    if (type !== 'volume' || !name) continue;
    context.events.emit('volume', action, name, {
      container: record.id, driver: 'local',
      ...(action === 'mount' ? { destination, propagation, 'read/write': String(readWrite) } : {}),
    });
  }
}
