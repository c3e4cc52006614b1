import type { Web } from '../../host/web.ts';
import { BerthError, invalid } from '../../model/errors.ts';
import type { Digest } from '../../model/ids.ts';
import type { Platform } from '../../model/oci-image.ts';
import type { Reference } from '../../model/reference.ts';
import { imageConfig, manifestOrIndex } from '../documents.ts';
import type { Credentials } from './auth.ts';
import { certificatesFor } from './certificates.ts';
import { atRegistry, maxManifest, Repository } from './client.ts';
import { endpointsOf, type RegistryOptions } from './endpoints.ts';
import { ConnectError, RegistryError } from './errors.ts';
import { parseDocument, readBody, Session } from './session.ts';

/** Questions to registries that change nothing here. */
interface Asking {
  readonly web: Web;
  readonly options: RegistryOptions;
  readonly credentials?: Credentials | undefined;
  readonly signal: AbortSignal;
}

/** Checks credentials; resolves with the identity token that stands for them, where the registry gives one. */
export function login(registry: string, asking: Asking): Promise<string | undefined> {
  return atRegistry({ ...asking, registry, use: 'push' }, (session) => session.login(asking.signal));
}

export interface DistributionInfo {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes of the manifest. */
  readonly size: number;
  readonly platforms: readonly Platform[];
}

/** What a name stands for, without pulling it. */
export function inspectRemote(reference: Reference, asking: Asking): Promise<DistributionInfo> {
  const { signal } = asking;
  return atRegistry({ ...asking, registry: reference.domain, use: 'pull' }, async (session) => {
    const repository = new Repository(session, reference.path);
    const target = reference.digest ?? reference.tag ?? 'latest';
    const raw = await repository.manifest((await repository.digestOf(target, signal)) ?? target, signal);
    const what = `manifest ${raw.digest}`;
    const value = parseDocument(raw.bytes.toString('utf8'), what) as { mediaType?: string };
    const document = manifestOrIndex(value, what);
    const found = { mediaType: value.mediaType ?? raw.mediaType, digest: raw.digest, size: raw.bytes.length };
    if ('manifests' in document) {
      return { ...found, platforms: document.manifests.flatMap(({ platform }) => (platform ? [platform] : [])) };
    }
    const text = (await repository.document(document.config, signal)).toString('utf8');
    const { os, architecture, variant } = imageConfig(parseDocument(text, 'config'), 'config');
    return { ...found, platforms: [{ architecture, os, ...(variant ? { variant } : {}) }] };
  });
}

export interface SearchResult {
  readonly name: string;
  readonly description: string;
  readonly starCount: number;
  readonly isOfficial: boolean;
  readonly isAutomated: boolean;
}

/** Registry API v1's search: Docker Hub has it, few others do. `term`: `web`, `registry.lan:5000/web`. */
export async function search(term: string, limit: number, asking: Asking): Promise<SearchResult[]> {
  if (term.includes('://')) throw invalid(`invalid repository name (${term}): leave out http:// or https://`);
  const slash = term.indexOf('/');
  const first = slash < 0 ? '' : term.slice(0, slash);
  const named = /[.:]/.test(first) || first === 'localhost';
  const registry = named ? first : 'docker.io';
  const query = new URLSearchParams({ q: named ? term.slice(slash + 1) : term.replace(/^library\//, ''), n: String(limit) });
  const endpoints = endpointsOf(registry, asking.options, 'push').map((endpoint) =>
    registry === 'docker.io' ? { ...endpoint, base: new URL('https://index.docker.io/') } : endpoint);
  for (const [at, endpoint] of endpoints.entries()) {
    try {
      const tls = await certificatesFor(endpoint.base.host, asking.options.certificates);
      const session = new Session({ ...asking, endpoint, tls });
      const response = await session.send({ method: 'GET', url: `/v1/search?${query}`, scopes: [], signal: asking.signal });
      return resultsIn(parseDocument((await readBody(response, maxManifest, 'search')).toString('utf8'), 'search'));
    } catch (error) {
      asking.signal.throwIfAborted();
      if (error instanceof RegistryError) throw new BerthError('internal', `Unexpected status code ${error.status}`, { cause: error });
      if (at === endpoints.length - 1 || !(error instanceof ConnectError)) throw error;
    }
  }
  throw new Error('unreachable: every registry has an endpoint');
}

function resultsIn(value: unknown): SearchResult[] {
  const { results } = (value ?? {}) as { results?: unknown };
  if (!Array.isArray(results)) throw invalid('search: the registry gave no list of results');
  return (results as Record<string, unknown>[]).slice(0, 100).map((one) => ({
    name: String(one?.['name'] ?? ''),
    description: String(one?.['description'] ?? ''),
    starCount: Number(one?.['star_count'] ?? 0) || 0,
    isOfficial: one?.['is_official'] === true,
    isAutomated: one?.['is_automated'] === true,
  }));
}
