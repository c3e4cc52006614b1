import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BerthError } from '../../src/model/errors.ts';
import { send } from '../fixtures/fake-registry.ts';
import { Layout, savedImage } from '../kernel/image/bench.ts';
import { PullBench } from '../kernel/image/pulling.ts';
import { archive, entry } from '../unit/image/tar-bytes.ts';
import { fuzz, type Dice } from './dice.ts';

const layers = [archive(entry({ name: 'a', data: 'a'.repeat(3000) })), archive(entry({ name: 'b', data: 'b' }))];
const oddTexts = ['', 'x', '-1', '0', '5', '99999999999', 'sha256:../x', `sha256:${'a'.repeat(64)}`, '/v2/', 'http://127.0.0.1:1/', 'file:///etc/passwd', '//', 'a"b', 'ü'.repeat(300)];
const headerNames = ['Content-Length', 'Content-Type', 'Content-Range', 'Docker-Content-Digest', 'Location', 'WWW-Authenticate', 'Retry-After', 'Content-Encoding', 'Transfer-Encoding', 'Link'];
const challenges = ['Basic realm="x"', 'Bearer realm="http://127.0.0.1:1/t"', 'Bearer', 'Bearer realm="file:///x"', ',,,=', 'Negotiate'];

/** Something other than the honest answer. */
function lie(dice: Dice, request: IncomingMessage, response: ServerResponse, honest: Buffer): void {
  const body = dice.one([honest, dice.damaged(honest), Buffer.alloc(0), dice.bytes(dice.roll(5000)), Buffer.from('{"errors":[{"code":"DENIED"}]}')]);
  const status = dice.one([200, 200, 206, 201, 204, 301, 302, 307, 400, 401, 403, 404, 416, 429, 500, 503]);
  const headers: Record<string, string> = { 'Retry-After': '0' };
  for (let count = dice.roll(3); count > 0; count--) {
    const name = dice.one(headerNames);
    headers[name] = encodeURI(name === 'WWW-Authenticate' ? dice.one(challenges) : dice.one(oddTexts)).slice(0, 400);
    if (name === 'WWW-Authenticate') headers[name] = dice.one(challenges);
    if (name === 'Retry-After') headers[name] = dice.one(['0', 'x', '-5', '0.5']);
  }
  if (status >= 300 && status < 310) headers['Location'] ??= dice.one([request.url!, '/v2/other', 'http://127.0.0.1:1/', 'ftp://x']);
  response.writeHead(status, headers);
  const how = dice.roll(5);
  if (how === 0) response.write(body.subarray(0, dice.roll(body.length + 1)), () => response.destroy());
  else if (how === 1) response.write(body.subarray(0, dice.roll(body.length + 1)));
  else response.end(body);
}

test('a registry that answers anything at all: the image whole, or an error by name and the store as before', async () => {
  const bench = await PullBench.open({ options: { firstWait: 1, idle: 40 } });
  try {
    await bench.store.load(savedImage({ layers: [archive(entry({ name: 'o' }))], tags: ['before'] }));
    const layout = new Layout();
    const named = layout.manifest({ layers }, [gzipSync(layers[0]!), layers[1]!]);
    bench.registry.put(layout.blobs, named);
    const name = `${bench.registry.address}/web:1`;
    const kept = (): unknown => {
      const { names, records } = bench.store.contents() as { names: string[]; records: [string, unknown][] };
      // Hints, and what an honest answer had brought by then, may stay.
      return [names.filter((one) => !one.startsWith('partials/')), records.filter(([table]) => table !== 'layer_sources')];
    };
    const before = kept();
    const tally = { pulled: 0, refused: 0 };
    await fuzz(async (dice) => {
      const honesty = dice.one([2, 4, 8, 20]);
      bench.registry.lie = (request, response, path) => {
        if (dice.roll(honesty) > 0) return false;
        const bytes = [...layout.blobs].find(([key]) => path.endsWith(key.replace('blobs/sha256/', '')))?.[1];
        const honest = bytes ?? (path.includes('/manifests/') ? layout.blobs.get(`blobs/sha256/${named.digest.slice(7)}`)! : Buffer.from('{}'));
        try {
          lie(dice, request, response, honest);
        } catch {
          // A header that Node doesn't send: the honest answer then.
          if (!response.headersSent) send(request, response, honest);
        }
        return true;
      };
      try {
        await bench.pull();
        tally.pulled++;
        expect(bench.store.images.get(name).repoDigests).toEqual([`${bench.registry.address}/web@${named.digest}`]);
        await bench.store.images.remove(name);
      } catch (error) {
        if (!(error instanceof BerthError)) throw error;
        expect(error.message.length).toBeLessThan(1500);
        expect(error.message).not.toContain('\n');
        tally.refused++;
      }
      expect(kept()).toEqual(before);
    });
    expect(tally.pulled).toBeGreaterThan(0);
    expect(tally.refused).toBeGreaterThan(0);
  } finally {
    await bench.close();
  }
});
