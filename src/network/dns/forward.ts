import { randomInt } from 'node:crypto';
import { answers, codeOfAnswer, isTruncated, responseCode, truncatedAnswer, withId, type Query } from './message.ts';

/** One question to one server, from the host's namespace. Resolves undefined where no answer comes in time. */
export interface Upstream {
  ask(
    protocol: 'udp' | 'tcp', server: string, message: Buffer, isAnswer: (bytes: Buffer) => boolean, milliseconds: number,
  ): Promise<Buffer | undefined>;
}

/** Per attempt. With three servers the last has answered before a client's second try, 5 s after the first. */
const patience = 1_500;
const mostServers = 3;

/**
 * Asks the servers one after the other, twice if need be, until one has an answer of substance: a failure or a refusal is
 * kept as the last word and the next is asked. Returns undefined where none says anything.
 */
export async function forward(
  upstream: Upstream, servers: readonly string[], query: Query, protocol: 'udp' | 'tcp', signal: AbortSignal,
): Promise<Buffer | undefined> {
  const answer = await firstOf(upstream, servers, query, protocol, signal);
  if (answer && protocol === 'udp' && answer.length > query.udpSize) return truncatedAnswer(query);
  return answer && withId(answer, query.id);
}

async function firstOf(
  upstream: Upstream, servers: readonly string[], query: Query, protocol: 'udp' | 'tcp', signal: AbortSignal,
): Promise<Buffer | undefined> {
  let last: Buffer | undefined;
  for (let round = 0; round < 2 && !last; round++) {
    for (const server of servers.slice(0, mostServers)) {
      if (signal.aborted) return undefined;
      const answer = await askOne(upstream, server, query, protocol);
      if (answer && !givesUp.has(codeOfAnswer(answer))) return answer;
      last = answer ?? last;
    }
  }
  return last;
}

const givesUp: ReadonlySet<number> =
  new Set([responseCode.serverFailure, responseCode.notImplemented, responseCode.refused]);

/** Under an id of ours: the container's may be guessed. What is cut short is asked again by TCP, if the client has room. */
async function askOne(
  upstream: Upstream, server: string, query: Query, protocol: 'udp' | 'tcp',
): Promise<Buffer | undefined> {
  const ask = (by: 'udp' | 'tcp'): Promise<Buffer | undefined> => {
    const id = randomInt(0x10000);
    return upstream.ask(by, server, withId(query.bytes, id), (bytes) => answers(query, id, bytes), patience);
  };
  const answer = await ask(protocol);
  if (protocol === 'tcp' || !answer || !isTruncated(answer)) return answer;
  const whole = await ask('tcp');
  return whole && whole.length <= query.udpSize ? whole : answer;
}
