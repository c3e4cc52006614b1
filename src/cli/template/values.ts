/**
 * How Go's templates see a value of the API's JSON. Go knows structs and maps apart, JSON doesn't, and it shows: a
 * struct prints `{a b}` and has a fixed set of fields, a map prints `map[k:v]` and answers any key.
 */

/** The fields of the API whose objects are maps. */
const mapFields = new Set([
  'Annotations', 'Attributes', 'AuxiliaryAddresses', 'Containers', 'Data', 'Details', 'DriverOpts', 'EndpointsConfig',
  'ExposedPorts', 'Labels', 'Networks', 'Options', 'PortBindings', 'Ports', 'Runtimes', 'StorageOpt', 'Sysctls',
  'Tmpfs', 'Volumes',
]);

export class Value {
  readonly raw: unknown;
  readonly isMap: boolean;

  constructor(raw: unknown, isMap = false) {
    this.raw = raw;
    this.isMap = isMap;
  }

  /** `.name` of an object; undefined when there is no such field. */
  field(name: string): Value | undefined {
    const { raw } = this;
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw) || !Object.hasOwn(raw, name)) return undefined;
    const value = (raw as Record<string, unknown>)[name];
    const config = name === 'Config' && Object.hasOwn(raw, 'Type');
    return new Value(value, !this.isMap && (mapFields.has(name) || config));
  }
}

/** Go's idea of empty: what `if`, `and`, `or` and `with` take for false. */
export function truth(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** As `fmt.Print` shows it. */
export function show(value: Value): string {
  const { raw } = value;
  if (raw === undefined || raw === null) return '<no value>';
  return shown(value);
}

function shown(value: Value): string {
  const { raw, isMap } = value;
  if (raw === undefined || raw === null) return '<nil>';
  if (Array.isArray(raw)) return `[${raw.map((item) => shown(new Value(item))).join(' ')}]`;
  if (typeof raw !== 'object') return String(raw);
  const keys = Object.keys(raw);
  const each = (key: string): string => {
    const inner = value.field(key) ?? new Value(null);
    return isEmptyList(inner) ? '[]' : shown(inner);
  };
  if (isMap || !keys.some((key) => /^[A-Z]/.test(key))) {
    return `map[${keys.sort().map((key) => `${key}:${each(key)}`).join(' ')}]`;
  }
  return `{${keys.map(each).join(' ')}}`;
}

function isEmptyList({ raw }: Value): boolean {
  return raw === null || (Array.isArray(raw) && raw.length === 0);
}
