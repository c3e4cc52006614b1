import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { openDatabase, type Database } from '../../../src/host/database.ts';
import { run } from '../../../src/host/exec.ts';
import { openImages, type Images, type LoadedImage } from '../../../src/image/store.ts';
import type { ContainerId } from '../../../src/model/ids.ts';
import { openLayers, type Layers } from '../../../src/storage/layers.ts';
import { openSnapshots, type Snapshots } from '../../../src/storage/snapshots.ts';
import { archive, entry } from '../../unit/image/tar-bytes.ts';

export const helperPath = resolve(import.meta.dirname, '../../../dist/berth-helper');

/** A data root with its stores, in a directory of its own. */
export class ImageBench {
  readonly directory: string;
  readonly root: string;
  readonly database: Database;
  readonly layers: Layers;
  readonly images: Images;
  readonly snapshots: Snapshots;

  private constructor(directory: string, database: Database, layers: Layers, images: Images) {
    this.directory = directory;
    this.root = join(directory, 'root');
    this.database = database;
    this.layers = layers;
    this.images = images;
    this.snapshots = openSnapshots({ database, root: this.root, layers });
  }

  static async open(existing?: string): Promise<ImageBench> {
    const directory = existing ?? (await mkdtemp(join(tmpdir(), 'berth-image-')));
    const root = join(directory, 'root');
    await mkdir(root, { recursive: true, mode: 0o700 });
    const database = openDatabase(join(root, 'berth.db'));
    const layers = await openLayers({ database, root });
    const images = await openImages({
      database, root, layers, unpackHelper: helperPath, platform: { os: 'linux', architecture: 'amd64' },
    });
    return new ImageBench(directory, database, layers, images);
  }

  path(...parts: string[]): string {
    return join(this.directory, ...parts);
  }

  /** Closes and opens anew, as a daemon that was started again. */
  async reopen(): Promise<ImageBench> {
    this.database.close();
    return ImageBench.open(this.directory);
  }

  async close(): Promise<void> {
    this.database.close();
    await chmod(this.directory, 0o700);
    await rm(this.directory, { recursive: true, force: true });
  }

  load(bytes: Buffer): Promise<LoadedImage[]> {
    return this.images.load(Readable.from([bytes]));
  }

  loadFile(path: string): Promise<LoadedImage[]> {
    return this.load(readFileSync(path));
  }

  layerNames(reference: string): string[] {
    return this.images.layersOf(this.images.get(reference).id);
  }

  /** All that is kept: files and directories by name, and every record. */
  contents(): unknown {
    const names = readdirSync(this.root, { recursive: true, encoding: 'buffer' }).map((name) => name.toString('latin1'));
    const tables = this.database.all<{ name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`);
    return {
      names: names.filter((name) => !name.startsWith('berth.db')).sort(),
      records: tables.map(({ name }) => [name, this.database.all(`SELECT * FROM ${name}`)]),
    };
  }

  /** The fingerprint of an image's root file system, mounted as an overlay that nobody else sees. */
  async merged(reference: string): Promise<string> {
    const container = createHash('sha256').update(String(Math.random())).digest('hex') as ContainerId;
    const { cwd, lower, upper, work } = await this.snapshots.prepare(container, this.layerNames(reference));
    const target = this.path('merged');
    await mkdir(target, { recursive: true });
    const options = `lowerdir=${lower.join(':')},upperdir=${upper},workdir=${work}`;
    try {
      return await must('unshare', '--mount', '--propagation', 'private', 'sh', '-c',
        `cd "$1" && mount -t overlay overlay -o "$2" "$3" && cd "$3" && ${fingerprintScript}`, 'sh', cwd, options, target);
    } finally {
      await this.snapshots.remove(container);
    }
  }
}

/** Everything that find, stat, getfattr and sha256sum see of a tree. Overlayfs counts no links of directories. */
const fingerprintScript = String.raw`
  export LC_ALL=C
  find . -printf '%P|%y|%m|%U|%G|%T@|%l\n' | sort
  find . ! -type d -printf '%P|%s|%n\n' | sort
  find . \( -type c -o -type b \) -exec stat -c '%n %t %T' {} + | sort
  getfattr -h -d -m - -R -e hex . | awk 'BEGIN { RS = "" } { gsub("\n", " "); print }' | sort
  find . -type f -size -64M -exec sha256sum {} + | sort`;

export const fingerprint = (directory: string): Promise<string> =>
  must('sh', '-c', `cd "$1" && ${fingerprintScript}`, 'sh', directory);

export async function must(program: string, ...args: string[]): Promise<string> {
  const result = await run(program, args, { timeout: 120_000 });
  if (result.exitCode !== 0) throw new Error(`${result.command}: ${result.exitCode}\n${result.stderr}`);
  return result.stdout;
}

export const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

export interface FakeImage {
  layers: Buffer[];
  tags?: string[];
  /** Changes what the config says. */
  config?: (config: Record<string, unknown>) => object;
  /** Diff ids to claim instead of the true ones. */
  diffIds?: string[];
}

export function configOf({ layers, config, diffIds }: FakeImage): Buffer {
  const document = {
    architecture: 'amd64', os: 'linux', config: { Cmd: ['sh'] },
    rootfs: { type: 'layers', diff_ids: diffIds ?? layers.map((layer) => `sha256:${sha256(layer)}`) },
  };
  return Buffer.from(JSON.stringify(config?.(document) ?? document));
}

/** The layout of `docker save` up to 24: a directory for each layer. Layers are uncompressed tars. */
export function savedImage(image: FakeImage): Buffer {
  const config = configOf(image);
  const names = image.layers.map((layer, at) => `${sha256(`${at}${sha256(layer)}`)}/layer.tar`);
  const manifest = [{ Config: `${sha256(config)}.json`, RepoTags: image.tags ?? ['test:latest'], Layers: names }];
  return archive(
    entry({ name: `${sha256(config)}.json`, data: config }),
    ...image.layers.map((data, at) => entry({ name: names[at]!, data })),
    entry({ name: 'manifest.json', data: JSON.stringify(manifest) }),
  );
}

/** An OCI layout's blobs and index, to be changed by tests that lie. */
export class Layout {
  readonly blobs = new Map<string, Buffer>();

  add(content: Buffer | object, mediaType = 'application/octet-stream'): { digest: string; size: number; mediaType: string } {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const digest = `sha256:${sha256(bytes)}`;
    this.blobs.set(`blobs/sha256/${sha256(bytes)}`, bytes);
    return { digest, size: bytes.length, mediaType };
  }

  /** `stored`: the layers' bytes as they lie in the archive, where they are compressed. */
  manifest(image: FakeImage, stored: Buffer[] = image.layers): ReturnType<Layout['add']> {
    const config = this.add(configOf(image), 'application/vnd.oci.image.config.v1+json');
    const layers = stored.map((layer) => this.add(layer, 'application/vnd.oci.image.layer.v1.tar'));
    const type = 'application/vnd.oci.image.manifest.v1+json';
    return this.add({ schemaVersion: 2, mediaType: type, config, layers }, type);
  }

  pack(manifests: object[], more: Buffer[] = []): Buffer {
    const index = { schemaVersion: 2, manifests };
    return archive(
      entry({ name: 'oci-layout', data: '{"imageLayoutVersion":"1.0.0"}' }),
      ...more,
      entry({ name: 'index.json', data: JSON.stringify(index) }),
      ...[...this.blobs].map(([name, data]) => entry({ name, data })),
    );
  }
}

export function writeTo(path: string, bytes: Buffer): string {
  writeFileSync(path, bytes);
  return path;
}
