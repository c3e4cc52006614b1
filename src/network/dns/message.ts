import { decode, encode, type Answer, type Packet } from 'dns-packet';

/**
 * DNS messages, as far as a name server between a container and the world must understand them (RFC 1035, RFC 6891).
 * Whatever can't be answered from our own names is passed on byte for byte, so only header and question are looked at here.
 */
export interface Query {
  readonly bytes: Buffer;
  readonly id: number;
  /** As it was asked, without the last dot. */
  readonly name: string;
  /** Lower case, for looking up. */
  readonly key: string;
  readonly type: number;
  readonly class: number;
  /** Where the question ends. */
  readonly end: number;
  /** How many bytes an answer by UDP may have. */
  readonly udpSize: number;
  readonly edns: boolean;
}

export const recordType = { a: 1, ptr: 12, aaaa: 28, any: 255 } as const;
export const internet = 1;
/** RFC 1035 and 6895. */
export const responseCode = {
  success: 0, formatError: 1, serverFailure: 2, noSuchName: 3, notImplemented: 4, refused: 5,
} as const;

const headerSize = 12;
const smallest = 512;
/** The most that is sent in one datagram, whatever a client claims to take. */
const largest = 4096;

/** What came in: a question; a message that is answered by an error; or nothing that deserves an answer. */
export type Received =
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'error'; readonly answer: Buffer }
  | { readonly kind: 'drop' };

export function receive(bytes: Buffer): Received {
  if (bytes.length < headerSize) return { kind: 'drop' };
  const flags = bytes.readUInt16BE(2);
  // Never an answer to an answer: two servers would go on for ever.
  if (flags >> 15) return { kind: 'drop' };
  const refuse = (code: number): Received => ({ kind: 'error', answer: headerOnly(bytes, code) });
  if ((flags >> 11) & 15) return refuse(responseCode.notImplemented);
  const question = bytes.readUInt16BE(4) === 1 ? readQuestion(bytes) : undefined;
  if (!question) return refuse(responseCode.formatError);
  const size = ednsSize(bytes, question.end);
  if (size === undefined) return refuse(responseCode.formatError);
  return {
    kind: 'query',
    query: {
      bytes, id: bytes.readUInt16BE(0), ...question, key: question.name.toLowerCase(),
      udpSize: Math.min(Math.max(size, smallest), largest), edns: size > 0,
    },
  };
}

/** A question's name has nothing before it to point to: pointers in it are lies. */
function readQuestion(bytes: Buffer): Pick<Query, 'name' | 'type' | 'class' | 'end'> | undefined {
  const labels: string[] = [];
  let at = headerSize;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || length > 63 || at + 1 + length > bytes.length || at - headerSize > 254) return undefined;
    at += 1 + length;
    if (length === 0) break;
    labels.push(bytes.toString('latin1', at - length, at));
  }
  if (at + 4 > bytes.length) return undefined;
  return { name: labels.join('.'), type: bytes.readUInt16BE(at), class: bytes.readUInt16BE(at + 2), end: at + 4 };
}

/** What the client takes by UDP; 0 where it doesn't say, undefined where the rest of its message can't be read. */
function ednsSize(bytes: Buffer, end: number): number | undefined {
  if (bytes.readUInt16BE(6) === 0 && bytes.readUInt16BE(8) === 0 && bytes.readUInt16BE(10) === 0) return 0;
  // A query has next to no records; thousands are only there to keep us busy.
  if (bytes.readUInt16BE(6) + bytes.readUInt16BE(8) + bytes.readUInt16BE(10) > 16 || end === bytes.length) return undefined;
  try {
    const option = decode(bytes).additionals?.find((record) => record.type === 'OPT');
    return option ? (option as { udpPayloadSize?: number }).udpPayloadSize ?? 0 : 0;
  } catch {
    return undefined;
  }
}

/** An error for a message that can't be read: its id, and no question. */
function headerOnly(bytes: Buffer, code: number): Buffer {
  const answer = Buffer.alloc(headerSize);
  bytes.copy(answer, 0, 0, 2);
  answer.writeUInt16BE(responseFlags(bytes, code), 2);
  return answer;
}

/** Response, recursion available; the operation and recursion desired as they were asked. */
const responseFlags = (bytes: Buffer, code: number): number => 0x8080 | (bytes.readUInt16BE(2) & 0x7900) | code;

/** An answer without records: an error, or with `success` a name that has none of this type. */
export function emptyAnswer(query: Query, code: number): Buffer {
  const answer = Buffer.from(query.bytes.subarray(0, query.end));
  answer.writeUInt16BE(responseFlags(query.bytes, code), 2);
  answer.fill(0, 6, headerSize);
  return answer;
}

/** As Docker's. */
const timeToLive = 600;

export type LocalRecord =
  | { readonly type: 'A' | 'AAAA'; readonly data: string }
  | { readonly type: 'PTR'; readonly data: string };

/** Answers with records of our own. By UDP, what doesn't fit is left out and said to be so. */
export function answerWith(query: Query, records: readonly LocalRecord[], protocol: 'udp' | 'tcp'): Buffer {
  const answers = records.map((record) => ({ ...record, name: query.name, ttl: timeToLive, class: 'IN' }) as Answer);
  const truncated = 1 << 9;
  const packet = (count: number): Packet => ({
    type: 'response', id: query.id, flags: responseFlags(query.bytes, 0) | (count < answers.length ? truncated : 0),
    answers: answers.slice(0, count),
    ...(query.edns ? { additionals: [ednsRecord] } : {}),
  });
  const limit = protocol === 'udp' ? query.udpSize : 65_535;
  for (let count = answers.length; ; count = Math.floor(count / 2)) {
    const bytes = withQuestion(query, encode(packet(count)));
    if (bytes.length <= limit || count === 0) return bytes;
  }
}

const ednsRecord = {
  type: 'OPT', name: '.', udpPayloadSize: 1232, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [],
} as unknown as Answer;

/** The question goes back as the very bytes that came: clients compare them, capitals and all. */
function withQuestion(query: Query, packet: Buffer): Buffer {
  const bytes = Buffer.concat([
    packet.subarray(0, headerSize), query.bytes.subarray(headerSize, query.end), packet.subarray(headerSize),
  ]);
  bytes.writeUInt16BE(1, 4);
  return bytes;
}

export const isTruncated = (answer: Buffer): boolean => (answer.readUInt16BE(2) & 0x0200) !== 0;
export const codeOfAnswer = (answer: Buffer): number => answer.readUInt16BE(2) & 15;

/** Whether `answer` is one to what was asked under `id`; anything else that arrives is somebody's guess. */
export function answers(query: Query, id: number, answer: Buffer): boolean {
  if (answer.length < headerSize || answer.readUInt16BE(0) !== id || answer.readUInt16BE(2) >> 15 === 0) return false;
  // Servers that can't read a question leave it out.
  if (answer.readUInt16BE(4) === 0) return codeOfAnswer(answer) !== responseCode.success;
  const question = readQuestion(answer);
  return question !== undefined && question.name.toLowerCase() === query.key
    && question.type === query.type && question.class === query.class;
}

/** The same message under another id. */
export function withId(message: Buffer, id: number): Buffer {
  const copy = Buffer.from(message);
  copy.writeUInt16BE(id, 0);
  return copy;
}

/** Cut down to what says: ask by TCP. */
export function truncatedAnswer(query: Query): Buffer {
  const answer = emptyAnswer(query, responseCode.success);
  answer.writeUInt16BE(answer.readUInt16BE(2) | 0x0200, 2);
  return answer;
}
