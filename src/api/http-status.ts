import { BerthError, codeOf, messageOf, type ErrorKind } from '../model/errors.ts';

const statusOf: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'not-modified': 304,
  internal: 500,
  'not-implemented': 501,
  unavailable: 500,
};

/** The one place where a failure becomes a status: Docker's numbers, and the line that clients show. */
export function httpStatus(error: unknown): { status: number; message: string } {
  if (error instanceof BerthError) return { status: statusOf[error.kind], message: error.message };
  const code = codeOf(error);
  if (code === 'ENOSPC') return { status: 500, message: `no space left on device: ${messageOf(error)}` };
  return { status: 500, message: messageOf(error) };
}
