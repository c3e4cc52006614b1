import { invalid } from '../model/errors.ts';
import type { Op } from '../model/plan.ts';

const known = ['type', 'o', 'device', 'size'];
/** What asks for what, as Docker's driver `local` has it. */
const required: readonly (readonly [option: string, needs: readonly string[]])[] = [
  ['device', ['type']], ['type', ['device']], ['o', ['device', 'type']],
];

/** Options of the driver `local`: what is to be mounted at the volume's data. */
export function checkVolumeOptions(name: string, options: Readonly<Record<string, string>> | null): void {
  for (const option of Object.keys(options ?? {})) {
    if (!known.includes(option)) throw invalid(`create ${name}: invalid option: "${option}"`);
  }
  for (const [option, needs] of required) {
    if (!options?.[option]) continue;
    const missing = needs.find((need) => !options[need]);
    if (missing) throw invalid(`create ${name}: missing required option: "${missing}"`);
  }
  if (options?.['size']) throw invalid(`create ${name}: quota size requested but no quota support`);
}

/** Words of mount(8) that are flags of mount(2): include/uapi/linux/mount.h. The rest is the file system's own. */
const flags: Readonly<Record<string, number>> = {
  ro: 0x1, nosuid: 0x2, nodev: 0x4, noexec: 0x8, sync: 0x10, dirsync: 0x80, noatime: 0x400, nodiratime: 0x800,
  bind: 0x1000,
  rbind: 0x5000, relatime: 0x200000, strictatime: 0x1000000, rw: 0, defaults: 0, suid: 0, dev: 0, exec: 0, async: 0,
  atime: 0, diratime: 0, private: 0, rprivate: 0,
};

export interface VolumeMount {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly flags: number;
  readonly data: string;
}

/** What is mounted at a volume's data while a container uses it; undefined for a mere directory. */
export function volumeMount(
  { mountpoint, options }: { readonly mountpoint: string; readonly options: Readonly<Record<string, string>> | null },
): VolumeMount | undefined {
  if (!options?.['device']) return undefined;
  let mask = 0;
  const data: string[] = [];
  for (const word of (options['o'] ?? '').split(',').filter(Boolean)) {
    const flag = Object.hasOwn(flags, word) ? flags[word] : undefined;
    if (flag === undefined) data.push(word);
    else mask |= flag;
  }
  // NFS wants the server's address said once more.
  const isNfs = /^nfs4?$/.test(options['type'] ?? '');
  const server = isNfs ? /^\[?([0-9a-fA-F.:]+?)\]?:\//.exec(options['device'])?.[1] : undefined;
  if (server && !data.some((word) => word.startsWith('addr='))) data.push(`addr=${server}`);
  const isBind = (mask & 0x1000) !== 0;
  return {
    source: options['device'],
    target: mountpoint,
    type: isBind || options['type'] === 'none' ? '' : (options['type'] ?? ''),
    flags: mask,
    data: data.join(','),
  };
}

export const volumeMountOp = (mount: VolumeMount): Op => ({ op: 'mount', ...mount, cwd: '' });
