import { expect, test } from 'vitest';
import { humanSize, LayerLines, progressBar } from '../../../../src/image/registry/progress.ts';
import type { ProgressLine } from '../../../../src/image/stage.ts';
import { registryError } from '../../../../src/image/registry/errors.ts';
import type { Digest } from '../../../../src/model/ids.ts';

/** Taken from what Docker 20.10 sent for the same numbers. */
test.each([
  [43008, 1984347, '[=>                                                 ]  43.01kB/1.984MB'],
  [894976, 1984347, '[======================>                            ]    895kB/1.984MB'],
  [2140160, 1984347, '[==================================================>]   2.14MB'],
  [8980480, 21866698, '[====================>                              ]   8.98MB/21.87MB'],
  [10240, 0, ' 10.24kB'],
  [0, 0, ''],
])('%d of %d is drawn as Docker draws it', (current, total, expected) => {
  expect(progressBar(current, total)).toBe(expected);
});

test('sizes have four digits', () => {
  expect([0, 999, 1000, 999_999, 1e9, 123_456_789].map(humanSize)).toEqual(['0B', '999B', '1kB', '1MB', '1GB', '123.5MB']);
});

test('counts of a layer are told ten times a second, its states and its end always', () => {
  const lines: ProgressLine[] = [];
  const layer = new LayerLines(`sha256:${'a'.repeat(64)}` as Digest, (line) => lines.push(line));
  layer.state('Pulling fs layer');
  for (let at = 1; at <= 1000; at++) layer.count('Downloading', at, 1000);
  layer.state('Download complete');
  expect(lines.length).toBeLessThan(8);
  expect(lines[0]).toEqual({ status: 'Pulling fs layer', progressDetail: {}, id: 'aaaaaaaaaaaa' });
  expect(lines.at(-2)).toMatchObject({ progressDetail: { current: 1000, total: 1000 } });
});

test('errors of registries are one line of their own words', () => {
  const body = JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest\nunknown' }] });
  expect(registryError(404, '', body, 'x')).toMatchObject({ kind: 'not-found', code: 'MANIFEST_UNKNOWN', message: 'manifest unknown: manifest unknown' });
  expect(registryError(502, 'Bad Gateway', '<html>', 'GET http://r/v2/').message).toBe('GET http://r/v2/: unexpected status from the registry: 502 Bad Gateway');
  expect(registryError(500, '', '{"errors":[null,5,{"code":7}]}', 'x').message).toContain('unexpected status');
});
