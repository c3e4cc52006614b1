/** What a registry is needed for: images that come and go. */
import type { ProgressMessage } from '../api/wire/docker.ts';
import { canonicalName, familiarRepository, parseReference, withDefaultTag } from '../model/reference.ts';
import type { HttpResponse } from './http.ts';
import type { Cli } from './context.ts';
import { ApiError } from './errors.ts';
import { authHeader, loginFor } from './registry/config.ts';
import { LiveDisplay } from './registry/display.ts';
import { jsonLines } from './streams.ts';

export interface Transfer {
  /** Where the progress goes. */
  readonly out: NodeJS.WriteStream;
  readonly quiet: boolean;
  readonly platform: string;
}

/** Has the engine download an image, or all tags of a repository. */
export async function pullImage(cli: Cli, image: string, { out, quiet, platform }: Transfer, all = false): Promise<void> {
  const given = parseReference(image);
  const reference = all ? given : withDefaultTag(given);
  const query = { fromImage: familiarRepository(reference), tag: reference.digest ?? reference.tag, platform };
  const headers = authHeader(reference.domain, await loginFor(reference.domain, process.env));
  await showTransfer(await cli.client.send('POST', '/images/create', query, { headers }), out, quiet);
}

/** Has the engine upload one tag of a repository, or all. */
export async function pushImage(cli: Cli, image: string, { out, quiet, platform }: Transfer, all = false): Promise<void> {
  const given = parseReference(image);
  const reference = all ? given : withDefaultTag(given);
  const headers = authHeader(reference.domain, await loginFor(reference.domain, process.env));
  const path = `/images/${familiarRepository(reference)}/push`;
  await showTransfer(await cli.client.send('POST', path, { tag: reference.tag, platform }, { headers }), out, quiet);
}

/** `web` → `docker.io/library/web:latest`: what is printed when it is there. */
export function fullName(image: string): string {
  return canonicalName(withDefaultTag(parseReference(image)));
}

/** At a terminal every layer has a line that moves; elsewhere each of its states is told once. */
async function showTransfer({ body }: HttpResponse, out: NodeJS.WriteStream, quiet: boolean): Promise<void> {
  const live = out.isTTY && !quiet ? new LiveDisplay(out) : undefined;
  try {
    for await (const message of jsonLines<ProgressMessage>(body)) {
      if (message.error !== undefined) throw new ApiError(500, message.errorDetail?.message ?? message.error, true);
      if (live) live.show(message);
      else if (!quiet) out.write(plainLine(message));
    }
  } finally {
    live?.end();
  }
}

/** Counts are for terminals. */
export function plainLine({ id, status, stream, progress }: ProgressMessage): string {
  if (stream !== undefined) return stream;
  if (status === undefined || (progress !== undefined && progress !== '')) return '';
  return `${id === undefined || id === '' ? '' : `${id}: `}${status}\n`;
}
