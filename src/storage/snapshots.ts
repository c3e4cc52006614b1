import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Database } from '../host/database.ts';
import { chmod, chown, exists, makeDirectory, remove, rename, stat, utimes } from '../host/files.ts';
import type { ContainerId } from '../model/ids.ts';
import { emptyLayer, requireLayers, type Layers } from './layers.ts';

/**
 * What to mount as a container's root, as data: `mount -t overlay` with the working directory `cwd`, `lowerdir` the
 * names of `lower` (topmost first, relative to `cwd`, so that the options fit into a page), `upperdir`, `workdir`.
 * Nothing here mounts.
 */
export interface OverlayRoot {
  readonly cwd: string;
  readonly lower: readonly string[];
  /** Absolute. */
  readonly upper: string;
  /** Absolute, empty, on the same file system as `upper`. */
  readonly work: string;
}

/**
 * Writable layers of containers.
 *
 * An image's layers are unpacked and recorded. `prepare` gives a new container a writable layer on top of them and
 * holds them from then on, even when the image goes. At every start `overlay` says what to mount. All that the
 * container changes is in `upper`; `commit` will make a layer of it. `remove` gives everything back; layers that
 * nobody uses any more are swept with the next image that goes.
 */
export interface Snapshots {
  /** @param layers names, bottom first, as `images.layersOf` gives them. All or nothing. */
  prepare(container: ContainerId, layers: readonly string[]): Promise<OverlayRoot>;
  /** The same data again; undefined for a container that has no snapshot. */
  overlay(container: ContainerId): OverlayRoot | undefined;
  /**
   * Removes the container's whole directory: writable layer, configuration, log. Renamed aside first, so that a
   * new container never meets the old one's leftovers; nothing there is fine.
   */
  remove(container: ContainerId): Promise<void>;
}

export interface SnapshotOptions {
  readonly database: Database;
  readonly root: string;
  readonly layers: Layers;
}

export function openSnapshots({ database, root, layers }: SnapshotOptions): Snapshots {
  const directoryOf = (container: ContainerId): string => join(root, 'containers', container);

  const mountOf = (container: ContainerId, names: readonly string[]): OverlayRoot => ({
    cwd: layers.directory,
    lower: names.length === 0 ? [emptyLayer] : names.toReversed(),
    upper: join(directoryOf(container), 'upper'),
    work: join(directoryOf(container), 'work'),
  });

  const namesOf = (container: ContainerId): string[] =>
    database
      .all<{ layer: string }>('SELECT layer FROM snapshot_layers WHERE container = ? ORDER BY position', container)
      .map((row) => row.layer);

  return {
    async prepare(container, names) {
      const found = database.transaction(() => {
        const all = requireLayers(layers, names);
        const insert = 'INSERT INTO snapshot_layers VALUES (?, ?, ?)';
        names.forEach((name, position) => database.run(insert, container, position, name));
        if (names.length === 0) database.run(insert, container, 0, emptyLayer);
        return all;
      });
      const mount = mountOf(container, names);
      try {
        await makeDirectory(directoryOf(container));
        await makeDirectory(mount.upper, 0o755);
        await makeDirectory(mount.work, 0o700);
        const top = found.findLast((layer) => layer.rootDescribed);
        // The process's umask has no say in this.
        await chmod(mount.upper, 0o755);
        if (top) await copyAttributes(layers.path(top.name), mount.upper);
      } catch (error) {
        database.run('DELETE FROM snapshot_layers WHERE container = ?', container);
        await remove(directoryOf(container));
        throw error;
      }
      return mount;
    },
    overlay(container) {
      const names = namesOf(container);
      return names.length === 0 ? undefined : mountOf(container, names.filter((name) => name !== emptyLayer));
    },
    async remove(container) {
      const directory = directoryOf(container);
      if (await exists(directory)) {
        const aside = join(root, 'trash', `${container.slice(0, 12)}-${randomBytes(4).toString('hex')}`);
        await makeDirectory(join(root, 'trash'));
        await rename(directory, aside);
        await remove(aside);
      }
      database.run('DELETE FROM snapshot_layers WHERE container = ?', container);
    },
  };
}

/** Overlayfs shows the root of `upper` as the container's `/`, so it must look as the image says. */
async function copyAttributes(from: string, to: string): Promise<void> {
  const { uid, gid, mode, atime, mtime } = await stat(from);
  await chown(to, uid, gid);
  await chmod(to, mode & 0o7777);
  await utimes(to, atime, mtime);
}
