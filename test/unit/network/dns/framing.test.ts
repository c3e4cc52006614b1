import { expect, it } from 'vitest';
import { frame, MessageReader } from '../../../../src/network/dns/framing.ts';

it('DNS messages come out of a stream as they went in, however it is cut', () => {
  const messages = [Buffer.from('one'), Buffer.alloc(0), Buffer.alloc(65_535, 7)];
  const stream = Buffer.concat(messages.map(frame));
  for (const step of [1, 2, 1000, stream.length]) {
    const reader = new MessageReader();
    const got: Buffer[] = [];
    for (let at = 0; at < stream.length; at += step) got.push(...reader.take(stream.subarray(at, at + step)));
    expect(got.map(({ length }) => length)).toEqual([3, 0, 65_535]);
    expect(got[0]?.toString()).toBe('one');
    if (step === 1) continue;
    expect(got[2]?.equals(messages[2] ?? Buffer.alloc(0))).toBe(true);
  }
});
