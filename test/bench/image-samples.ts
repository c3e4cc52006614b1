import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, lstat, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { must } from './peers.ts';

/** An image in two archives: as `docker save` writes it, and as an OCI layout with layers compressed by gzip. */
export interface SampleImage {
  readonly name: string;
  readonly saved: string;
  readonly layout: string;
  /** The uncompressed layers. */
  readonly layers: readonly string[];
  /** Bytes and files in the layers. */
  readonly size: number;
  readonly files: number;
}

interface Part {
  readonly from: string;
  readonly bytes: number;
  readonly files: number;
}

/** Of what Debian's packages put on this machine: programs, libraries, and many small files. */
const parts: readonly Part[] = [
  { from: '/usr/bin', bytes: 90e6, files: 2000 },
  { from: '/usr/lib/x86_64-linux-gnu', bytes: 110e6, files: 4000 },
  { from: '/usr/share', bytes: 70e6, files: 9000 },
  { from: '/usr/lib/python3', bytes: 30e6, files: 3000 },
];

export async function buildSamples(directory: string): Promise<SampleImage[]> {
  const layers: string[] = [];
  let files = 0;
  for (const [at, part] of parts.entries()) {
    const names = await filesOf(part);
    files += names.length;
    const list = join(directory, `list-${at}`);
    await writeFile(list, names.map((name) => name.slice(1)).join('\0'));
    layers.push(join(directory, `layer-${at}.tar`));
    await must(['tar', '-C', '/', '--null', '--files-from', list, '--format=pax', '--numeric-owner', '--sort=none', '-cf', layers[at]!]);
  }
  const big = join(directory, 'big');
  await must(['sh', '-c', 'cat /usr/lib/x86_64-linux-gnu/*.so* /usr/bin/* 2>/dev/null | head -c 300000000 >"$1"', 'sh', big]);
  const bigLayer = join(directory, 'big.tar');
  await must(['tar', '-C', directory, '--numeric-owner', '-cf', bigLayer, 'big']);
  return [await image(directory, 'many', layers, files), await image(directory, 'big', [bigLayer], 1)];
}

/** Regular files and symlinks below a directory, in its order, until there are enough. */
async function filesOf({ from, bytes, files }: Part): Promise<string[]> {
  const found: string[] = [];
  let sum = 0;
  const walk = async (path: string): Promise<void> => {
    for (const entry of (await readdir(path, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      if (found.length >= files || sum >= bytes) return;
      const name = join(path, entry.name);
      if (entry.isDirectory()) await walk(name);
      else if (entry.isFile() || entry.isSymbolicLink()) {
        const { size } = await lstat(name);
        if (size > 4e6) continue;
        sum += size;
        found.push(name);
      }
    }
  };
  await walk(from);
  return found;
}

async function image(directory: string, name: string, layers: readonly string[], files: number): Promise<SampleImage> {
  const folder = join(directory, `${name}-layout`);
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
  const diffIds = await Promise.all(layers.map(digestOf));
  const config = { architecture: 'amd64', os: 'linux', config: { Cmd: ['true'] }, rootfs: { type: 'layers', diff_ids: diffIds } };
  const put = async (document: object): Promise<{ digest: string; size: number }> => {
    const text = JSON.stringify(document);
    const hex = createHash('sha256').update(text).digest('hex');
    await writeFile(join(folder, 'blobs/sha256', hex), text);
    return { digest: `sha256:${hex}`, size: text.length };
  };
  const configBlob = await put(config);
  const blobs = [];
  for (const layer of layers) {
    await pipeline(createReadStream(layer), createGzip({ level: 6 }), createWriteStream(`${layer}.gz`));
    const digest = await digestOf(`${layer}.gz`);
    await must(['ln', '-f', `${layer}.gz`, join(folder, 'blobs/sha256', digest.slice(7))]);
    blobs.push({ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: (await stat(`${layer}.gz`)).size });
  }
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = await put({
    schemaVersion: 2, mediaType: type, config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...configBlob }, layers: blobs,
  });
  const annotations = { 'org.opencontainers.image.ref.name': `${name}:1` };
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType: type, ...manifest, annotations }] }));
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const layout = join(directory, `${name}-layout.tar`);
  await must(['tar', '-C', folder, '-cf', layout, '.']);

  const old = join(directory, `${name}-saved`);
  await mkdir(old);
  await writeFile(join(old, 'config.json'), JSON.stringify(config));
  for (const [at, layer] of layers.entries()) await symlink(layer, join(old, `${at}.tar`));
  const names = layers.map((_, at) => `${at}.tar`);
  await writeFile(join(old, 'manifest.json'), JSON.stringify([{ Config: 'config.json', RepoTags: [`${name}:1`], Layers: names }]));
  const saved = join(directory, `${name}-saved.tar`);
  await must(['tar', '-C', old, '--dereference', '-cf', saved, 'manifest.json', 'config.json', ...names]);
  let size = 0;
  for (const layer of layers) size += (await stat(layer)).size;
  return { name, saved, layout, layers, size, files };
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}
