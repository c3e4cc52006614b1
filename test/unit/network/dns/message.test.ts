import { decode, encode } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import {
  answers, answerWith, emptyAnswer, isTruncated, receive, responseCode, withId,
} from '../../../../src/network/dns/message.ts';
import { question, queryOf } from './queries.ts';

const edns = (udpPayloadSize: number): Parameters<typeof question>[2] =>
  ({ additionals: [{ type: 'OPT', name: '.', udpPayloadSize, flags: 0, options: [] }] as never });

describe('a question', () => {
  it('is read, whatever its capitals', () => {
    expect(queryOf(question('Web.Net'))).toMatchObject({ name: 'Web.Net', key: 'web.net', type: 1, class: 1, udpSize: 512 });
  });
  it('may say how much it takes by UDP, within bounds', () => {
    expect(queryOf(question('web', 'A', edns(1232))).udpSize).toBe(1232);
    expect(queryOf(question('web', 'A', edns(65_000))).udpSize).toBe(4096);
    expect(queryOf(question('web', 'A', edns(3))).udpSize).toBe(512);
  });
  it('that is an answer, or too short to have an id, is dropped', () => {
    expect(receive(encode({ type: 'response', id: 1, questions: [] })).kind).toBe('drop');
    expect(receive(Buffer.alloc(11)).kind).toBe('drop');
  });
  it.each([
    ['no question', encode({ type: 'query', id: 9, questions: [] })],
    ['a name that points to itself', Buffer.concat([question('x').subarray(0, 12), Buffer.from('c00c00010001', 'hex')])],
    ['a label beyond the end', Buffer.concat([question('x').subarray(0, 12), Buffer.from('3f6162', 'hex')])],
    ['a name over 255 bytes', Buffer.concat([question('x').subarray(0, 12), Buffer.from('0161'.repeat(140)), Buffer.from('0000010001', 'hex')])],
    ['a count that lies', withCounts(question('x'), 1, 60_000)],
    ['a record that is cut', question('x', 'A', edns(1232)).subarray(0, -4)],
  ])('with %s is answered by FORMERR', (_, bytes) => {
    const received = receive(bytes);
    expect(received.kind).toBe('error');
    if (received.kind === 'error') expect(decode(received.answer)).toMatchObject({ rcode: 'FORMERR', type: 'response' });
  });
  it('of another kind is answered by NOTIMP', () => {
    const bytes = question('x');
    bytes[2] = 5 << 3;
    const received = receive(bytes);
    expect(received.kind === 'error' && decode(received.answer)).toMatchObject({ id: 7, rcode: 'NOTIMP' });
  });
  it('never makes the reader throw, whatever its bytes', () => {
    const random = generator(20_260_101);
    for (let round = 0; round < 5_000; round++) {
      const bytes = Buffer.from(question('web.network.example', 'AAAA', edns(1232)));
      for (let flips = random() % 6; flips >= 0; flips--) bytes[random() % bytes.length] = random() & 255;
      const cut = random() % 3 === 0 ? bytes.subarray(0, random() % bytes.length) : bytes;
      const received = receive(cut);
      if (received.kind === 'query') {
        expect(emptyAnswer(received.query, 3).length).toBeLessThanOrEqual(cut.length);
        answerWith(received.query, [{ type: 'A', data: '10.0.0.1' }], 'udp');
        answers(received.query, 7, cut);
      }
    }
  });
});

function withCounts(bytes: Buffer, questions: number, additionals: number): Buffer {
  bytes.writeUInt16BE(questions, 4);
  bytes.writeUInt16BE(additionals, 10);
  return bytes;
}

function generator(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 8;
}

describe('an answer', () => {
  it('has the question as it was asked, and lives 600 s', () => {
    const answer = decode(answerWith(queryOf(question('WEB')), [{ type: 'A', data: '10.0.0.2' }], 'udp'));
    expect(answer).toMatchObject({
      id: 7, type: 'response', rcode: 'NOERROR', flag_rd: true, flag_ra: true, flag_aa: false,
      questions: [{ name: 'WEB' }], answers: [{ name: 'WEB', type: 'A', data: '10.0.0.2', ttl: 600 }], additionals: [],
    });
  });
  it('says so where it doesn\'t fit into a datagram', () => {
    const many = Array.from({ length: 200 }, (_, i) => ({ type: 'A' as const, data: `10.0.0.${i}` }));
    const query = queryOf(question('many'));
    const short = answerWith(query, many, 'udp');
    expect(short.length).toBeLessThanOrEqual(512);
    expect(decode(short).answers?.length).toBeGreaterThan(10);
    expect(isTruncated(short)).toBe(true);
    const whole = answerWith(query, many, 'tcp');
    expect(decode(whole).answers).toHaveLength(200);
    expect(isTruncated(whole)).toBe(false);
  });
  it('to EDNS has EDNS', () => {
    const answer = decode(answerWith(queryOf(question('web', 'A', edns(1232))), [], 'udp'));
    expect(answer.additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232 }]);
  });
  it('without records keeps nothing of the question\'s other sections', () => {
    const empty = decode(emptyAnswer(queryOf(question('web', 'A', edns(1232))), responseCode.noSuchName));
    expect(empty).toMatchObject({ rcode: 'NXDOMAIN', answers: [], additionals: [], questions: [{ name: 'web' }] });
  });
  it('from outside counts only under our id and for our question', () => {
    const query = queryOf(question('Example.org'));
    const good = encode({ type: 'response', id: 99, questions: [{ type: 'A', name: 'example.ORG', class: 'IN' }] });
    expect(answers(query, 99, good)).toBe(true);
    expect(answers(query, 98, good)).toBe(false);
    expect(answers(query, 99, withId(query.bytes, 99))).toBe(false);
    const other = encode({ type: 'response', id: 99, questions: [{ type: 'A', name: 'evil.org', class: 'IN' }] });
    expect(answers(query, 99, other)).toBe(false);
    const bare = encode({ type: 'response', id: 99, flags: 1 });
    expect(answers(query, 99, bare)).toBe(true);
    expect(answers(query, 99, encode({ type: 'response', id: 99 }))).toBe(false);
  });
});
