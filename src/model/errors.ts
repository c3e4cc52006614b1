/**
 * The closed set of ways in which a request can fail. `api/http-status.ts` alone turns a kind into a number.
 *
 * Messages carry operation, object and reason in one line: `mount overlay on /x: EINVAL`. No full stop; what
 * to do stands at the end where we know it.
 */
export type ErrorKind =
  | 'invalid' // the request can't be right: bad flag, bad name, bad archive
  | 'not-found'
  | 'conflict' // name taken, wrong state, in use
  | 'unauthorized'
  | 'forbidden'
  | 'not-modified' // already in the state asked for
  | 'not-implemented'
  | 'unavailable' // the host can't give it now: no space, no address left, feature missing
  | 'internal';

export class BerthError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'BerthError';
    this.kind = kind;
  }
}

export const invalid = (message: string, cause?: unknown): BerthError => new BerthError('invalid', message, { cause });
export const notFound = (message: string): BerthError => new BerthError('not-found', message);
export const conflict = (message: string): BerthError => new BerthError('conflict', message);
export const unavailable = (message: string, cause?: unknown): BerthError =>
  new BerthError('unavailable', message, { cause });

/** The text to show for anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The errno name (`ENOENT`) that Node puts on a failed system call, if there is one. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
