import { createHash } from 'node:crypto';
import type { Web, WebResponse } from '../../host/web.ts';
import { invalid } from '../../model/errors.ts';
import { isDigest, type Digest } from '../../model/ids.ts';
import { scopeOf, type Credentials } from './auth.ts';
import { certificatesFor } from './certificates.ts';
import { endpointsOf, type RegistryOptions } from './endpoints.ts';
import { ConnectError, RegistryError } from './errors.ts';
import { parseDocument, readBody, Session } from './session.ts';

/** What may be a manifest; in the order of preference. */
export const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const;

export const maxManifest = 4 * 1024 * 1024;

export interface RawManifest {
  readonly bytes: Buffer;
  readonly digest: Digest;
  /** As the registry called it. */
  readonly mediaType: string;
}

/** Tries a registry's endpoints in turn until `work` succeeds at one; the last one's error counts. */
export async function atRegistry<T>(
  { web, options, registry, credentials, use, signal }: {
    web: Web; options: RegistryOptions; registry: string; credentials?: Credentials | undefined; use: 'pull' | 'push';
    signal: AbortSignal;
  },
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const endpoints = endpointsOf(registry, options, use);
  for (const [at, endpoint] of endpoints.entries()) {
    try {
      const tls = await certificatesFor(endpoint.base.host, options.certificates);
      const session = new Session({
        web, endpoint, tls, options, ...(endpoint.mirror || !credentials ? {} : { credentials }),
      });
      await session.open(signal);
      return await work(session);
    } catch (error) {
      signal.throwIfAborted();
      // A mirror that fails in whatever way is passed over; the registry itself only if nothing answers there.
      if (at === endpoints.length - 1 || !(endpoint.mirror || error instanceof ConnectError)) throw error;
    }
  }
  throw new Error('unreachable: every registry has an endpoint');
}

/** One repository of a registry (OCI distribution spec 1.1), through an open session. */
export class Repository {
  readonly session: Session;
  readonly #name: string;

  constructor(session: Session, name: string) {
    this.session = session;
    this.#name = name;
  }

  /** The same for those who may see the same: registry, repository and user, as letters and digits. */
  get identity(): string {
    const { endpoint, user } = this.session;
    return createHash('sha256').update(JSON.stringify([endpoint.registry, this.#name, user])).digest('hex').slice(0, 16);
  }

  get #pull(): string[] {
    return [scopeOf(this.#name, 'pull')];
  }

  get #push(): string[] {
    return [scopeOf(this.#name, 'pull', 'push')];
  }

  /** The digest behind a tag, without the manifest; undefined where the registry doesn't say. */
  async digestOf(target: string, signal: AbortSignal): Promise<Digest | undefined> {
    try {
      const response = await this.session.send({
        method: 'HEAD', url: `/v2/${this.#name}/manifests/${target}`, headers: { Accept: manifestTypes.join(', ') },
        scopes: this.#pull, signal,
      });
      response.close();
      const found = isDigest(target) ? target : response.header('docker-content-digest') ?? '';
      return isDigest(found) ? found : undefined;
    } catch (error) {
      // The answer to HEAD has no body that would say why; that to GET has.
      if (error instanceof RegistryError && error.status < 500) return undefined;
      throw error;
    }
  }

  /** The manifest or index behind a tag or digest; a digest is verified. */
  async manifest(target: string, signal: AbortSignal): Promise<RawManifest> {
    const response = await this.session.send({
      method: 'GET', url: `/v2/${this.#name}/manifests/${target}`, headers: { Accept: manifestTypes.join(', ') },
      scopes: this.#pull, signal,
    });
    const what = `manifest ${target} of ${this.#name}`;
    const bytes = await readBody(response, maxManifest, what);
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
    const claimed = isDigest(target) ? target : response.header('docker-content-digest');
    if (claimed !== undefined && claimed !== digest) {
      throw invalid(`${what}: the content's digest is ${digest}, but ${isDigest(target) ? target : 'another'} was promised`);
    }
    return { bytes, digest, mediaType: (response.header('content-type') ?? '').split(';')[0]!.trim() };
  }

  /** A small blob, whole. */
  async document({ digest, size }: { digest: Digest; size: number }, signal: AbortSignal): Promise<Buffer> {
    const what = `blob ${digest} of ${this.#name}`;
    if (size > maxManifest) throw invalid(`${what} has ${size} bytes, more than the ${maxManifest} allowed for a document`);
    const response = await this.blob(digest, undefined, signal);
    const bytes = await readBody(response, maxManifest, what);
    const actual = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (bytes.length !== size) throw invalid(`${what} has ${bytes.length} bytes, the manifest says ${size}`);
    if (actual !== digest) throw invalid(`${what}: the content's digest is ${actual}`);
    return bytes;
  }

  /** A blob or a part of it, from `start` to `end` (exclusive, as slices are); the status says which it is. */
  async blob(
    digest: Digest, range: { start: number; end?: number } | undefined, signal: AbortSignal,
  ): Promise<WebResponse> {
    const headers = range && { Range: `bytes=${range.start}-${range.end === undefined ? '' : range.end - 1}` };
    return this.session.send({
      method: 'GET', url: `/v2/${this.#name}/blobs/${digest}`, scopes: this.#pull, signal,
      ...(headers ? { headers } : {}), expect: range ? [200, 206] : [200],
    });
  }

  async tags(signal: AbortSignal): Promise<string[]> {
    const found: string[] = [];
    let url: string | URL | undefined = `/v2/${this.#name}/tags/list`;
    for (let pages = 0; url !== undefined && pages < 100; pages++) {
      const response: WebResponse & { url: URL } = await this.session.send({ method: 'GET', url, scopes: this.#pull, signal });
      const what = `tags of ${this.#name}`;
      const { tags } = (parseDocument((await readBody(response, maxManifest, what)).toString('utf8'), what) ?? {}) as {
        tags?: unknown;
      };
      if (Array.isArray(tags)) found.push(...tags.filter((tag) => typeof tag === 'string'));
      const next = /<([^>]+)>;\s*rel="?next"?/.exec(response.header('link') ?? '')?.[1];
      url = next === undefined ? undefined : (URL.parse(next, response.url) ?? undefined);
    }
    return found;
  }

  // ── pushing ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** The size of a blob that is there, or undefined. */
  async sizeOf(digest: Digest, signal: AbortSignal): Promise<number | undefined> {
    const response = await this.session.send({
      method: 'HEAD', url: `/v2/${this.#name}/blobs/${digest}`, scopes: this.#push, signal, expect: [200, 404],
    });
    response.close();
    return response.status === 200 ? Number(response.header('content-length') ?? 0) : undefined;
  }

  /** Begins an upload, or takes a blob over from another repository: then there is nothing left to send. */
  async beginUpload(signal: AbortSignal, mount?: { digest: Digest; from: string }): Promise<URL | 'mounted'> {
    const query = mount ? `?mount=${mount.digest}&from=${encodeURIComponent(mount.from)}` : '';
    const response = await this.session.send({
      method: 'POST', url: `/v2/${this.#name}/blobs/uploads/${query}`, signal, expect: [201, 202], body: Buffer.alloc(0),
      scopes: mount ? [...this.#push, scopeOf(mount.from, 'pull')] : this.#push,
    });
    response.close();
    return response.status === 201 && mount ? 'mounted' : locationOf(response);
  }

  /** Sends bytes `start` to `end` (exclusive) of a blob; resolves with where the next ones go. */
  async upload(
    to: URL, { body, start, end }: { body: AsyncIterable<Buffer>; start: number; end: number }, signal: AbortSignal,
  ): Promise<URL> {
    const response = await this.session.send({
      method: 'PATCH', url: to, body, scopes: this.#push, signal, expect: [202, 204],
      headers: {
        'Content-Type': 'application/octet-stream', 'Content-Range': `${start}-${end - 1}`, 'Content-Length': String(end - start),
      },
    });
    response.close();
    return locationOf(response);
  }

  /** How far an upload has come. */
  async uploaded(to: URL, signal: AbortSignal): Promise<{ bytes: number; url: URL }> {
    const response = await this.session.send({ method: 'GET', url: to, scopes: this.#push, signal, expect: [204] });
    response.close();
    const last = /^(?:bytes=)?0-(\d+)$/.exec(response.header('range') ?? '')?.[1];
    return { bytes: last === undefined || last === '0' ? 0 : Number(last) + 1, url: locationOf(response) };
  }

  /** Ends an upload; with a body and its size, the whole blob in one request. */
  async finishUpload(
    to: URL, digest: Digest, signal: AbortSignal, whole?: { body: AsyncIterable<Buffer>; size: number },
  ): Promise<void> {
    const url = new URL(to);
    url.searchParams.set('digest', digest);
    const response = await this.session.send({
      method: 'PUT', url, scopes: this.#push, signal, expect: [201, 204],
      body: whole?.body ?? Buffer.alloc(0),
      headers: {
        'Content-Type': 'application/octet-stream', ...(whole ? { 'Content-Length': String(whole.size) } : {}),
      },
    });
    response.close();
  }

  async putManifest(target: string, mediaType: string, bytes: Buffer, signal: AbortSignal): Promise<void> {
    const response = await this.session.send({
      method: 'PUT', url: `/v2/${this.#name}/manifests/${target}`, body: bytes, scopes: this.#push, signal,
      expect: [200, 201], headers: { 'Content-Type': mediaType },
    });
    response.close();
  }
}

function locationOf(response: WebResponse & { readonly url: URL }): URL {
  const location = response.header('location');
  const url = location === undefined ? null : URL.parse(location, response.url);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new RegistryError(502, '', `${response.url.host}: the registry doesn't say where an upload goes on`);
  }
  return url;
}
