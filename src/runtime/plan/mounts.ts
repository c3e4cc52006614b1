import { basename } from 'node:path';
import type { OciMount, OciSpec } from '../../model/oci.ts';
import { bindFlags, type Op } from '../../model/plan.ts';
import type { CgroupLayout } from '../cgroups.ts';
import { fileType, mountAttr, ms } from '../linux.ts';
import type { OverlayRoot, Placement } from '../placement.ts';
import { subpathOption } from '../spec/mounts.ts';

/** Makes the container's root and opens it. */
export function rootOps(spec: OciSpec, placement: Placement): Op[] {
  const propagation = spec.linux.rootfsPropagation === 'slave' ? ms.SLAVE : ms.PRIVATE;
  return [
    // While they are the host's peers still.
    ...spec.mounts.filter((mount) => isBind(mount) && isHeld(spec, mount)).map((mount): Op => ({ op: 'hold_tree', source: mount.source ?? '' })),
    // First of all: no mount of ours may show on the host.
    { op: 'mount', source: '', target: '/', type: '', flags: ms.REC | propagation, data: '', cwd: '' },
    rootMount(spec.root.path, placement.overlay),
    // Where the namespace follows the host's mounts, the root at least doesn't.
    { op: 'mount', source: '', target: spec.root.path, type: '', flags: ms.PRIVATE, data: '', cwd: '' },
    { op: 'root', path: spec.root.path },
  ];
}

/** Trees to be read only, topmost first: an overlay without a writable layer wants two of them. */
export function readonlyOverlay(target: string, cwd: string, trees: readonly string[]): Op {
  if (trees.length === 1) {
    return { op: 'mount', source: trees[0] ?? '', target, type: '', flags: ms.BIND | ms.REC, data: '', cwd };
  }
  const data = `lowerdir=${trees.map((path) => escapeOption(path, /[\\:,]/g)).join(':')}`;
  return { op: 'mount', source: 'overlay', target, type: 'overlay', flags: ms.RDONLY, data, cwd };
}

export const overlayMount = (target: string, overlay: OverlayRoot): Op => rootMount(target, overlay);

function rootMount(target: string, overlay: OverlayRoot | undefined): Op {
  // pivot_root wants a mount, so a ready tree is bound onto itself; so is the upper layer of an image without layers.
  const tree = overlay === undefined ? target : overlay.upper;
  if (overlay === undefined || overlay.lower.length === 0) {
    return { op: 'mount', source: tree, target, type: '', flags: ms.BIND | ms.REC, data: '', cwd: overlay?.cwd ?? '' };
  }
  const data = [
    `lowerdir=${overlay.lower.map((path) => escapeOption(path, /[\\:,]/g)).join(':')}`,
    `upperdir=${escapeOption(overlay.upper, /[\\,]/g)}`,
    `workdir=${escapeOption(overlay.work, /[\\,]/g)}`,
    'index=off',
  ].join(',');
  return { op: 'mount', source: 'overlay', target, type: 'overlay', flags: 0, data, cwd: overlay.cwd };
}

const escapeOption = (path: string, special: RegExp): string => path.replace(special, (character) => `\\${character}`);

/** Where mounts are to show on the host, the host's own are made private all the same: only these stay its peers. */
const isHeld = (spec: OciSpec, mount: OciMount): boolean =>
  spec.linux.rootfsPropagation === 'shared'
  && (mount.options ?? []).some((option) => /^r?(?:shared|slave)$/.test(option)) && !(mount.options ?? []).some((option) => option.startsWith(subpathOption));

/** The spec's mounts in their order; devices come as soon as there is a /dev to hold them. */
export function mountOps(spec: OciSpec, layout: CgroupLayout, groups: readonly string[]): Op[] {
  const ops: Op[] = [];
  const devBind = spec.mounts.some((mount) => mount.destination === '/dev' && mount.type === 'bind');
  const devMount = spec.mounts.findIndex((mount) => mount.destination === '/dev');
  const devices = devBind ? [] : deviceOps(spec);
  if (devMount < 0) ops.push(...devices);
  spec.mounts.forEach((mount, index) => {
    const made = oneMount(mount, layout, groups);
    ops.push(...(isHeld(spec, mount) ? made.map((op) => (op.op === 'bind' ? { ...op, flags: op.flags | bindFlags.held } : op)) : made));
    if (index === devMount) ops.push(...devices);
  });
  return ops;
}

function oneMount(mount: OciMount, layout: CgroupLayout, groups: readonly string[]): Op[] {
  if (mount.type === 'cgroup') return cgroupMount(mount, layout, groups);
  if (isBind(mount)) return [bindOp(mount)];
  const { set, rest } = sortOptions(mount.options ?? []);
  return [{
    op: 'filesystem', type: mount.type ?? '', source: mount.source ?? mount.type ?? '', target: mount.destination,
    attributes: set, options: rest,
  }];
}

export const isBind = (mount: OciMount): boolean =>
  mount.type === 'bind' || (mount.options ?? []).some((option) => option === 'bind' || option === 'rbind');

export function bindOp(mount: OciMount): Extract<Op, { op: 'bind' | 'bind_beneath' }> {
  const options = mount.options ?? [];
  const { set, clear, propagation, recursiveSet } = sortOptions(options);
  const subpath = options.find((option) => option.startsWith(subpathOption))?.slice(subpathOption.length);
  const how = {
    source: mount.source ?? '', target: mount.destination,
    flags: (options.includes('bind') ? 0 : bindFlags.recursive) | (recursiveSet ? bindFlags.recursiveSet : 0),
    set, clear, propagation: propagation || ms.PRIVATE,
  };
  return subpath === undefined ? { op: 'bind', ...how } : { op: 'bind_beneath', subpath, ...how };
}

const settings: Readonly<Record<string, number>> = {
  ro: mountAttr.RDONLY, nosuid: mountAttr.NOSUID, nodev: mountAttr.NODEV, noexec: mountAttr.NOEXEC, noatime: mountAttr.NOATIME,
  strictatime: mountAttr.STRICTATIME, nodiratime: mountAttr.NODIRATIME, nosymfollow: mountAttr.NOSYMFOLLOW,
};
const clearings: Readonly<Record<string, number>> = {
  rw: mountAttr.RDONLY, suid: mountAttr.NOSUID, dev: mountAttr.NODEV, exec: mountAttr.NOEXEC, diratime: mountAttr.NODIRATIME,
};
const propagations: Readonly<Record<string, number>> = {
  private: ms.PRIVATE, rprivate: ms.PRIVATE, slave: ms.SLAVE, rslave: ms.SLAVE, shared: ms.SHARED, rshared: ms.SHARED,
};
const silent = new Set(['bind', 'rbind', 'defaults', 'relatime', 'async', 'atime', 'norelatime', 'tmpcopyup']);

interface SortedOptions {
  set: number;
  clear: number;
  propagation: number;
  recursiveSet: boolean;
  /** The file system's own. */
  rest: string[];
}

/** mount(8) words → mount attributes; `rro` and its like reach the submounts too. */
function sortOptions(options: readonly string[]): SortedOptions {
  const sorted: SortedOptions = { set: 0, clear: 0, propagation: 0, recursiveSet: false, rest: [] };
  for (const option of options) {
    const recursive = option.startsWith('r') && settings[option.slice(1)] !== undefined;
    const set = settings[recursive ? option.slice(1) : option];
    const clear = clearings[option];
    if (set !== undefined) {
      sorted.set |= set;
      sorted.clear &= ~set;
      sorted.recursiveSet ||= recursive;
    } else if (clear !== undefined) {
      sorted.set &= ~clear;
      sorted.clear |= clear;
    } else if (propagations[option] !== undefined) {
      sorted.propagation = propagations[option];
    } else if (!silent.has(option)) {
      sorted.rest.push(option);
    }
  }
  return sorted;
}

/** /sys/fs/cgroup: the tree itself on v2; on v1 a tmpfs with the container's own group of each tree. */
function cgroupMount(mount: OciMount, layout: CgroupLayout, groups: readonly string[]): Op[] {
  const { set } = sortOptions(mount.options ?? []);
  const target = mount.destination;
  if (layout.kind === 'none') return [];
  if (layout.kind === 'v2') {
    return [{ op: 'filesystem', type: 'cgroup2', source: 'cgroup', target, attributes: set, options: [] }];
  }
  const trees = [
    ...layout.hierarchies,
    ...(layout.unified ? [{ mountPoint: layout.unified.mountPoint, controllers: [] }] : []),
  ];
  const ops: Op[] = [{
    op: 'filesystem', type: 'tmpfs', source: 'cgroup', target, attributes: set & ~mountAttr.RDONLY, options: ['mode=755'],
  }];
  const binds: Op[] = [];
  for (const { mountPoint, controllers } of trees) {
    const source = groups.find((directory) => directory.startsWith(`${mountPoint}/`));
    if (source === undefined) continue;
    const name = basename(mountPoint);
    ops.push({ op: 'directory', path: `${target}/${name}`, mode: 0o755, uid: 0, gid: 0 });
    binds.push({ op: 'bind', source, target: `${target}/${name}`, flags: 0, set, clear: 0, propagation: ms.PRIVATE });
    // A tree with several controllers is found under each one's name too.
    for (const controller of controllers) {
      if (controllers.length > 1 && controller !== name && !controller.startsWith('name=')) {
        ops.push({ op: 'symlink', target: name, path: `${target}/${controller}` });
      }
    }
  }
  // Before the trees are bound on it: read-only reaches what is mounted below, and would mount all of it once more.
  return [...ops, ...(set & mountAttr.RDONLY ? [{ op: 'readonly', path: target } satisfies Op] : []), ...binds];
}

const standard: readonly (readonly [name: string, minor: number])[] =
  [['null', 3], ['zero', 5], ['full', 7], ['random', 8], ['urandom', 9]];
const links: readonly (readonly [path: string, target: string])[] = [
  ['/dev/fd', '/proc/self/fd'], ['/dev/stdin', '/proc/self/fd/0'], ['/dev/stdout', '/proc/self/fd/1'],
  ['/dev/stderr', '/proc/self/fd/2'], ['/dev/core', '/proc/kcore'], ['/dev/ptmx', 'pts/ptmx'],
];

function deviceOps(spec: OciSpec): Op[] {
  const everyone = 0o666;
  const own = (spec.linux.devices ?? []).map((device): Op => ({
    op: 'device', path: device.path, mode: fileType[device.type] | (device.fileMode ?? everyone), major: device.major,
    minor: device.minor, uid: device.uid ?? 0, gid: device.gid ?? 0,
  }));
  const taken = new Set((spec.linux.devices ?? []).map(({ path }) => path));
  const character = (name: string, major: number, minor: number): Op =>
    ({ op: 'device', path: `/dev/${name}`, mode: fileType.c | everyone, major, minor, uid: 0, gid: 0 });
  return [
    ...standard.filter(([name]) => !taken.has(`/dev/${name}`)).map(([name, minor]) => character(name, 1, minor)),
    ...(taken.has('/dev/tty') ? [] : [character('tty', 5, 0)]),
    ...own.filter((op) => op.op === 'device' && !reserved.has(op.path)),
    ...links.map(([path, target]): Op => ({ op: 'symlink', target, path })),
  ];
}

/** Made by the engine's own means whatever the list of the host's devices says (`--privileged`). */
const reserved = new Set(['/dev/ptmx', '/dev/console']);
