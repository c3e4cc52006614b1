import { join } from 'node:path';
import * as files from '../host/files.ts';
import { codeOf, invalid } from '../model/errors.ts';
import type { DeviceMapping, ThrottleDevice, WeightDevice } from '../model/host-config.ts';
import type { DeviceRequest } from '../runtime/spec/build.ts';

const typeMask = 0o170000;
const kinds: Readonly<Record<number, 'c' | 'b' | 'p'>> = { 0o020000: 'c', 0o060000: 'b', 0o010000: 'p' };

interface DeviceStat {
  readonly mode: number;
  readonly rdev: number;
  readonly uid: number;
  readonly gid: number;
}

const major = (rdev: number): number => Number(((BigInt(rdev) >> 8n) & 0xfffn) | ((BigInt(rdev) >> 32n) & ~0xfffn));
const minor = (rdev: number): number => Number((BigInt(rdev) & 0xffn) | ((BigInt(rdev) >> 12n) & ~0xffn & 0xffffffffn));

function deviceOf(stat: DeviceStat, path: string, access: string): DeviceRequest | undefined {
  const type = kinds[stat.mode & typeMask];
  if (type === undefined) return undefined;
  return {
    path,
    type,
    major: major(stat.rdev),
    minor: minor(stat.rdev),
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    access,
  };
}

/** `--device`: one device node, or a directory of them. */
export async function resolveDevices(mappings: readonly DeviceMapping[]): Promise<DeviceRequest[]> {
  const found: DeviceRequest[] = [];
  for (const { PathOnHost: path, PathInContainer: target, CgroupPermissions: given } of mappings) {
    const access = given || 'rwm';
    if (!/^[rwm]{1,3}$/.test(access)) throw invalid(`invalid device mode: ${access}: use some of r, w and m`);
    const stat = await statDevice(path);
    if ((stat.mode & typeMask) !== 0o040000) {
      const device = deviceOf(stat, target || path, access);
      if (!device)
        throw invalid(`error gathering device information while adding custom device "${path}": not a device node`);
      found.push(device);
      continue;
    }
    found.push(
      ...(await devicesUnder(path)).map((device) => ({
        ...device,
        path: join(target || path, device.path.slice(path.length)),
        access,
      })),
    );
  }
  return found;
}

async function statDevice(path: string): Promise<DeviceStat> {
  try {
    return await files.stat(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw error;
    throw invalid(`error gathering device information while adding custom device "${path}": no such file or directory`);
  }
}

/** What the engine mounts itself, or what makes no sense in another container. */
const notPassedOn = new Set([
  '/dev/pts',
  '/dev/shm',
  '/dev/fd',
  '/dev/mqueue',
  '/dev/console',
  '/dev/.lxc',
  '/dev/.lxd-mounts',
  '/dev/.udev',
]);

/** Every device of the host, for a privileged container. */
export async function devicesUnder(directory = '/dev'): Promise<DeviceRequest[]> {
  const found: DeviceRequest[] = [];
  for (const name of await files.list(directory)) {
    const path = join(directory, name);
    if (notPassedOn.has(path)) continue;
    const stat = await files.lstat(path).catch(() => undefined);
    if (!stat) continue;
    if (stat.isDirectory()) found.push(...(await devicesUnder(path)));
    const device = deviceOf(stat, path, 'rwm');
    if (device && device.type !== 'p') found.push(device);
  }
  return found;
}

async function numbers(path: string): Promise<{ major: number; minor: number }> {
  const stat = await statDevice(path);
  if ((stat.mode & typeMask) !== 0o060000) throw invalid(`${path} is not a block device`);
  return { major: major(stat.rdev), minor: minor(stat.rdev) };
}

export const throttles = (
  list: readonly ThrottleDevice[] | null | undefined,
): Promise<{ major: number; minor: number; rate: number }[]> =>
  Promise.all((list ?? []).map(async ({ Path: path, Rate: rate }) => ({ ...(await numbers(path)), rate })));

export const weights = (
  list: readonly WeightDevice[] | null | undefined,
): Promise<{ major: number; minor: number; weight: number }[]> =>
  Promise.all(
    (list ?? []).map(async ({ Path: path, Weight: weight }) => {
      if (weight < 10 || weight > 1000)
        throw invalid(`Range of blkio weight is from 10 to 1000: ${path} has ${weight}`);
      return { ...(await numbers(path)), weight };
    }),
  );
