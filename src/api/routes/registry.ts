import { pullImages } from '../../engine/pull.ts';
import { invalid, messageOf } from '../../model/errors.ts';
import { parseReference } from '../../model/reference.ts';
import { jsonLines } from '../ndjson.ts';
import type { Call } from '../request.ts';
import { credentialsOf, decodeHeader } from '../wire/registry-auth.ts';

/**
 * Docker's progress stream. The status waits for the first line: what fails before is an answer with a status of its
 * own, what fails after is the stream's last line.
 */
async function lateLines(call: Call, work: (tell: (line: unknown) => void) => Promise<void>): Promise<void> {
  let out: ReturnType<typeof jsonLines> | undefined;
  try {
    await work((line) => void (out ??= jsonLines(call)).write(line));
    out ??= jsonLines(call);
  } catch (error) {
    if (!out) throw error;
    const message = messageOf(error);
    await out.write({ errorDetail: { message }, error: message });
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
  const platform = query.text('platform') || undefined;
  if (tag !== undefined && !/^[\w][\w.-]{0,127}$|^sha256:[0-9a-f]{64}$/.test(tag)) throw invalid('invalid reference format');
  await lateLines(call, (tell) => pullImages(engine.context, { name, tag, platform, credentials }, tell, gone));
}
