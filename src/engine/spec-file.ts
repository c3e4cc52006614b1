import { join } from 'node:path';
import * as files from '../host/files.ts';
import { unavailable } from '../model/errors.ts';
import type { OciSpec } from '../model/oci.ts';
import { pathsOf, type Context } from './context.ts';

/**
 * The OCI spec of a container's present run, `config.json`: what an exec must match, after a restart of the engine
 * too.
 */
export const saveSpec = (context: Context, id: string, spec: OciSpec): Promise<void> =>
  files.writeText(join(pathsOf(context, id).directory, 'config.json'), JSON.stringify(spec, withBigints), 0o600);

export async function loadSpec(context: Context, id: string): Promise<OciSpec> {
  const text = await files.readTextIfAny(join(pathsOf(context, id).directory, 'config.json'));
  if (text === undefined) throw unavailable(`container ${id} has no config.json: restart it`);
  return json.parse(text, asBigints) as OciSpec;
}

/** Of ECMAScript 2026, and in Node since 22; TypeScript's library doesn't have them yet. */
interface JsonWithSource {
  rawJSON(text: string): unknown;
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
}
const json = JSON as unknown as JsonWithSource;

/** Seccomp arguments have 64 bits: their digits go to the file and come back whole. */
const withBigints = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? json.rawJSON(String(value)) : value;
const asBigints = (_key: string, value: unknown, { source = '' }: { source?: string }): unknown =>
  typeof value === 'number' && !Number.isSafeInteger(value) && /^\d+$/.test(source) ? BigInt(source) : value;
