import { decode, encode } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { forward, type Upstream } from '../../../../src/network/dns/forward.ts';
import { question, queryOf } from './queries.ts';

type Behaviour = (name: string, protocol: 'udp' | 'tcp') => { rcode?: number; addresses?: number; truncated?: boolean } | undefined;

/** Servers as functions: undefined is silence. Says who was asked. */
function upstreamOf(servers: Record<string, Behaviour>): Upstream & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    ask: async (protocol, server, message, isAnswer) => {
      asked.push(`${protocol} ${server}`);
      const { id = 0, questions = [] } = decode(message);
      const said = servers[server]?.(questions[0]?.name ?? '', protocol);
      if (!said) return undefined;
      const reply = encode({
        type: 'response', id, questions, flags: (said.rcode ?? 0) | (said.truncated ? 512 : 0),
        answers: Array.from({ length: said.addresses ?? 0 }, (_, i) => ({ type: 'A', name: 'x', data: `203.0.113.${i}` })),
      });
      return isAnswer(reply) ? reply : undefined;
    },
  };
}

const ask = async (servers: Record<string, Behaviour>, protocol: 'udp' | 'tcp' = 'udp') => {
  const upstream = upstreamOf(servers);
  const answer = await forward(upstream, Object.keys(servers), queryOf(question('example.org')), protocol, new AbortController().signal);
  return { asked: upstream.asked, answer: answer && decode(answer) };
};

describe('an outside name', () => {
  it('is asked for at the first server, and answered under the client\'s id', async () => {
    const { asked, answer } = await ask({ a: () => ({ addresses: 1 }), b: () => ({ addresses: 2 }) });
    expect(asked).toEqual(['udp a']);
    expect(answer).toMatchObject({ id: 7, answers: [{ data: '203.0.113.0' }] });
  });
  it('is asked for at the next where one is silent or refuses', async () => {
    const { asked, answer } = await ask({ a: () => undefined, b: () => ({ rcode: 5 }), c: () => ({ addresses: 1 }) });
    expect(asked).toEqual(['udp a', 'udp b', 'udp c']);
    expect(answer).toMatchObject({ rcode: 'NOERROR' });
  });
  it('that doesn\'t exist is not asked for again', async () => {
    const { asked, answer } = await ask({ a: () => ({ rcode: 3 }), b: () => ({ addresses: 1 }) });
    expect(asked).toEqual(['udp a']);
    expect(answer).toMatchObject({ rcode: 'NXDOMAIN' });
  });
  it('gets the last refusal where there is nothing better', async () => {
    const { answer } = await ask({ a: () => ({ rcode: 2 }), b: () => undefined });
    expect(answer).toMatchObject({ rcode: 'SERVFAIL' });
  });
  it('gets nothing where all are silent, after two rounds', async () => {
    const { asked, answer } = await ask({ a: () => undefined, b: () => undefined });
    expect(asked).toHaveLength(4);
    expect(answer).toBeUndefined();
  });
  it('is asked for by TCP where the answer was cut short', async () => {
    const { asked, answer } = await ask({ a: (_, by) => ({ addresses: by === 'tcp' ? 20 : 1, truncated: by === 'udp' }) });
    expect(asked).toEqual(['udp a', 'tcp a']);
    expect(answer).toMatchObject({ flag_tc: false });
    expect(answer?.answers).toHaveLength(20);
  });
  it('stays cut short where the whole is too much for a datagram', async () => {
    const { answer } = await ask({ a: (_, by) => ({ addresses: by === 'tcp' ? 100 : 1, truncated: by === 'udp' }) });
    expect(answer).toMatchObject({ flag_tc: true });
  });
  it('asked for by TCP is passed on by TCP', async () => {
    const { asked, answer } = await ask({ a: () => ({ addresses: 100 }) }, 'tcp');
    expect(asked).toEqual(['tcp a']);
    expect(answer?.answers).toHaveLength(100);
  });
});
