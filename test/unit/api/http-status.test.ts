import { expect, test } from 'vitest';
import { httpStatus } from '../../../src/api/http-status.ts';
import { BerthError, type ErrorKind } from '../../../src/model/errors.ts';

test.each([
  ['invalid', 400],
  ['unauthorized', 401],
  ['forbidden', 403],
  ['not-found', 404],
  ['conflict', 409],
  ['not-modified', 304],
  ['internal', 500],
  ['not-implemented', 501],
  ['unavailable', 500],
] satisfies [ErrorKind, number][])('%s is %i', (kind, status) => {
  expect(httpStatus(new BerthError(kind, 'why'))).toEqual({ status, message: 'why' });
});

test('what nobody foresaw is 500 with its message, a full disk says so', () => {
  expect(httpStatus(new TypeError('x is not y'))).toEqual({ status: 500, message: 'x is not y' });
  expect(httpStatus(Object.assign(new Error('write'), { code: 'ENOSPC' })).message).toContain(
    'no space left on device',
  );
});
