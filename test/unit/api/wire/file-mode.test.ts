import { describe, expect, it } from 'vitest';
import { goFileMode, goTime } from '../../../../src/api/wire/file-mode.ts';

describe('the numbers of Docker’s stat header', () => {
  // What real Docker 20.10 answered for such files.
  it.each([
    [0o040755, 2147484141], [0o104755, 8389101], [0o120777, 134218239], [0o010644, 33554852],
  ])('mode %o is %d', (mode, expected) => expect(goFileMode(mode)).toBe(expected));

  it('writes times as Go does: no fraction, or one without trailing zeros', () => {
    expect(goTime({ seconds: 0n, nanoseconds: 0 })).toBe('1970-01-01T00:00:00Z');
    expect(goTime({ seconds: 1_700_000_000n, nanoseconds: 754_263_080 })).toBe('2023-11-14T22:13:20.75426308Z');
  });
});
