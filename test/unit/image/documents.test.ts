import { expect, test } from 'vitest';
import { imageConfig, manifestOrIndex, savedImages } from '../../../src/image/documents.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const descriptor = { digest, size: 3, mediaType: 'x' };

test('a manifest and an index are told by their content', () => {
  expect(manifestOrIndex({ config: descriptor, layers: [descriptor] }, 'm')).toMatchObject({ layers: [descriptor] });
  expect(manifestOrIndex({ manifests: [descriptor] }, 'm')).toMatchObject({ manifests: [descriptor] });
});

test.each<[string, unknown, string]>([
  ['both a manifest and an index', { manifests: [], layers: [] }, 'both a manifest and an index'],
  ['an index that claims to be a manifest',
    { manifests: [], mediaType: 'application/vnd.oci.image.manifest.v1+json' }, 'holds an index'],
  ['a manifest that claims to be an index',
    { config: descriptor, layers: [], mediaType: 'application/vnd.oci.image.index.v1+json' }, 'holds a manifest'],
  ['schema version 1', { schemaVersion: 1, fsLayers: [] }, 'obsolete'],
  ['a digest that is a path', { manifests: [{ ...descriptor, digest: 'sha256:../../x' }] }, "isn't a sha256 digest"],
  ['no digest', { manifests: [{ size: 1 }] }, "isn't a sha256 digest"],
  ['a negative size', { manifests: [{ digest, size: -1 }] }, 'has no size'],
  ['a list', [], "isn't an object"],
])('a document with %s is refused', (_, value, message) => {
  expect(() => manifestOrIndex(value, 'document')).toThrow(message);
});

const rootfs = { type: 'layers', diff_ids: [digest] };

test('a config keeps what is known and takes null for absent', () => {
  const config = imageConfig(
    { architecture: 'amd64', os: 'linux', rootfs, config: { Env: null, Cmd: ['sh'], Labels: { a: 'b' }, Unknown: 1 } }, 'c',
  );
  expect(config).toMatchObject({ architecture: 'amd64', rootfs, config: { Cmd: ['sh'], Labels: { a: 'b' } } });
  expect(config.config).not.toHaveProperty('Env');
});

test.each<[string, object, string]>([
  ['for another system', { os: 'windows', rootfs }, 'is for windows'],
  ['without layers', { os: 'linux' }, 'rootfs'],
  ['with a short diff id', { rootfs: { type: 'layers', diff_ids: ['sha256:abc'] } }, 'diff_ids'],
  ['with a Cmd that is text', { rootfs, config: { Cmd: 'sh' } }, "Cmd isn't a list"],
  ['with an Env of numbers', { rootfs, config: { Env: [1] } }, "Env isn't text"],
])('a config %s is refused', (_, value, message) => {
  expect(() => imageConfig(value, 'config')).toThrow(message);
});

test('manifest.json names configs, layers and tags', () => {
  expect(savedImages([{ Config: 'c.json', Layers: ['l/layer.tar'], RepoTags: null }])).toEqual([
    { config: 'c.json', layers: ['l/layer.tar'], tags: [] },
  ]);
  expect(() => savedImages([{}])).toThrow('Config');
});
