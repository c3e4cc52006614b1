import { invalid } from '../model/errors.ts';
import { isDigest, type Digest } from '../model/ids.ts';
import type {
  ContainerDefaults, Descriptor, Healthcheck, ImageConfig, ImageHistory, ImageIndex, ImageManifest, Platform,
} from '../model/oci-image.ts';

/**
 * The JSON documents of images, checked field by field before anything is built from them. Shapes: OCI image spec
 * 1.1 (config, manifest, index) and Docker's `manifest.json` of saved archives. Writers put null for empty.
 */
type Json = Readonly<Record<string, unknown>>;

function object(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`${what} isn't an object`);
  return value as Json;
}

function array(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(`${what} isn't a list`);
  return value;
}

function text(value: unknown, what: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalid(`${what} isn't text`);
  return value;
}

function number(value: unknown, what: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw invalid(`${what} isn't a whole number`);
  return value;
}

function texts(value: unknown, what: string): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  return array(value, what).map((item) => text(item, what) ?? '');
}

function mapOf<T>(value: unknown, what: string, item: (value: unknown) => T): Record<string, T> | undefined {
  if (value === undefined || value === null) return undefined;
  return Object.fromEntries(Object.entries(object(value, what)).map(([key, inner]) => [key, item(inner)]));
}

function digest(value: unknown, what: string): Digest {
  if (typeof value !== 'string' || !isDigest(value)) {
    throw invalid(`${what}: ${JSON.stringify(value)?.slice(0, 100)} isn't a sha256 digest`);
  }
  return value;
}

/** Leaves out what is undefined. */
function defined<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as T;
}

function platform(value: unknown, what: string): Platform | undefined {
  if (value === undefined || value === null) return undefined;
  const { architecture, os, variant } = object(value, what);
  return defined<Platform>({
    architecture: text(architecture, what) ?? '', os: text(os, what) ?? '', variant: text(variant, what),
  });
}

function descriptor(value: unknown, what: string): Descriptor {
  const fields = object(value, what);
  const size = number(fields['size'], `${what}: size`);
  if (size === undefined || size < 0) throw invalid(`${what} has no size`);
  return defined<Descriptor>({
    digest: digest(fields['digest'], what),
    size,
    mediaType: text(fields['mediaType'], `${what}: mediaType`),
    platform: platform(fields['platform'], `${what}: platform`),
    annotations: mapOf(fields['annotations'], `${what}: annotations`, (inner) => text(inner, what) ?? ''),
  });
}

/** A manifest or an index, told by content; what claims to be both, or neither, is refused. */
export function manifestOrIndex(value: unknown, what: string): ImageManifest | ImageIndex {
  const fields = object(value, what);
  const mediaType = text(fields['mediaType'], `${what}: mediaType`) ?? '';
  const isIndex = 'manifests' in fields;
  if (isIndex && ('layers' in fields || 'config' in fields)) {
    throw invalid(`${what} is both a manifest and an index: refused, since tools would disagree on what it holds`);
  }
  if (fields['schemaVersion'] === 1 || 'fsLayers' in fields) {
    throw invalid(`${what} is of schema version 1, which is obsolete: convert the image with a recent tool`);
  }
  if (mediaType !== '' && isIndex !== /index|manifest\.list/.test(mediaType)) {
    throw invalid(`${what} claims the media type ${mediaType.slice(0, 100)}, but holds ${isIndex ? 'an index' : 'a manifest'}`);
  }
  if (isIndex) {
    const manifests = array(fields['manifests'], what).map((item, at) => descriptor(item, `${what}: manifest ${at}`));
    return { manifests };
  }
  return {
    config: descriptor(fields['config'], `${what}: config`),
    layers: array(fields['layers'], what).map((item, at) => descriptor(item, `${what}: layer ${at}`)),
  };
}

/** Buildah writes `80` where others write `80/tcp`. */
function withProtocols(ports: Record<string, object> | undefined): Record<string, object> | undefined {
  if (!ports) return undefined;
  return Object.fromEntries(
    Object.entries(ports).map(([port, value]) => [port.includes('/') ? port : `${port}/tcp`, value]),
  );
}

function healthcheck(value: unknown, what: string): Healthcheck | undefined {
  if (value === undefined || value === null) return undefined;
  const fields = object(value, what);
  return defined<Healthcheck>({
    Test: texts(fields['Test'], what),
    Interval: number(fields['Interval'], what),
    Timeout: number(fields['Timeout'], what),
    StartPeriod: number(fields['StartPeriod'], what),
    StartInterval: number(fields['StartInterval'], what),
    Retries: number(fields['Retries'], what),
  });
}

function containerDefaults(value: unknown, what: string): ContainerDefaults | undefined {
  if (value === undefined || value === null) return undefined;
  const fields = object(value, what);
  const empty = (): object => ({});
  return defined<ContainerDefaults>({
    User: text(fields['User'], `${what}.User`),
    ExposedPorts: withProtocols(mapOf(fields['ExposedPorts'], `${what}.ExposedPorts`, empty)),
    Env: texts(fields['Env'], `${what}.Env`),
    Entrypoint: texts(fields['Entrypoint'], `${what}.Entrypoint`),
    Cmd: texts(fields['Cmd'], `${what}.Cmd`),
    Volumes: mapOf(fields['Volumes'], `${what}.Volumes`, empty),
    WorkingDir: text(fields['WorkingDir'], `${what}.WorkingDir`),
    Labels: mapOf(fields['Labels'], `${what}.Labels`, (inner) => text(inner, `${what}.Labels`) ?? ''),
    StopSignal: text(fields['StopSignal'], `${what}.StopSignal`),
    Healthcheck: healthcheck(fields['Healthcheck'], `${what}.Healthcheck`),
    Shell: texts(fields['Shell'], `${what}.Shell`),
    OnBuild: texts(fields['OnBuild'], `${what}.OnBuild`),
  });
}

function historyEntry(value: unknown, what: string): ImageHistory {
  const fields = object(value, what);
  return defined<ImageHistory>({
    created: text(fields['created'], what),
    created_by: text(fields['created_by'], what),
    author: text(fields['author'], what),
    comment: text(fields['comment'], what),
    empty_layer: typeof fields['empty_layer'] === 'boolean' ? fields['empty_layer'] : undefined,
  });
}

/** An image's config; `invalid` names the field that can't be right. */
export function imageConfig(value: unknown, what: string): ImageConfig {
  const fields = object(value, what);
  const rootfs = object(fields['rootfs'], `${what}: rootfs`);
  const os = text(fields['os'], `${what}: os`) || 'linux';
  if (os !== 'linux') throw invalid(`${what}: the image is for ${os.slice(0, 50)}, this engine runs linux images`);
  if (text(rootfs['type'], `${what}: rootfs.type`) !== 'layers') throw invalid(`${what}: rootfs isn't of type layers`);
  return defined<ImageConfig>({
    architecture: text(fields['architecture'], `${what}: architecture`) ?? '',
    os,
    variant: text(fields['variant'], `${what}: variant`) || undefined,
    created: text(fields['created'], `${what}: created`),
    author: text(fields['author'], `${what}: author`) || undefined,
    comment: text(fields['comment'], `${what}: comment`) || undefined,
    docker_version: text(fields['docker_version'], `${what}: docker_version`) || undefined,
    config: containerDefaults(fields['config'], `${what}: config`),
    rootfs: {
      type: 'layers',
      diff_ids: array(rootfs['diff_ids'], `${what}: diff_ids`).map((id) => digest(id, `${what}: diff_ids`)),
    },
    history: array(fields['history'], `${what}: history`).map((entry) => historyEntry(entry, `${what}: history`)),
  });
}

/** One image of a `docker save` archive: member names. */
export interface SavedImage {
  readonly config: string;
  readonly layers: readonly string[];
  /** References as people type them. */
  readonly tags: readonly string[];
}

/** `manifest.json` of a `docker save` archive. */
export function savedImages(value: unknown): SavedImage[] {
  return array(value, 'manifest.json').map((item) => {
    const fields = object(item, 'manifest.json: entry');
    const config = text(fields['Config'], 'manifest.json: Config');
    if (!config) throw invalid('manifest.json: entry without a Config');
    return {
      config,
      layers: texts(fields['Layers'], 'manifest.json: Layers') ?? [],
      tags: texts(fields['RepoTags'], 'manifest.json: RepoTags') ?? [],
    };
  });
}
