import type { ImageRecord } from './records.ts';

/** One step of how an image was made, as `history` lists it. */
export interface HistoryEntry {
  /** The image's id for the newest step, else `<missing>`. */
  readonly id: string;
  /** RFC 3339, as the image has it; '' where it doesn't say. */
  readonly created: string;
  readonly createdBy: string;
  /** Familiar names, on the newest step. */
  readonly tags: readonly string[];
  /** Bytes that the step's layer added. */
  readonly size: number;
  readonly comment: string;
}

/** Newest first. Layers that the image's own history doesn't tell of are listed all the same. */
export function historyOf({ id, config, layers, repoTags }: ImageRecord): HistoryEntry[] {
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
  return entries
    .toReversed()
    .map((entry, at) => ({ ...entry, id: at === 0 ? id : '<missing>', tags: at === 0 ? repoTags : [] }));
}
