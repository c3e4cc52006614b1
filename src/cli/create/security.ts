/** `--security-opt`, and the modes of the namespaces. */
import { readFileSync } from 'node:fs';
import { codeOf } from '../../model/errors.ts';
import { UsageError } from '../errors.ts';
import type { ContainerOptions } from './flags.ts';

/** A seccomp profile travels as its text; `systempaths=unconfined` becomes empty lists of paths. */
export function securityOf(specs: readonly string[]): { options: string[] | null; unmasked: boolean } {
  const options: string[] = [];
  let unmasked = false;
  for (const spec of specs) {
    const match = /^([^=:]+)(?:[=:](.*))?$/s.exec(spec);
    const [, key = '', value] = match ?? [];
    if (spec === 'systempaths=unconfined') unmasked = true;
    else if (key === 'no-new-privileges') options.push(spec);
    else if (match === null || value === undefined) {
      throw new UsageError(`Invalid --security-opt: "${spec}": expected NAME=value`);
    }
    else if (key === 'seccomp') options.push(`seccomp=${profileOf(value)}`);
    else options.push(spec);
  }
  return { options: options.length === 0 && !unmasked ? null : options, unmasked };
}

function profileOf(file: string): string {
  if (file === 'unconfined' || file === 'builtin') return file;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`opening seccomp profile (${file}) failed: ${codeOf(error) ?? String(error)}`);
  }
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    throw new UsageError(`compacting json for seccomp profile (${file}) failed: it is not JSON`);
  }
}

/** `net_admin` → `CAP_NET_ADMIN`. All swallows the rest, and what is added isn't dropped. */
export function capabilitiesOf({ capAdd, capDrop }: ContainerOptions): { add: string[]; drop: string[] } {
  const named = (names: readonly string[]): string[] => {
    const whole = names.map((name) => name.trim().toUpperCase()).map((name) =>
      name === 'ALL' || name.startsWith('CAP_') ? name : `CAP_${name}`);
    return whole.includes('ALL') ? ['ALL'] : [...new Set(whole)].sort();
  };
  const add = named(capAdd);
  return { add, drop: named(capDrop).filter((name) => name === 'ALL' || !add.includes(name)) };
}

const other = /^container:.+$/;

/** Modes that the engine would refuse anyway are refused here, with what is expected. */
export function checkModes({ pid, ipc, uts, userns, restart, rm }: ContainerOptions): void {
  const expect = (flag: string, value: string, good: boolean, wanted: string): void => {
    if (!good) throw new UsageError(`${flag}: invalid mode "${value}": expected ${wanted}`);
  };
  expect('--pid', pid, ['', 'host'].includes(pid) || other.test(pid), 'host or container:NAME');
  expect('--ipc', ipc, ['', 'none', 'private', 'shareable', 'host'].includes(ipc) || other.test(ipc),
    'none, private, shareable, host or container:NAME');
  expect('--uts', uts, ['', 'host'].includes(uts), 'host');
  if (!['', 'host'].includes(userns)) {
    throw new UsageError(`--userns ${userns}: user namespaces are not there yet: leave it out, or say --userns host`);
  }
  if (rm && restart !== 'no' && restart !== '') {
    throw new UsageError('conflicting options: cannot specify both --restart and --rm');
  }
}
