import { BerthError } from '../model/errors.ts';
import type { ExecError } from '../runtime/launch.ts';

/** In the words by which clients tell 126 and 127 apart. */
export function execFailure(error: ExecError, program: string, of: 'create' | 'exec'): BerthError {
  const why =
    error.exitCode === 126
      ? 'permission denied'
      : program.includes('/')
        ? `stat ${program}: no such file or directory`
        : 'executable file not found in $PATH';
  const said = error.exitCode === 126 && !/permission denied/i.test(error.message) ? ` (${error.message})` : '';
  return Object.assign(
    new BerthError(
      'invalid',
      `OCI runtime ${of} failed: ${of === 'exec' ? 'exec failed: ' : ''}unable to start container process: ` +
        `exec: "${program}": ${why}${said}: unknown`,
    ),
    { exitCode: error.exitCode },
  );
}
