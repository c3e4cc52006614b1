import { invalid } from './errors.ts';
import { isDigest, type Digest } from './ids.ts';

/**
 * The name of an image, as people type it: `[domain/]path[:tag][@digest]`.
 * Grammar and defaults are those of Docker (docs.docker.com, "docker image tag"): no domain means Docker Hub,
 * one path component there means `library/…`.
 */
export interface Reference {
  /** Registry host with port, if any: `docker.io`, `localhost:5000`. */
  readonly domain: string;
  /** Repository within the registry: `library/web`. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const hub = 'docker.io';
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const pathPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const domainLabel = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const domainPattern = new RegExp(`^(?:${domainLabel}(?:\\.${domainLabel})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?$`);

/** Parses and normalises a name; throws `invalid` in Docker's words. The tag stays absent where none was given. */
export function parseReference(text: string): Reference {
  const bad = (why?: string): Error => invalid(`invalid reference format${why ? `: ${why}` : ''}: "${text}"`);
  if (text.length === 0 || text.length > 4096) throw bad();
  if (/^[0-9a-f]{64}$/.test(text)) {
    throw invalid(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  let rest = text;
  let digest: Digest | undefined;
  const at = rest.indexOf('@');
  if (at >= 0) {
    const digestText = rest.slice(at + 1);
    if (!isDigest(digestText)) throw bad('the digest must be sha256: and 64 hex digits');
    digest = digestText;
    rest = rest.slice(0, at);
  }
  let tag: string | undefined;
  const colon = rest.lastIndexOf(':');
  if (colon > rest.lastIndexOf('/')) {
    tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
    if (!tagPattern.test(tag)) throw bad();
  }
  const { domain, path } = splitDomain(rest);
  if (path !== path.toLowerCase()) {
    throw invalid(`invalid reference format: repository name (${path}) must be lowercase`);
  }
  if (!domainPattern.test(domain) || !pathPattern.test(path) || domain.length + path.length + 1 > 255) throw bad();
  return { domain, path, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHost = first !== '' && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const domain = !isHost ? hub : first === 'index.docker.io' ? hub : first;
  const path = isHost ? name.slice(slash + 1) : name;
  return { domain, path: domain === hub && !path.includes('/') ? `library/${path}` : path };
}

/** The same name with `:latest` where it had neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: 'latest' } : reference;
}

const suffix = ({ tag, digest }: Reference): string =>
  (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`);

/** Whole and unambiguous, as records keep it: `docker.io/library/web:latest`. */
export function canonicalName(reference: Reference): string {
  return `${reference.domain}/${reference.path}${suffix(reference)}`;
}

/** Short, as people see it: `web:latest`. */
export function familiarName(reference: Reference): string {
  return familiarRepository(reference) + suffix(reference);
}

/** The familiar name without tag and digest: `web`, `localhost:5000/team/web`. */
export function familiarRepository({ domain, path }: Reference): string {
  if (domain !== hub) return `${domain}/${path}`;
  const short = path.startsWith('library/') ? path.slice('library/'.length) : path;
  // `library/a.b/c` can't be shortened: `a.b` would read as a domain.
  return splitDomain(short).domain === hub && !short.includes('/') ? short : path;
}
