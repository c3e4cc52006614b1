import { BerthError, codeOf, messageOf, type ErrorKind } from '../../model/errors.ts';
import { familiarName, familiarRepository, type Reference } from '../../model/reference.ts';

/** A registry's answer that isn't what was asked for. */
export class RegistryError extends BerthError {
  readonly status: number;
  /** `MANIFEST_UNKNOWN` … (distribution spec, "Error codes"); '' where the registry gave none. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(kindOf(status), message);
    this.name = 'RegistryError';
    this.status = status;
    this.code = code;
  }
}

const kindOf = (status: number): ErrorKind =>
  status === 404 ? 'not-found' : status === 401 ? 'unauthorized' : 'internal';

/** The registry wants credentials, and none were given. */
export class NoCredentials extends BerthError {
  constructor(method: string, url: string) {
    super('internal', `${verbOf(method)} "${url}": no basic auth credentials`);
    this.name = 'NoCredentials';
  }
}

const verbOf = (method: string): string => (method === 'HEAD' ? 'Head' : method === 'GET' ? 'Get' : method);

/** The registry couldn't be talked to at all: another endpoint may do. */
export class ConnectError extends BerthError {
  constructor(message: string, cause: unknown) {
    super('internal', message, { cause });
    this.name = 'ConnectError';
  }
}

/** An error answer; its body is JSON by the spec, or whatever a proxy on the way says. */
export function registryError(status: number, statusText: string, body: string, what: string): RegistryError {
  const found: { code: string; message: string }[] = [];
  try {
    const { errors, details } = JSON.parse(body) as { errors?: unknown; details?: unknown };
    for (const one of Array.isArray(errors) ? errors.slice(0, 10) : []) {
      const { code, message } = (one ?? {}) as Record<string, unknown>;
      if (typeof code === 'string') found.push({ code, message: typeof message === 'string' ? message : '' });
    }
    if (typeof details === 'string') found.push({ code: '', message: details });
  } catch {
    // Not JSON: the status speaks.
  }
  const first = found[0];
  if (!first) {
    return new RegistryError(status, '', `${what}: unexpected status from the registry: ${status} ${statusText}`.trim());
  }
  const line = found.map(({ code, message }) => {
    const name = code.toLowerCase().replaceAll('_', ' ');
    return oneLine([name, message].filter((part) => part !== '').join(': '));
  });
  return new RegistryError(status, first.code, line.join('; '));
}

const oneLine = (text: string): string => text.replace(/[\x00-\x1f\x7f]+/g, ' ').slice(0, 500);

/** Docker's sentences for a pull or push that the registry refused. */
export function explained(error: unknown, reference: Reference): unknown {
  if (!(error instanceof RegistryError)) return error;
  const repository = familiarRepository(reference);
  const say = (kind: ErrorKind, words: string): Error =>
    new BerthError(kind, `${words}: ${error.message}`, { cause: error });
  switch (error.code) {
    case 'MANIFEST_UNKNOWN':
      return say('not-found', `manifest for ${familiarName(reference)} not found`);
    case 'NAME_UNKNOWN':
      return say('not-found', `repository ${repository} not found`);
    case 'UNAUTHORIZED':
      return new BerthError('internal', error.message, { cause: error });
    case 'DENIED':
      return say(
        'not-found', `pull access denied for ${repository}, repository does not exist or may require 'docker login'`,
      );
    case '':
      return error.status === 404 ? say('not-found', `manifest for ${familiarName(reference)} not found`) : error;
    default:
      return error;
  }
}

/** What a registry says to a push is said as it is; for a plain refusal Docker has words of its own. */
export function explainedPush(error: unknown): unknown {
  if (error instanceof NoCredentials) return new BerthError('internal', 'no basic auth credentials', { cause: error });
  if (error instanceof RegistryError && error.code === '' && (error.status === 401 || error.status === 403)) {
    return new BerthError('unauthorized', 'unauthorized: authentication required', { cause: error });
  }
  return error;
}

/** A connection that failed, in the words that Docker's users know: `Get "URL": dial tcp …: connect: …`. */
export function connectError(method: string, url: string, host: string, error: unknown): ConnectError {
  return new ConnectError(`${verbOf(method)} "${url}": ${reasonOf(host, error)}`, error);
}

function reasonOf(host: string, error: unknown): string {
  const { address, port } = (error ?? {}) as { address?: string; port?: number };
  const where = address === undefined ? host : `${address}:${port}`;
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: `dial tcp ${where}: connect: connection refused`,
    EHOSTUNREACH: `dial tcp ${where}: connect: no route to host`,
    ENETUNREACH: `dial tcp ${where}: connect: network is unreachable`,
    ETIMEDOUT: `dial tcp ${where}: i/o timeout`,
    ENOTFOUND: `dial tcp: lookup ${host.replace(/:\d+$/, '')}: no such host`,
    EAI_AGAIN: `dial tcp: lookup ${host.replace(/:\d+$/, '')}: the name server doesn't answer`,
    ECONNRESET: 'the connection was reset',
    DEPTH_ZERO_SELF_SIGNED_CERT: 'x509: certificate signed by unknown authority (self-signed)',
    SELF_SIGNED_CERT_IN_CHAIN: 'x509: certificate signed by unknown authority',
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'x509: certificate signed by unknown authority',
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'x509: certificate signed by unknown authority',
    CERT_HAS_EXPIRED: 'x509: certificate has expired or is not yet valid',
    ERR_TLS_CERT_ALTNAME_INVALID: `x509: certificate is not valid for ${host.replace(/:\d+$/, '')}`,
  };
  const code = codeOf(error) ?? '';
  const plain = messageOf(error).replace(/^request to \S+ failed, reason: /, '').replaceAll('\n', ' ').trim();
  return words[code] ?? (/wrong version number|packet length too long/i.test(plain)
    ? 'http: server gave HTTP response to HTTPS client'
    : plain || code);
}
