import type { ImageRecord } from './records.ts';

/** One step of how an image was made, as `history` lists it. */
export interface HistoryEntry {
  /** Of the image for the newest step, of its parents for those below, then `<missing>`. */
  readonly id: string;
  /** RFC 3339, as the image has it; '' where it doesn't say. */
  readonly created: string;
  readonly createdBy: string;
  /** Familiar names of that image. */
  readonly tags: readonly string[];
  /** Bytes that the step's layer added. */
  readonly size: number;
  readonly comment: string;
}

/**
 * Newest first. Layers that the image's own history doesn't tell of are listed all the same.
 *
 * @param parents the images it was made from here, the nearest first
 */
export function historyOf(image: ImageRecord, parents: readonly ImageRecord[] = []): HistoryEntry[] {
  const { config, layers } = image;
  const entries: Omit<HistoryEntry, 'id' | 'tags'>[] = [];
  let layer = 0;
  for (const step of config.history ?? []) {
    entries.push({
      created: step.created ?? '',
      createdBy: step.created_by ?? '',
      size: step.empty_layer ? 0 : (layers[layer++]?.size ?? 0),
      comment: step.comment ?? '',
    });
  }
  for (; layer < layers.length; layer++) {
    entries.push({ created: config.created ?? '', createdBy: '', size: layers[layer]!.size, comment: '' });
  }
  const known = [image, ...parents];
  return entries
    .toReversed()
    .map((entry, at) => ({ ...entry, id: known[at]?.id ?? '<missing>', tags: known[at]?.repoTags ?? [] }));
}
