/** `-v`, `--mount` and `--tmpfs` → Docker's JSON. */
import { resolve } from 'node:path';
import type { Mount, Propagation } from '../../api/wire/docker.ts';
import { UsageError } from '../errors.ts';
import { parseBoolean, parseInteger } from '../flags.ts';
import { parseBytes } from '../units.ts';

export interface VolumePart {
  binds: string[];
  /** Anonymous ones. */
  volumes: Record<string, Record<string, never>>;
}

/** Paths that begin with a dot are of the working directory; volumes' names stay as they are. */
export function volumesOf(specs: readonly string[], workingDirectory: string): VolumePart {
  const part: VolumePart = { binds: [], volumes: {} };
  for (const spec of specs) {
    const fields = spec.split(':');
    const [source = '', target] = fields;
    if (fields.length > 3) {
      throw new UsageError(`invalid spec: ${spec}: too many colons: expected [SOURCE:]PATH[:OPTIONS]`);
    }
    if (fields.some((field) => field === '')) {
      throw new UsageError(`invalid spec: ${spec}: empty section between colons`);
    }
    const inside = target ?? source;
    if (!inside.startsWith('/')) {
      throw new UsageError(`invalid volume specification: '${spec}': the path in the container must be absolute`);
    }
    if (target === undefined) part.volumes[source] = {};
    else part.binds.push([absolute(source, workingDirectory), ...fields.slice(1)].join(':'));
  }
  return part;
}

function absolute(source: string, workingDirectory: string): string {
  return /^\.{1,2}(\/|$)/.test(source) ? resolve(workingDirectory, source) : source;
}

/** `/run` or `/run:size=64m,mode=700`. */
export function tmpfsOf(specs: readonly string[]): Record<string, string> {
  return Object.fromEntries(specs.map((spec) => {
    const colon = spec.indexOf(':');
    const path = colon < 0 ? spec : spec.slice(0, colon);
    if (!path.startsWith('/')) {
      throw new UsageError(`invalid argument "${spec}" for "--tmpfs" flag: expected /PATH[:OPTIONS]: an absolute path`);
    }
    return [path, colon < 0 ? '' : spec.slice(colon + 1)];
  }));
}

const types = ['bind', 'volume', 'tmpfs', 'image'] as const;
const optionsOf = [
  ['volume', 'VolumeOptions'], ['bind', 'BindOptions'], ['tmpfs', 'TmpfsOptions'], ['image', 'ImageOptions'],
] as const;
const propagations = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'];

/** One `--mount`: fields joined by commas, quoted as CSV where a value holds one. */
export function parseMount(value: string): Mount {
  const mount: Mount = { Type: 'volume', Source: '', Target: '' };
  for (const field of splitCsv(value)) applyField(mount, field);
  if (mount.Target === '') throw new Error('target is required: expected type=bind|volume|tmpfs,src=PATH,dst=PATH');
  if (!mount.Target?.startsWith('/')) {
    throw new Error(`invalid mount path: '${mount.Target}': expected an absolute path`);
  }
  if (mount.Type === 'bind' && mount.Source === '') throw new Error('a bind mount needs src=PATH');
  if (mount.Type === 'bind' && /^\.{1,2}(\/|$)/.test(mount.Source ?? '')) mount.Source = resolve(mount.Source ?? '');
  if (mount.Type === 'tmpfs' && mount.Source !== '') throw new Error('a tmpfs has no source');
  const { ReadOnlyForceRecursive: forced, Propagation: propagation } = mount.BindOptions ?? {};
  if (forced === true && (mount.ReadOnly !== true || propagation !== 'rprivate')) {
    throw new Error("option 'bind-recursive=readonly' goes with 'readonly' and 'bind-propagation=rprivate'");
  }
  const foreign = optionsOf.find(([type, options]) => mount[options] !== undefined && mount.Type !== type);
  if (foreign !== undefined) throw new Error(`cannot mix '${foreign[0]}-*' options with mount type '${mount.Type}'`);
  if (mount.VolumeOptions) mount.VolumeOptions = { DriverConfig: {}, ...mount.VolumeOptions };
  const { Source, ...rest } = mount;
  return Source === '' ? rest : { ...rest, Source: Source ?? '' };
}

function applyField(mount: Mount, field: string): void {
  const equals = field.indexOf('=');
  const key = (equals < 0 ? field : field.slice(0, equals)).toLowerCase();
  const value = equals < 0 ? undefined : field.slice(equals + 1);
  const flag = (): boolean => value === undefined || parseBoolean(value);
  const given = (): string => {
    if (value === undefined || value === '') throw new Error(`invalid field '${field}' must be a key=value pair`);
    return value;
  };
  switch (key) {
    case 'type': {
      const type = types.find((known) => known === given().toLowerCase());
      if (type === undefined) throw new Error(`invalid mount type '${value}': expected ${types.join(', ')}`);
      mount.Type = type;
      return;
    }
    case 'source': case 'src':
      mount.Source = given();
      return;
    case 'target': case 'dst': case 'destination':
      mount.Target = given();
      return;
    case 'readonly': case 'ro':
      mount.ReadOnly = flag();
      return;
    case 'consistency':
      mount.Consistency = given().toLowerCase();
      return;
    case 'bind-propagation':
      if (!propagations.includes(given())) {
        throw new Error(`invalid propagation '${value}': expected ${propagations.join(', ')}`);
      }
      mount.BindOptions = { ...mount.BindOptions, Propagation: given().toLowerCase() as Propagation };
      return;
    case 'bind-nonrecursive':
      mount.BindOptions = { ...mount.BindOptions, NonRecursive: flag() };
      return;
    case 'bind-recursive':
      mount.BindOptions = { ...mount.BindOptions, ...recursion(given()) };
      return;
    case 'bind-create-src':
      mount.BindOptions = { ...mount.BindOptions, CreateMountpoint: flag() };
      return;
    case 'volume-nocopy':
      mount.VolumeOptions = { ...mount.VolumeOptions, NoCopy: flag() };
      return;
    case 'volume-subpath':
      mount.VolumeOptions = { ...mount.VolumeOptions, Subpath: given() };
      return;
    case 'volume-label':
      mount.VolumeOptions = { ...mount.VolumeOptions, Labels: { ...mount.VolumeOptions?.Labels, ...pairOf(given()) } };
      return;
    case 'volume-driver':
      mount.VolumeOptions = {
        ...mount.VolumeOptions,
        DriverConfig: { ...mount.VolumeOptions?.DriverConfig, Name: given() },
      };
      return;
    case 'volume-opt': {
      const driver = mount.VolumeOptions?.DriverConfig;
      const options = { ...driver?.Options, ...pairOf(given()) };
      mount.VolumeOptions = { ...mount.VolumeOptions, DriverConfig: { ...driver, Options: options } };
      return;
    }
    case 'image-subpath':
      mount.ImageOptions = { Subpath: given() };
      return;
    case 'tmpfs-size':
      mount.TmpfsOptions = { ...mount.TmpfsOptions, SizeBytes: parseBytes(given()) };
      return;
    case 'tmpfs-mode':
      if (!/^[0-7]{1,5}$/.test(given())) {
        throw new Error(`invalid value for tmpfs-mode: ${value}: expected octal digits`);
      }
      mount.TmpfsOptions = { ...mount.TmpfsOptions, Mode: parseInteger(String(Number.parseInt(given(), 8))) };
      return;
    default:
      throw new Error(`unexpected key '${key}' in '${field}'`);
  }
}

function recursion(value: string): NonNullable<Mount['BindOptions']> {
  switch (value) {
    case 'enabled':
      return {};
    case 'disabled':
      return { NonRecursive: true };
    case 'writable':
      return { ReadOnlyNonRecursive: true };
    case 'readonly':
      return { ReadOnlyForceRecursive: true };
    default:
      throw new Error(`invalid value for bind-recursive: ${value}: expected enabled, disabled, writable or readonly`);
  }
}

function pairOf(text: string): Record<string, string> {
  const equals = text.indexOf('=');
  return equals < 0 ? { [text]: '' } : { [text.slice(0, equals)]: text.slice(equals + 1) };
}

/** `a,"b,c",d` → a | b,c | d. */
export function splitCsv(line: string): string[] {
  const fields: string[] = [];
  const pattern = /\s*(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/y;
  for (;;) {
    const match = pattern.exec(line);
    if (match === null) throw new Error('bad quoting');
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') return fields;
  }
}
