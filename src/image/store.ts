import { BerthError, invalid, notFound } from '../model/errors.ts';
import type { ImageId } from '../model/ids.ts';
import { hostPlatform } from '../model/platform.ts';
import { canonicalName, familiarName, parseReference, withDefaultTag, type Reference } from '../model/reference.ts';
import { receiveArchive } from './archive.ts';
import { imagesOf } from './archived-images.ts';
import { builtImage, type BaseImage, type NewImage } from './built.ts';
import { chainOf } from './chain.ts';
import { applyChanges } from './changes.ts';
import { openContent, type ReceivedContent } from './content.ts';
import { historyOf } from './history.ts';
import type { ImageOptions, Images, LoadedImage, Removal } from './images.ts';
import { openIntake } from './intake.ts';
import { openImageRecords, type ImageRecord } from './records.ts';
import { planRemoval, type ImageUser, type RemovalPlan, type RemovalView } from './removal.ts';
import { imagesToSave, savedArchive } from './save.ts';
import type { Progress } from './stage.ts';

export type * from './images.ts';

export async function openImages(options: ImageOptions): Promise<Images> {
  const { database, root, layers, unpackHelper: helper, platform = hostPlatform() } = options;
  const records = openImageRecords(database);
  const content = await openContent(root);
  const intake = await openIntake({ database, root, layers, helper, records, content });

  const get = (name: string): ImageRecord => {
    const found = records.resolve(name)?.record;
    if (!found) throw notFound(`No such image: ${shownName(name)}`);
    return found;
  };

  const take: Images['take'] = (come, progress = () => undefined, signal) =>
    intake.aside(async (directory) => {
      intake.expect();
      const images = await come(directory);
      await intake.store(images, directory, progress, signal);
      return images.flatMap(({ id, references }): LoadedImage[] =>
        references.length === 0 ? [{ id }] : references.map((one) => ({ id, reference: familiarName(one) })),
      );
    });

  const build = async (
    tar: AsyncIterable<Buffer>, image: NewImage, base?: BaseImage, progress?: Progress,
  ): Promise<ImageId> => {
    const [made] = await take(async (directory) => [await builtImage(tar, image, base, directory)], progress);
    if (image.reference) records.touch(made!.id, new Date().toISOString());
    return made!.id;
  };

  const viewFor = (users: (id: ImageId) => readonly ImageUser[]): RemovalView => ({
    record: records.byId,
    names: records.namesOf,
    children: records.childrenOf,
    users,
    chainsBeside: (gone) =>
      new Set(records.ids().filter((id) => !gone.has(id)).flatMap((id) => chainOf(records.byId(id)!.layers.map(({ diffId }) => diffId)))),
    isHeld: layers.isHeld,
  });

  /** In the records; what they no longer name is the sweep's. */
  const carryOut = ({ names, deletes, lines }: RemovalPlan, id: ImageId): Removal => {
    const labels = records.byId(id)?.config.config?.Labels ?? {};
    database.transaction(() => {
      for (const name of names) records.deleteName(name);
      for (const one of deletes) records.delete(one);
    });
    return { id, labels, lines, deleted: deletes };
  };

  return {
    get,
    find: (name) => records.resolve(name)?.record,
    list: () =>
      records.ids().map((id) => records.byId(id)!)
        .sort((a, b) => Date.parse(b.config.created ?? '') - Date.parse(a.config.created ?? '') || 0),
    oldestFirst: () => records.ids().toReversed().map((id) => records.byId(id)!),
    take,
    pathOf: content.path,
    hold: intake.hold,
    tagged: (repository) =>
      records.tagsOf(repository).map(({ reference, id }) => ({ tag: reference.tag!, record: records.byId(id)! })),
    has: (id) => records.byId(id) !== undefined,
    blobOf(diffId, chainId) {
      const layer = layers.find(diffId, chainId);
      const blob = layer && records.blobOfLayer(layer.name);
      return blob && { path: content.path(blob.digest), ...blob };
    },
    name: (id, names) =>
      database.transaction(() => names.forEach((name) => records.setName(canonicalName(name), id))),
    load: (stream, progress, signal) =>
      take(async (directory) => imagesOf(await receiveArchive(stream, directory), platform), progress, signal),
    async import(stream, request, progress) {
      const reference = referenceIn(request);
      const config = applyChanges({}, request.changes ?? []);
      return build(stream as AsyncIterable<Buffer>, {
        config, platform: request.platform ?? platform, comment: request.message ?? 'Imported from -',
        ...(reference ? { reference } : {}),
      }, undefined, progress);
    },
    async addLayer(parent, tar, { config, author, comment, createdBy, ...name }) {
      const below = parent === undefined ? undefined : get(parent);
      const reference = referenceIn(name);
      const image: NewImage = {
        config: config ?? below?.config.config ?? {},
        platform: below?.config ?? platform,
        ...(author ? { author } : {}),
        ...(comment ? { comment } : {}),
        ...(createdBy ? { createdBy } : {}),
        ...(reference ? { reference } : {}),
      };
      if (!below) return build(tar, image);
      const layers = below.layers.map(({ diffId, blob, blobSize }) => ({
        diffId, name: blob, content: { path: content.path(blob), digest: blob, size: blobSize } satisfies ReceivedContent,
      }));
      return intake.holding([below], () => build(tar, image, { id: below.id, config: below.config, layers }));
    },
    save(names) {
      const chosen = imagesToSave(records, names);
      const held = chosen.map(({ record }) => record);
      const archive = async function* (): AsyncGenerator<Buffer> {
        const { release } = intake.hold(held);
        try {
          yield* savedArchive(chosen, content);
        } finally {
          release();
        }
      };
      return { ids: held.map(({ id }) => id), archive: archive() };
    },
    tag(source, target) {
      const reference = withDefaultTag(parseReference(target));
      if (reference.digest) throw invalid('refusing to create a tag with a digest reference');
      const { id } = get(source);
      records.setName(canonicalName(reference), id);
      records.touch(id, new Date().toISOString());
      return { id, name: familiarName(reference) };
    },
    isParent: (id) => records.childrenOf(id).length > 0,
    history(name) {
      const record = get(name);
      const parents: ImageRecord[] = [];
      for (let at: ImageRecord | undefined = record; at?.parent; ) {
        at = records.byId(at.parent);
        if (at) parents.push(at);
      }
      return historyOf(record, parents);
    },
    config: (id) => get(id).config,
    layersOf: (id) => get(id).layers.map((layer) => layer.name),
    layerPaths: (id) => get(id).layers.map((layer) => layers.path(layer.name)).toReversed(),
    async remove(name, { force = false, prune = true, usedBy = () => [] } = {}) {
      const found = records.resolve(name);
      if (!found) throw notFound(`No such image: ${shownName(name)}`);
      const { record: { id }, reference } = found;
      const plan = planRemoval({ asked: name, id, force, prune, ...(reference ? { reference } : {}) }, viewFor(usedBy));
      const removal = carryOut(plan, id);
      if (removal.deleted.length > 0) await intake.sweep();
      return removal;
    },
    async prune({ dangling, usedBy, which = () => true }) {
      const view = viewFor(usedBy);
      const removals: Removal[] = [];
      for (const id of records.ids()) {
        const record = records.byId(id);
        const names = records.namesOf(id);
        // Parents go with their last child.
        if (!record || !which(record) || (names.length === 0 && records.childrenOf(id).length > 0)) continue;
        if (dangling && record.repoTags.length > 0) continue;
        for (const asked of names.length > 0 ? names : [id]) {
          try {
            const reference = asked === id ? {} : { reference: parseReference(asked) };
            removals.push(carryOut(planRemoval({ asked, id, force: false, prune: true, ...reference }, view), id));
          } catch (error) {
            if (!(error instanceof BerthError && error.kind === 'conflict')) throw error;
          }
        }
      }
      return { removals, reclaimed: removals.some(({ deleted }) => deleted.length > 0) ? await intake.sweep() : 0 };
    },
  };
}

function referenceIn({ repository, tag }: { repository?: string; tag?: string }): Reference | undefined {
  if (!repository) return undefined;
  return withDefaultTag(parseReference(tag ? `${repository}:${tag}` : repository));
}

/** With the tag that was meant: `web:latest`. */
function shownName(name: string): string {
  if (/^(?:sha256:)?[0-9a-f]{12,64}$/.test(name)) return name;
  try {
    return familiarName(withDefaultTag(parseReference(name)));
  } catch {
    return name;
  }
}
