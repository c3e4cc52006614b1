import { booleanFilter, parseFilters } from '../../engine/filters.ts';
import { pullImages } from '../../engine/pull.ts';
import { pushImages } from '../../engine/push.ts';
import { BerthError, invalid, messageOf } from '../../model/errors.ts';
import { parseReference, withDefaultTag } from '../../model/reference.ts';
import { jsonLines } from '../ndjson.ts';
import { parseJson, readJson, type Answer, type Call } from '../request.ts';
import type { Route } from '../server.ts';
import { checkShape, type Fields } from '../wire/shape.ts';
import { credentialsOf, decodeHeader, registryOf } from '../wire/registry-auth.ts';

/**
 * Docker's progress stream. The status waits for the first line: what fails before is an answer with a status of its
 * own, what fails after is the stream's last line.
 */
async function lateLines(call: Call, work: (tell: (line: unknown) => void) => Promise<void>): Promise<void> {
  let out: ReturnType<typeof jsonLines> | undefined;
  try {
    // Docker ends these lines with CR LF.
    await work((line) => void (out ??= jsonLines(call)).write(`${JSON.stringify(line)}\r`));
    out ??= jsonLines(call);
  } catch (error) {
    if (!out) throw error;
    const message = messageOf(error);
    await out.write(`${JSON.stringify({ errorDetail: { message }, error: message })}\r`);
  }
  out.end();
}

/** POST /images/create?fromImage=… */
export async function pullHandler(call: Call, name: string): Promise<void> {
  const { query, engine, request, gone } = call;
  const tag = query.text('tag') || undefined;
  // Said before any connection is made.
  const { domain } = parseReference(name);
  const credentials = credentialsOf(decodeHeader(request.headers['x-registry-auth']), domain);
  const platform = platformIn(query.text('platform'));
  if (tag !== undefined && !/^[\w][\w.-]{0,127}$|^sha256:[0-9a-f]{64}$/.test(tag)) throw invalid('invalid reference format');
  await lateLines(call, (tell) => pullImages(engine.context, { name, tag, platform, credentials }, tell, gone));
}

/** POST /images/{name}/push */
export async function pushHandler(call: Call, name: string): Promise<void> {
  const { query, engine, request, gone } = call;
  const header = request.headers['x-registry-auth'];
  if (header === undefined) throw invalid('Bad parameters and missing X-Registry-Auth: EOF');
  const credentials = credentialsOf(decodeHeader(header), parseReference(name).domain);
  const tag = query.text('tag') || undefined;
  const platform = platformIn(query.text('platform'));
  await lateLines(call, (tell) => pushImages(engine.context, { name, tag, platform, credentials }, tell, gone));
}

/** Text, or since API 1.46 a JSON object. */
function platformIn(text: string | undefined): string | undefined {
  if (!text?.startsWith('{')) return text || undefined;
  const { os, architecture, variant } = parseJson(Buffer.from(text)) as Record<string, unknown>;
  return [os, architecture, variant].filter((part) => typeof part === 'string' && part !== '').join('/') || undefined;
}

const loginShape = {
  serveraddress: 'string',
  username: 'string',
  password: 'string',
  auth: 'string',
  identitytoken: 'string',
  registrytoken: 'string',
} as const satisfies Fields;

async function loginHandler(call: Call): Promise<Answer> {
  const body = checkShape(await readJson(call), loginShape, '');
  const registry = registryOf(body.serveraddress);
  const credentials = credentialsOf({ ...body, serveraddress: undefined }, registry) ?? {};
  // A registry's name goes into URLs and paths.
  parseReference(`${registry}/x`);
  const token = await call.engine.context.registries.login(registry, credentials, call.gone);
  return { status: 200, body: { IdentityToken: token ?? '', Status: 'Login Succeeded' } };
}

async function distributionHandler(call: Call): Promise<Answer> {
  const rest = call.params['*'] ?? '';
  if (!rest.endsWith('/json')) throw new BerthError('not-found', 'page not found');
  const reference = withDefaultTag(parseReference(rest.slice(0, -'/json'.length)));
  const credentials = credentialsOf(decodeHeader(call.request.headers['x-registry-auth']), reference.domain);
  const { mediaType, digest, size, platforms } = await call.engine.context.registries.inspect(reference, credentials, call.gone);
  return { status: 200, body: { Descriptor: { mediaType, digest, size }, Platforms: platforms } };
}

const searchFilters = ['is-automated', 'is-official', 'stars'];

async function searchHandler(call: Call): Promise<Answer> {
  const { query, request, engine, gone } = call;
  const limit = query.integer('limit') ?? 25;
  if (limit < 1 || limit > 100) throw invalid(`Limit ${limit} is outside the range of [1, 100]`);
  const term = query.text('term') ?? '';
  const filters = parseFilters(query.text('filters'), searchFilters);
  const official = booleanFilter(filters, 'is-official');
  const automated = booleanFilter(filters, 'is-automated');
  const stars = Math.max(0, ...(filters.get('stars') ?? []).map((text) => {
    if (!/^\d+$/.test(text)) throw invalid(`invalid filter 'stars=${text}'`);
    return Number(text);
  }));
  const slash = term.indexOf('/');
  const registry = slash > 0 && /[.:]|^localhost$/.test(term.slice(0, slash)) ? term.slice(0, slash) : 'docker.io';
  const credentials = credentialsOf(decodeHeader(request.headers['x-registry-auth']), registry);
  const found = await engine.context.registries.search(term, limit, credentials, gone);
  return {
    status: 200,
    body: found
      .filter((one) => (official === undefined || official === one.isOfficial)
        && (automated === undefined || automated === one.isAutomated) && one.starCount >= stars)
      .map((one) => ({
        star_count: one.starCount, is_official: one.isOfficial, name: one.name, is_automated: one.isAutomated,
        description: one.description,
      })),
  };
}

export const registryRoutes: readonly Route[] = [
  { method: 'POST', path: '/auth', handler: loginHandler },
  { method: 'GET', path: '/distribution/*', handler: distributionHandler },
  { method: 'GET', path: '/images/search', handler: searchHandler },
];
