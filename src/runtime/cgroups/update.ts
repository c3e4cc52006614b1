import { readTextIfAny, writeText } from '../../host/files.ts';
import { BerthError, messageOf } from '../../model/errors.ts';
import type { OciResources } from '../../model/oci.ts';
import { type CgroupLayout, v1Directory } from './layout.ts';
import { type LimitWrite, v1Limits, v2Limits } from './limits.ts';

interface FileWrite {
  readonly path: string;
  readonly data: string;
}

/** The limits of a group that has processes, as files and texts. Devices aren't changed. */
export function updateWrites(layout: CgroupLayout, path: string, resources: OciResources): FileWrite[] {
  const has = (file: string): boolean => layout.files.has(file);
  const { devices: _, ...limits } = resources;
  if (layout.kind === 'v2') {
    const directory = (layout.unified?.mountPoint ?? '') + path;
    return v2Limits(limits, has).map(({ file, data }) => ({ path: `${directory}/${file}`, data }));
  }
  const { cpus, mems } = limits.cpu ?? {};
  const cpuset: LimitWrite[] = [
    ...(cpus ? [{ controller: 'cpuset', file: 'cpuset.cpus', data: cpus }] : []),
    ...(mems ? [{ controller: 'cpuset', file: 'cpuset.mems', data: mems }] : []),
  ];
  return [...v1Limits(limits, has), ...cpuset].flatMap(({ controller, file, data }) => {
    const directory = v1Directory(layout, controller, path);
    return directory === undefined ? [] : [{ path: `${directory}/${file}`, data }];
  });
}

const isSwap = ({ path }: FileWrite): boolean => path.endsWith('/memory.memsw.limit_in_bytes');

/**
 * v1 never lets memory be more than memory with swap, at no moment: the latter goes first where it grows. `swap`: its
 * text now.
 */
export function inOrder(writes: readonly FileWrite[], swap: string | undefined): FileWrite[] {
  const wanted = writes.find(isSwap);
  const grows = wanted && (wanted.data === '-1' || BigInt(wanted.data) > BigInt(swap?.trim() || 0));
  return grows ? [wanted, ...writes.filter((one) => one !== wanted)] : [...writes];
}

/** Changes the limits of a running group; where the kernel refuses one, those before it are put back. */
export async function updateGroup(layout: CgroupLayout, path: string, resources: OciResources): Promise<void> {
  const writes = updateWrites(layout, path, resources);
  const before = new Map<FileWrite, string | undefined>();
  for (const write of writes) before.set(write, (await readTextIfAny(write.path))?.trim());
  const swap = writes.find(isSwap);
  const done: FileWrite[] = [];
  for (const write of inOrder(writes, swap && before.get(swap))) {
    if (before.get(write) === write.data) continue;
    try {
      await writeText(write.path, write.data);
      done.push(write);
    } catch (error) {
      for (const { path: file, data } of done.reverse().map((one) => ({ ...one, data: before.get(one) })))
        if (data !== undefined) await writeText(file, data).catch(() => {});
      throw new BerthError('internal', `failed to write "${write.data}" to ${write.path}: ${messageOf(error)}`);
    }
  }
}
