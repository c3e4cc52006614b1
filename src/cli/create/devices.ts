/** Devices, rates on them, and resource limits. Each reader takes one flag's value. */
import type { DeviceMapping, ThrottleDevice, Ulimit, WeightDevice } from '../../api/wire/docker.ts';
import { parseInteger } from '../flags.ts';
import { parseBytes } from '../units.ts';

/** `/dev/a`, `/dev/a:rw`, `/dev/a:/dev/b`, `/dev/a:/dev/b:rwm`. */
export function parseDevice(value: string): DeviceMapping {
  const parts = value.split(':');
  const isMode = (text: string): boolean => /^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length;
  const [source = '', second = '', third] = parts;
  if (source === '' || parts.length > 3) throw new Error('bad format for device: expected PATH[:PATH][:rwm]');
  if (third !== undefined) {
    if (!isMode(third)) throw new Error(`bad mode specified: ${third}: expected letters of rwm`);
    return { PathOnHost: source, PathInContainer: checked(second), CgroupPermissions: third };
  }
  if (second === '') return { PathOnHost: source, PathInContainer: source, CgroupPermissions: 'rwm' };
  if (isMode(second)) return { PathOnHost: source, PathInContainer: source, CgroupPermissions: second };
  return { PathOnHost: source, PathInContainer: checked(second), CgroupPermissions: 'rwm' };
}

function checked(path: string): string {
  if (!path.startsWith('/')) throw new Error(`${path} is not an absolute path`);
  return path;
}

function splitDevice(value: string): [path: string, rest: string] {
  const colon = value.lastIndexOf(':');
  const path = value.slice(0, Math.max(0, colon));
  if (!path.startsWith('/dev/')) throw new Error('bad format: expected /dev/NAME:NUMBER');
  return [path, value.slice(colon + 1)];
}

export function parseRate(unit: 'bytes' | 'operations'): (value: string) => ThrottleDevice {
  return (value) => {
    const [path, rate] = splitDevice(value);
    if (unit === 'bytes') return { Path: path, Rate: parseBytes(rate) };
    if (!/^\d+$/.test(rate)) {
      throw new Error('invalid rate for device: expected /dev/NAME:NUMBER, the number without unit');
    }
    return { Path: path, Rate: parseInteger(rate) };
  };
}

export function parseWeight(value: string): WeightDevice {
  const [path, weight] = splitDevice(value);
  const number = parseInteger(weight);
  if (number !== 0 && (number < 10 || number > 1000)) {
    throw new Error('invalid weight for device: expected 10 to 1000, or 0');
  }
  return { Path: path, Weight: number };
}

const ulimitNames = [
  'as', 'core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice', 'nofile', 'nproc', 'rss', 'rtprio',
  'rttime', 'sigpending', 'stack',
];

/** `nofile=1024`, `nofile=1024:2048`, `core=-1`. */
export function parseUlimit(value: string): Ulimit {
  const match = /^(\w+)=(-?\w+)(?::(-?\w+))?$/.exec(value);
  if (match === null) throw new Error('invalid ulimit argument: expected NAME=SOFT[:HARD]');
  const [, name = '', soft = '', hard = soft] = match;
  if (!ulimitNames.includes(name)) {
    throw new Error(`invalid ulimit type: ${name}: expected one of ${ulimitNames.join(' ')}`);
  }
  const limit = (text: string): number => (text === 'unlimited' ? -1 : parseInteger(text));
  const ulimit = { Name: name, Soft: limit(soft), Hard: limit(hard) };
  if (ulimit.Hard !== -1 && (ulimit.Soft === -1 || ulimit.Soft > ulimit.Hard)) {
    throw new Error(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  }
  return ulimit;
}
