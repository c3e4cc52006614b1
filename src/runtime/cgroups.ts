/**
 * Control groups of a container, on v1, hybrid and v2 hosts.
 *
 * `detectHost` finds the layout once. Each start renders the container's group as operations of its launch plan;
 * what the host can't hold is told as warnings at create. At the end the keeper reads `oomKillFile`, and the engine
 * kills what is left (`killGroup`), applies `removeOps`, and after the last container `removeParentOps`.
 */
export type { CgroupHierarchy, CgroupLayout } from './cgroups/layout.ts';
export { groupDirectories, parseCgroupMounts } from './cgroups/layout.ts';
export { freezeOps, oomKillFile, removeOps, removeParentOps, renderCgroup, renderJoin } from './cgroups/render.ts';
export type { CgroupOps } from './cgroups/render.ts';
export { updateGroup } from './cgroups/update.ts';
export { withoutUnsupported } from './cgroups/warnings.ts';
export { killGroup, processesOf } from './cgroups/control.ts';
export { type CgroupUsage, readUsage } from './cgroups/usage.ts';
