import type { ContainerRecord } from '../model/container.ts';
import type { ImageId } from '../model/ids.ts';
import type { Context } from './context.ts';
import { imageUsers, listImages, type ImageListing } from './images.ts';
import { sizeOf } from './system.ts';
import { listVolumes } from './volumes.ts';

export interface DiskUsage {
  /** Bytes of all layers, each counted once. */
  readonly layers: number;
  readonly images: readonly (ImageListing & { readonly sharedSize: number; readonly containers: number })[];
  readonly containers: readonly { readonly record: ContainerRecord; readonly writable: number }[];
  readonly volumes: readonly {
    readonly volume: ReturnType<typeof listVolumes>[number];
    readonly size: number;
    /** Containers that have it. */
    readonly users: number;
  }[];
}

export type DiskUsageType = 'container' | 'image' | 'volume';

type Image = ImageListing['image'];

/** What takes room under the data root; only of these types, since sizes of trees are found by walking them. */
export async function diskUsage(context: Context, types: ReadonlySet<DiskUsageType>): Promise<DiskUsage> {
  const listed = types.has('image') ? listImages(context, new Map()) : [];
  const shared = sharedSizes(listed.map(({ image }) => image));
  const layers = new Map(listed.flatMap(({ image }) => image.layers.map(({ name, size }) => [name, size] as const)));
  const records = context.records.all();
  const containers: { record: ContainerRecord; writable: number }[] = [];
  const volumes: { volume: ReturnType<typeof listVolumes>[number]; size: number; users: number }[] = [];
  for (const record of types.has('container') ? records : []) {
    containers.push({ record, writable: await sizeOf(context.snapshots.overlay(record.id)?.upper ?? '') });
  }
  for (const volume of types.has('volume') ? listVolumes(context, new Map()) : []) {
    const users = records.filter((record) => record.mounts.some((mount) => mount.name === volume.name)).length;
    volumes.push({ volume, size: await sizeOf(volume.mountpoint), users });
  }
  return {
    layers: [...layers.values()].reduce((sum, size) => sum + size, 0),
    images: listed.map((listing) => ({
      ...listing,
      sharedSize: shared.get(listing.image.id) ?? 0,
      containers: imageUsers(context, listing.image.id).length,
    })),
    containers,
    volumes,
  };
}

/** Of each image, the bytes in layers that another of these images has as well. */
export function sharedSizes(images: readonly Image[]): Map<ImageId, number> {
  const users = new Map<string, number>();
  for (const { layers } of images) {
    for (const name of new Set(layers.map((layer) => layer.name))) users.set(name, (users.get(name) ?? 0) + 1);
  }
  const sharedOf = ({ layers }: Image): number =>
    layers.reduce((sum, { name, size }) => sum + ((users.get(name) ?? 0) > 1 ? size : 0), 0);
  return new Map(images.map((image) => [image.id, sharedOf(image)]));
}
