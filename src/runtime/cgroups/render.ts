import type { OciResources } from '../../model/oci.ts';
import type { Op } from '../../model/plan.ts';
import { deviceProgram } from '../devices-bpf.ts';
import { type CgroupLayout, groupDirectories, levels, v1Directory } from './layout.ts';
import { v1Limits, v2Limits } from './limits.ts';

/** The operations that put a process into a group with limits. */
export interface CgroupOps {
  /** By the keeper before there is a process: the limits stand before its first instruction. */
  readonly create: readonly Op[];
  /** The cgroup2 directory to be born in, or ''. */
  readonly clone: string;
  /** By init itself, first of all. */
  readonly join: readonly Op[];
}

/** `path`: `/berth/<id>`, from the root of every tree. */
export function renderCgroup(layout: CgroupLayout, path: string, resources: OciResources): CgroupOps {
  switch (layout.kind) {
    case 'none':
      return { create: [], clone: '', join: [] };
    case 'v1':
    case 'hybrid':
      return renderV1(layout, path, resources);
    case 'v2':
      return renderV2(layout, path, resources);
    default:
      return layout.kind satisfies never;
  }
}

const mkdir = (path: string): Op => ({ op: 'mkdir', path, mode: 0o755 });
const write = (path: string, data: string): Op => ({ op: 'write', path, data });

function renderV1(layout: CgroupLayout, path: string, resources: OciResources): CgroupOps {
  const create: Op[] = [];
  const join: Op[] = [];
  const { cpus, mems } = resources.cpu ?? {};
  // Under a parent that isn't ours cpuset is left alone unless asked for: filling that parent could widen it.
  const ownParent = path.slice(0, path.lastIndexOf('/')) === layout.parent;
  const inCpuset = ownParent || cpus !== undefined || mems !== undefined;
  for (const { mountPoint, controllers } of layout.hierarchies) {
    const cpuset = controllers.includes('cpuset');
    if (cpuset && !inCpuset) continue;
    for (const level of levels(path)) {
      create.push(mkdir(mountPoint + level));
      // A v1 cpuset begins empty and takes no process until it has both, which must lie within its parent's.
      if (!cpuset || (level !== path && !ownParent)) continue;
      const leaf = level === path;
      create.push(write(`${mountPoint}${level}/cpuset.cpus`, (leaf && cpus) || layout.cpuset.cpus));
      create.push(write(`${mountPoint}${level}/cpuset.mems`, (leaf && mems) || layout.cpuset.mems));
    }
    join.push({ op: 'cgroup_join', path: mountPoint + path });
  }
  for (const { controller, file, data } of v1Limits(resources, (name) => layout.files.has(name))) {
    const directory = v1Directory(layout, controller, path);
    if (directory !== undefined) create.push(write(`${directory}/${file}`, data));
  }
  if (!layout.unified) return { create, clone: '', join };
  // Beside v1 the cgroup2 tree limits nothing; it is there for cgroup.kill and for telling who belongs to whom.
  const tree = layout.unified.mountPoint;
  create.push(...levels(path).map((level) => mkdir(tree + level)));
  return { create, clone: tree + path, join };
}

/** The controllers that limits need; asking for others would only cost. */
const wanted = ['cpu', 'cpuset', 'io', 'memory', 'pids'];

function renderV2(layout: CgroupLayout, path: string, resources: OciResources): CgroupOps {
  const tree = layout.unified?.mountPoint ?? '';
  const enable = wanted.filter((name) => layout.unified?.controllers.includes(name)).map((name) => `+${name}`).join(' ');
  const create: Op[] = [];
  // A group has a controller's files only if its parent hands the controller on, from the root downwards.
  for (const parent of ['', ...levels(path).slice(0, -1)]) {
    if (parent !== '') create.push(mkdir(tree + parent));
    if (enable !== '') create.push(write(`${tree}${parent}/cgroup.subtree_control`, enable));
  }
  create.push(mkdir(tree + path));
  for (const { file, data } of v2Limits(resources, (name) => layout.files.has(name))) {
    create.push(write(`${tree}${path}/${file}`, data));
  }
  const program = deviceProgram(resources.devices ?? []);
  if (program) create.push({ op: 'device_bpf', cgroup: tree + path, program });
  return { create, clone: tree + path, join: [] };
}

/** Joins an existing group: for an exec. */
export function renderJoin(layout: CgroupLayout, path: string, directories: readonly string[] = groupDirectories(layout, path)): CgroupOps {
  const unified = layout.unified ? layout.unified.mountPoint + path : '';
  return {
    create: [],
    clone: unified,
    join: directories.filter((directory) => directory !== unified).map((directory) => ({ op: 'cgroup_join', path: directory })),
  };
}

/** The directories of a group that renderCgroup makes. */
export function memberDirectories(layout: CgroupLayout, path: string, resources: OciResources): string[] {
  const { create } = renderCgroup(layout, path, resources);
  return create.flatMap((op) => (op.op === 'mkdir' && op.path.endsWith(path) ? [op.path] : []));
}

/**
 * Removes a group everywhere. `parents`: its parents too, where they are empty and nobody else's groups are in them
 * (a failure to remove a parent is no failure).
 */
export function removeOps(layout: CgroupLayout, path: string): Op[] {
  return groupDirectories(layout, path).map((directory) => ({ op: 'rmdir', path: directory }));
}

/** Removes the engine's own parent everywhere, when its last container has gone. One that is in use stays. */
export function removeParentOps(layout: CgroupLayout): Op[] {
  return levels(layout.parent).reverse().flatMap((level) => removeOps(layout, level).map((op): Op => ({ ...op, optional: true })));
}

/** The file whose `oom_kill N` line counts the processes killed for want of memory; '' where there is none. */
export function oomKillFile(layout: CgroupLayout, path: string): string {
  if (layout.kind === 'v2') return layout.unified ? `${layout.unified.mountPoint}${path}/memory.events` : '';
  const directory = v1Directory(layout, 'memory', path);
  return directory === undefined ? '' : `${directory}/memory.oom_control`;
}

export function freezeOps(layout: CgroupLayout, path: string, frozen: boolean): Op[] {
  if (layout.kind === 'v2') {
    return layout.unified ? [write(`${layout.unified.mountPoint}${path}/cgroup.freeze`, frozen ? '1' : '0')] : [];
  }
  const directory = v1Directory(layout, 'freezer', path);
  if (directory !== undefined) return [write(`${directory}/freezer.state`, frozen ? 'FROZEN' : 'THAWED')];
  return layout.unified ? [write(`${layout.unified.mountPoint}${path}/cgroup.freeze`, frozen ? '1' : '0')] : [];
}
